"""Algorithm 1 from event to event: the production solver.

Between two changes of the active set the gradient is constant, so every coordinate of the recourse moves at a
constant rate and so does every user's score. The number of steps to the next event has a closed form: a user's score
crosses its threshold, or a coordinate arrives at zero or at a bound. The solver jumps there. Iterates, active sets,
iteration counts and stop reasons are those of `stepping.solve`.

Scores, and where no profile has a negative entry the rates of the scores, are carried along from event to event, so
they differ from those computed anew by rounding. It takes steps that overshoot a thousandfold for that to decide
whether a path goes on.

All the problems of a batch leap together, each by its own number of steps. One implementation serves every array
namespace of the array API standard; on a CUDA device, `kernels` does an event's arithmetic in one pass.
"""

from typing import NamedTuple

import numpy as np

from recrec.actionability import FREE, Constraints
from recrec.arrays.kernels import ZERO
from recrec.methods import LIMIT, REACHED, STALLED
from recrec.methods.recrec.steps import proximal_step, shrink, within

RUNNING = 0
#: What the codes of `Paths.status` mean; code 0 is still running.
STATUS = ("running", REACHED, STALLED, LIMIT)
_REACHED, _STALLED, _LIMIT = 1, 2, 3


class Batch(NamedTuple):
    """Recourses for I items over each of S samples of n users: arrays of one namespace.

    Attributes
    ----------
    profiles : profiles.Dense or profiles.Factored
        Of the sampled users.
    scores, thresholds : (S, I, n) arrays
        As in `steps.Task`.
    constraints : Constraints
        Arrays that broadcast to (S, I, features).
    """

    profiles: object
    scores: object
    thresholds: object
    constraints: Constraints = FREE


class Paths(NamedTuple):
    """Where the paths of a batch ended.

    Attributes
    ----------
    change : (S, I, features) array
    status, iterations, events : (S, I) arrays
        As for `steps.ended`; `status` is a code of `STATUS`.
    scores : (S, I, n) array
        The users' scores at the end, as the solver kept them.
    """

    change: object
    status: object
    iterations: object
    events: object
    scores: object


class Event(NamedTuple):
    """What one event of the L1-free path does: see `user_event`."""

    scores: object
    active_steps: object
    active: object
    switched: object
    steps: object
    status: object


def solve(batch, settings, xp=np, use_gram=True, kernels=None):
    """Follow Algorithm 1 from event to event.

    Parameters
    ----------
    batch : Batch
    settings : Settings
        With ``l1_step="proximal"``.
    xp : array namespace
        Of the arrays in the batch.
    use_gram : bool
        Whether an L1-free path may hold the Gram matrices of its samples in memory, S n^2 numbers. Otherwise it goes
        through the profiles at every event.
    kernels : kernels.Kernels, optional
        Fused forms of `user_event` and `coordinate_rates` for arrays on a CUDA device.

    Returns
    -------
    Paths
    """
    batch = batch._replace(constraints=_whole(xp, batch.constraints.check(xp), batch))
    active = batch.scores <= batch.thresholds
    total = batch.profiles.totals(xp.astype(active, batch.scores.dtype))
    share = _share(xp, active, settings, batch.scores.dtype)
    largest = share * (xp.max(xp.abs(total), axis=-1) if total.shape[-1] else xp.zeros_like(share))
    has_gradient = largest > 0.0
    divisor = xp.where(has_gradient, largest, 1.0)
    step, l1 = settings.learning_rate / divisor, settings.lambda_ * largest
    if settings.lambda_ == 0.0 and not batch.constraints.bounded:
        return _solve_without_l1(xp, batch, settings, active, total, step, has_gradient, use_gram, kernels)
    return _solve_proximal(xp, batch, settings, active, total, step, l1, has_gradient, kernels)


def _whole(xp, constraints, batch):
    """Constraints with an entry for each feature."""

    def widened(part):
        width = (*part.shape[:-1], batch.profiles.shape[-1])
        return xp.broadcast_to(xp.astype(part, batch.scores.dtype), width)

    return Constraints(*(None if part is None else widened(part) for part in constraints))


def _share(xp, active, settings, dtype):
    """Weight of each active user in the loss."""
    count = xp.sum(xp.astype(active, dtype), axis=-1)
    return 1.0 / xp.maximum(count, xp.ones_like(count)) if settings.aggregate == "mean" else xp.ones_like(count)


def _settle(xp, status, reached, stalled, out_of_steps):
    """The status of paths that end here; who has reached everybody has not stalled."""
    for code, ends in ((_REACHED, reached), (_STALLED, stalled), (_LIMIT, out_of_steps)):
        status = xp.where((status == RUNNING) & ends, xp.full_like(status, code), status)
    return status


