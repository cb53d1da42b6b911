"""Algorithm 1 from event to event: the production solver.

Between two changes of the active set the gradient is constant, so every coordinate of the recourse moves at a
constant rate and so does every user's score. The number of steps to the next event has a closed form: a user's score
crosses its bar, or a coordinate that shrinks arrives at zero. The solver jumps there. Iterates, active sets, iteration
counts and stop reasons are those of `stepping.solve`.
"""

import numpy as np

from recrec.problem import LIMIT, REACHED, STALLED, ZERO, Path, scale, shrink, weight


def steps_to_crossing(scores, bars, rates, active):
    """Steps after which the first user's score has crossed its bar.

    An active user leaves at the first step with ``score > bar``, another one re-enters at the first with
    ``score <= bar``.

    Returns
    -------
    float
        1 or more; ``inf`` if nobody ever crosses.
    """
    crossing = np.where(active, rates > 0, rates < 0)
    if not crossing.any():
        return np.inf
    steps = (bars[crossing] - scores[crossing]) / rates[crossing]
    return max(1.0, np.where(active[crossing], np.floor(steps) + 1, np.ceil(steps)).min())


def gram_matrix(profiles):
    """``profiles @ profiles.T``: all that an L1-free path needs to know of the profiles on its way."""
    dense = profiles.toarray()
    return dense @ dense.T


def solve(problem, settings, gram=None):
    """Follow Algorithm 1 from event to event.

    Parameters
    ----------
    problem : Problem
    settings : Settings
        With ``l1_step="proximal"``.
    gram : (n, n) array, optional
        `gram_matrix` of the profiles, for callers that solve several problems over the same users without L1 term.

    Returns
    -------
    Path
    """
    units = scale(problem, settings)
    if units is None:
        status = STALLED if (problem.scores <= problem.bars).any() else REACHED
        return Path(np.zeros(problem.profiles.shape[1]), status, 0, 0)
    if units.l1 == 0.0:
        return _in_span(problem, settings, units, gram_matrix(problem.profiles) if gram is None else gram)
    return _by_coordinates(problem, settings, units)


def _in_span(problem, settings, units, gram):
    """Without an L1 term the recourse stays in the span of the profiles: ``change = step * profiles.T @ steps``.

    One event costs a handful of operations on n numbers, whatever the number of features.
    """
    scores, bars = problem.scores.copy(), problem.bars
    active = scores <= bars
    pull = gram @ active.astype(float)  # profiles @ (sum of the active profiles)
    taken = np.zeros(len(scores))  # weighted steps each user was active for
    iterations = events = 0
    while True:
        if not active.any():
            status = REACHED
            break
        if pull[active].sum() <= 0.0:  # the squared length of the gradient
            status = STALLED
            break
        if iterations == settings.max_iterations:
            status = LIMIT
            break
        share = weight(settings.aggregate, np.count_nonzero(active))
        rates = (units.step * share) * pull
        steps = int(min(steps_to_crossing(scores, bars, rates, active), settings.max_iterations - iterations))
        scores += steps * rates
        taken[active] += steps * share
        still = scores <= bars
        changed = np.flatnonzero(still != active)
        if changed.size:
            pull += np.where(still[changed], 1.0, -1.0) @ gram[changed]
        active = still
        iterations += steps
        events += 1
    return Path(units.step * (problem.profiles.T @ taken), status, iterations, events)


def _by_coordinates(problem, settings, units):
    """With an L1 term few coordinates move, and those that shrink stop at zero: events of users and of coordinates."""
    profiles = problem.profiles.toarray()
    scores, bars = problem.scores.copy(), problem.bars
    change = np.zeros(profiles.shape[1])
    threshold = units.step * units.l1
    active = scores <= bars
    total = active @ profiles
    iterations = events = 0
    while True:
        if not active.any():
            status = REACHED
            break
        drift = units.step * weight(settings.aggregate, np.count_nonzero(active)) * total
        rate = np.where(change != 0.0, drift - np.copysign(threshold, change), shrink(drift, threshold))
        moving = np.flatnonzero(rate)
        if not moving.size:
            status = STALLED
            break
        if iterations == settings.max_iterations:
            status = LIMIT
            break
        columns, speed = profiles[:, moving], rate[moving]
        rates = columns @ speed
        remaining = settings.max_iterations - iterations
        shrinking = change[moving] * speed < 0.0
        # Steps that every shrinking coordinate can take without reaching zero.
        safe = np.inf
        if shrinking.any():
            room = np.abs(change[moving][shrinking]) - ZERO * threshold
            safe = max(0.0, (np.ceil(room / np.abs(speed[shrinking])) - 1).min())
        steps = int(min(safe, steps_to_crossing(scores, bars, rates, active), remaining))
        if steps:
            change[moving] += steps * speed
            scores += steps * rates
        else:  # a coordinate reaches zero within this very step
            steps = 1
            moved = shrink(change[moving] + drift[moving], threshold)
            scores += columns @ (moved - change[moving])
            change[moving] = moved
        still = scores <= bars
        changed = np.flatnonzero(still != active)
        if changed.size:
            total += np.where(still[changed], 1.0, -1.0) @ profiles[changed]
        active = still
        iterations += steps
        events += 1
    return Path(change, status, iterations, events)
