"""Proofs that nothing cheaper than a plan is accepted: interval arithmetic over equations and classifier, box by box.

Where the logit cannot reach zero anywhere in a box, nothing in it is accepted; other boxes are cut in two. What a box
costs at least is exact, so that boxes dearer than the plan need no look. An accepted point on the way is a better plan.
"""

import numpy as np

from recrec.causal.intervals import Interval, namespace

#: Logit below which a bound counts as a rejection in spite of rounding, relative to the largest bound of the box.
SURELY = 1e-9
#: Share of what may be set below which a box is not cut any more, and the proof given up.
SMALLEST = 1e-13
#: Boxes that are looked at together.
TOGETHER = 16384


def prove(search, largest_set):
    """Try to prove the plans of those who may act on few nodes, and better them where the try finds something.

    Parameters
    ----------
    search : Search
    largest_set : int

    Returns
    -------
    (n,) boolean array
        Whose plan is proved to be the cheapest, up to the tolerance in cost, or who is proved to have none.
    """
    settings, mask = search.settings, search.problem.profiles.mask
    free = mask.sum(axis=1)
    bounded_box = (np.isfinite(search.lower) & np.isfinite(search.upper)).all(axis=1)
    asked = (free <= settings.proved_set) & (free <= largest_set) & bounded_box
    proved = np.zeros(search.n, dtype=bool)
    if not asked.any() or not over_intervals(search):
        return proved
    proved[asked] = True
    for acts in range(1, int(free[asked].max()) + 1):
        rows, nodes = search.pairs(acts)
        some = asked[rows]
        if some.any():
            proved[_open_after(search, rows[some], nodes[some])] = False
    return proved


def over_intervals(search):
    """Whether equations and classifier can be evaluated over intervals."""
    try:
        bounds(search, np.array([0]), np.array([[0]]), np.zeros((1, 1)), np.zeros((1, 1)))
    except (AttributeError, TypeError, NotImplementedError):
        return False
    return True


def bounds(search, rows, nodes, lowest, highest):
    """Highest logit that people can have after changes between two ones, and the size of its rounding."""
    model = search.problem.world.model
    acted = np.zeros((len(rows), search.actionable), dtype=bool)
    pairs = np.arange(len(rows))[:, None]
    acted[pairs, nodes] = True
    present = search.problem.present[rows]
    low, high = present.copy(), present.copy()
    low[pairs, nodes] += lowest
    high[pairs, nodes] += highest
    people, noise = search.problem.people[rows], search.outcomes.noise[rows]
    changed = model.counterfactual(
        Interval(people, people), acted, Interval(low, high), namespace, noise=Interval(noise, noise)
    )
    logit = search.problem.world.classifier.logit(changed, namespace)
    upper = np.where(np.isnan(logit.high), np.inf, logit.high)
    return upper, SURELY * (1 + np.abs(np.nan_to_num(logit.low, posinf=0, neginf=0)))


def _open_after(search, rows, nodes):
    """People for one of whose sets the proof failed."""
    tolerance, most = search.settings.tolerance, search.settings.boxes
    part = search.quadratic.of_pairs(rows, nodes)
    with np.errstate(invalid="ignore", divide="ignore"):
        free = np.where(part.pull != 0, part.pull / part.curvature, 0.0)  # cheapest without the box
    base = part.cost(free)
    failed, used = np.zeros(search.n, dtype=bool), np.zeros(search.n, dtype=int)
    # A box is a pair of person and set, and the changes of its corners.
    pair, low, high = np.arange(len(rows)), part.lower.copy(), part.upper.copy()
    width = np.maximum(part.upper - part.lower, np.finfo(float).tiny)
    while len(pair):
        nearest = np.clip(free[pair], low, high)
        least = base[pair] + (part.curvature[pair] * (nearest - free[pair]) ** 2).sum(axis=-1)
        kept = ~failed[rows[pair]] & (least < search.cost[rows[pair]] * (1 - tolerance))
        pair, low, high = pair[kept], low[kept], high[kept]
        upper, surely = np.empty(len(pair)), np.empty(len(pair))
        for start in range(0, len(pair), TOGETHER):
            block = slice(start, start + TOGETHER)
            some = pair[block]
            upper[block], surely[block] = bounds(search, rows[some], nodes[some], low[block], high[block])
        unsure = ~(upper < -surely)
        pair, low, high = pair[unsure], low[unsure], high[unsure]
        if not len(pair):
            break
        middle = 0.5 * (low + high)
        accepted = search.accepted(rows[pair], nodes[pair], middle)
        search.keep(
            rows[pair[accepted]],
            nodes[pair[accepted]],
            middle[accepted],
            part.take(pair[accepted]).cost(middle[accepted]),
        )
        used += np.bincount(rows[pair], minlength=search.n)
        relative = (high - low) / width[pair]
        longest = relative.argmax(axis=1)
        at = np.arange(len(pair)), longest
        too_small = np.zeros(search.n, dtype=bool)
        too_small[rows[pair[relative[at] < SMALLEST]]] = True
        failed |= (used > most) | too_small
        left_high, right_low = high.copy(), low.copy()
        left_high[at] = right_low[at] = middle[at]
        pair = np.concatenate([pair, pair])
        low, high = np.concatenate([low, right_low]), np.concatenate([left_high, high])
    return np.flatnonzero(failed)