def steps_to_crossing(xp, scores, thresholds, rates, active):
    """Steps after which the first user's score has crossed its threshold, along the last axis.

    An active user leaves at the first step with ``score > threshold``, another one re-enters at the first with
    ``score <= threshold``.

    Returns
    -------
    array
        1 or more; ``inf`` if nobody ever crosses.
    """
    crossing = xp.where(active, rates > 0, rates < 0)
    steps = (thresholds - scores) / xp.where(crossing, rates, 1.0)
    steps = xp.where(active, xp.floor(steps) + 1.0, xp.ceil(steps))
    return xp.maximum(xp.min(xp.where(crossing, steps, xp.inf), axis=-1), xp.asarray(1.0, dtype=scores.dtype))


def _solve_without_l1(xp, batch, settings, active, total, step, has_gradient, use_gram, kernels):
    """Without an L1 term or bounds the recourse stays in the span of the profiles.

    ``change = step * P^T active_steps``, with the weighted number of steps that each user was active for, so an event
    costs a handful of operations on n numbers, whatever the number of features.
    """
    event = user_event if kernels is None else kernels.user_event
    scores, thresholds, profiles = batch.scores, batch.thresholds, batch.profiles
    gram = profiles.gram() if use_gram and not profiles.signed else None
    # How fast one step of the gradient of weight 1 would raise each user's score.
    score_rate, active_steps = profiles.scores(total), xp.zeros_like(scores)
    status = xp.zeros(has_gradient.shape, dtype=xp.int32)
    iterations, events = xp.zeros(has_gradient.shape, dtype=xp.int64), xp.zeros(has_gradient.shape, dtype=xp.int64)
    while True:
        found = event(
            xp, scores, thresholds, score_rate, active, active_steps, step, has_gradient, status, iterations, settings
        )
        scores, active_steps, active, switched, steps, status = found
        running = status == RUNNING
        if not bool(xp.any(running)):
            break
        iterations = iterations + steps
        events = events + xp.astype(running, xp.int64)
        if profiles.signed:  # what is left of sums that cancel would score_rate on for ever
            score_rate = profiles.scores(profiles.totals(xp.astype(active, scores.dtype)))
        else:
            score_rate = score_rate + _rate_of(xp, switched, profiles, gram)
    change = step[..., None] * profiles.totals(active_steps)
    return Paths(change, status, iterations, events, scores)


def _rate_of(xp, switched, profiles, gram):
    """What users who switched change in the score rate.

    By their rows of the Gram matrices, or where they are many, by the profiles.
    """
    if gram is None:
        return profiles.scores(profiles.totals(switched))
    users = xp.nonzero(xp.any(switched != 0.0, axis=(0, 1)))[0]
    if users.shape[0] * gram.shape[-1] > profiles.cost:
        return profiles.scores(profiles.totals(switched))
    return xp.matmul(xp.take(switched, users, axis=2), xp.take(gram, users, axis=1))


def user_event(
    xp, scores, thresholds, score_rate, active, active_steps, step, has_gradient, status, iterations, settings
):
    """One event of every L1-free path that is still running.

    Parameters
    ----------
    xp : array namespace
    scores, thresholds, score_rate, active, active_steps : (S, I, n) arrays
        `score_rate` is the rate of the scores per unit of step; `active_steps` the weighted steps each user was active
        for.
    step, has_gradient, status, iterations : (S, I) arrays
    settings : Settings

    Returns
    -------
    Event
        The arrays after the event; `switched` is +1, -1 or 0 for users who became active, ceased to be, or neither;
        `steps` (S, I) whole numbers, 0 for a path that is not running any more.
    """
    count = xp.sum(xp.astype(active, scores.dtype), axis=-1)
    squared = xp.sum(xp.where(active, score_rate, 0.0), axis=-1)  # the squared length of the gradient
    left = settings.max_iterations - iterations
    status = _settle(xp, status, count == 0, ~has_gradient | (squared <= 0.0), left <= 0)
    running = status == RUNNING
    share = 1.0 / xp.where(running, count, 1.0) if settings.aggregate == "mean" else xp.ones_like(step)
    rates = (step * share)[..., None] * score_rate
    steps = xp.minimum(steps_to_crossing(xp, scores, thresholds, rates, active), xp.astype(left, scores.dtype))
    steps = xp.where(running, steps, 0.0)
    scores = scores + steps[..., None] * rates
    active_steps = active_steps + xp.where(active, (steps * share)[..., None], 0.0)
    still = xp.where(running[..., None], scores <= thresholds, active)
    switched = xp.astype(still, scores.dtype) - xp.astype(active, scores.dtype)
    return Event(scores, active_steps, still, switched, xp.astype(steps, iterations.dtype), status)


def _solve_proximal(xp, batch, settings, active, total, step, l1, has_gradient, kernels):
    """Leap with the features that can ever leave zero: those that some set of users pulls at harder than L1 holds.

    With an L1 term they are few.
    """
    constraints = batch.constraints
    holds = l1[..., None] * (1.0 if constraints.weights is None else constraints.weights)
    mobile = xp.any(batch.profiles.reach(settings.aggregate)[:, None, :] * (1.0 + ZERO) > holds, axis=(0, 1))
    places = xp.nonzero(mobile)[0]
    cut = Constraints(*(None if part is None else xp.take(part, places, axis=-1) for part in constraints))
    smaller = batch._replace(profiles=batch.profiles.restricted(places), constraints=cut)
    found = _by_coordinates(
        xp, smaller, settings, active, xp.take(total, places, axis=-1), step, l1, has_gradient, kernels
    )
    if places.shape[0] == mobile.shape[0]:
        return found
    change = xp.zeros_like(total)
    if places.shape[0]:
        # Each feature takes the change at its place among the mobile ones.
        rank = xp.maximum(xp.cumulative_sum(xp.astype(mobile, xp.int64)) - 1, xp.zeros_like(places[:1]))
        change = xp.where(mobile, xp.take(found.change, rank, axis=-1), 0.0)
    return found._replace(change=change)


def _by_coordinates(xp, batch, settings, active, total, step, l1, has_gradient, kernels):
    """With an L1 term or bounds: events of users and of coordinates."""
    rates_of = coordinate_rates if kernels is None else kernels.coordinate_rates
    scores, thresholds, profiles, constraints = batch.scores, batch.thresholds, batch.profiles, batch.constraints
    weights = 1.0 if constraints.weights is None else constraints.weights
    shrinkage = (step * l1)[..., None] * weights
    change = xp.zeros_like(total)
    status = xp.zeros(has_gradient.shape, dtype=xp.int32)
    iterations, events = xp.zeros(has_gradient.shape, dtype=xp.int64), xp.zeros(has_gradient.shape, dtype=xp.int64)
    while True:
        drift = (step * _share(xp, active, settings, scores.dtype))[..., None] * total
        moved, rate, safe = rates_of(xp, change, drift, shrinkage, constraints)
        left = settings.max_iterations - iterations
        stalled = ~has_gradient | ~xp.any(rate != 0.0, axis=-1)
        status = _settle(xp, status, ~xp.any(active, axis=-1), stalled, left <= 0)
        running = status == RUNNING
        if not bool(xp.any(running)):
            return Paths(change, status, iterations, events, scores)
        rates = profiles.scores(xp.where(running[..., None], rate, 0.0))
        crossing = steps_to_crossing(xp, scores, thresholds, rates, active)
        steps = xp.minimum(xp.minimum(safe, crossing), xp.astype(left, scores.dtype))
        steps = xp.where(running, steps, 0.0)
        leapt = within(xp, change + steps[..., None] * rate, drift, constraints)
        change = xp.where(steps[..., None] == 1.0, moved, xp.where(running[..., None], leapt, change))
        scores = scores + steps[..., None] * rates
        still = xp.where(running[..., None], scores <= thresholds, active)
        if bool(xp.any(still != active)):
            total = profiles.totals(xp.astype(still, scores.dtype))
        active = still
        iterations = iterations + xp.astype(steps, iterations.dtype)
        events = events + xp.astype(running, xp.int64)


def coordinate_rates(xp, change, drift, shrinkage, constraints):
    """What the next step does to each coordinate, and for how many steps it will do the same.

    Parameters
    ----------
    xp : array namespace
    change, drift, shrinkage : (S, I, features) arrays
        As for `steps.proximal_step`.
    constraints : Constraints

    Returns
    -------
    moved, rate : (S, I, features) arrays
        The change after one step, and the difference that it makes.
    safe : (S, I) array
        Steps, 1 or more, for which the rate stays what it is, if the gradient does.
    """
    moved = proximal_step(xp, change, drift, shrinkage, constraints)
    rate = moved - change
    free = xp.where(change != 0.0, drift - xp.sign(change) * shrinkage, shrink(xp, drift, shrinkage))
    moving = (rate != 0.0) & (free != 0.0)
    speed = xp.abs(xp.where(moving, free, 1.0))
    room = xp.abs(change) - ZERO * shrinkage
    safe = xp.where(moving & (change * free < 0.0), xp.ceil(room / speed) - 1.0, xp.inf)
    for bound, towards in ((constraints.low, xp.less), (constraints.high, xp.greater)):
        if bound is not None:
            steps = xp.floor(xp.abs(bound - change) / speed)
            safe = xp.minimum(safe, xp.where(moving & towards(free, 0.0), steps, xp.inf))
    if not safe.shape[-1]:
        return moved, rate, xp.full(safe.shape[:-1], xp.inf, dtype=change.dtype)
    return moved, rate, xp.maximum(xp.min(safe, axis=-1), xp.asarray(1.0, dtype=change.dtype))
