"""Plans in round numbers: rounded so that whoever does what they say is accepted, and no constraint is broken."""

import itertools
import math
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from recrec.causal.wording import FINER
from recrec.causal.world import act_costs

#: Rounding may add so much to the cost of a plan, as a share of it; finer numbers are used where it would add more.
DEARER = 0.02
#: Combinations of rounded values that are tried at once.
MOST = 4096
#: A logit this much above 0 is so in any batch of people.
CLEAR = 1e-9


class Rounded(NamedTuple):
    """A plan of one person with values that can be told.

    Attributes
    ----------
    acted : (actionable,) boolean array
    values : (actionable,) array
    costs : (actionable,) array
        Of each act, to be averaged.
    rounded : bool
        Whether the values could be rounded.
    """

    acted: np.ndarray
    values: np.ndarray
    costs: np.ndarray
    rounded: bool

    def told(self, problem, words):
        """The acts in words."""
        nodes, present = problem.world.model.actionable, problem.present[0]
        return tuple(words.act(nodes[k], present[k], self.values[k]) for k in np.flatnonzero(self.acted))


def own_costs(problem, row, acted, values):
    """What each act of some plans of one person costs, to be averaged.

    Parameters
    ----------
    problem : Problem
    row : int
        Which person.
    acted : (actionable,) boolean array
    values : (plans, actionable) array

    Returns
    -------
    (plans, actionable) array
    """
    profiles = problem.profiles
    wished = (profiles.preferred[row], profiles.penalty[row])
    return act_costs(problem.world, problem.people[row], acted, values, profiles.weights[row], *wished)


def rounded_plan(problem, plans, row, words):
    """A person's plan, in the coarsest numbers that keep it valid, inside its box, and about as cheap.

    Parameters
    ----------
    problem : Problem
    plans : Plans
    row : int
        The person, who has a plan.
    words : Words
        How many decimals are sensible, and what counts whole.

    Returns
    -------
    Rounded
        The plan itself, not rounded, where no rounded one works.
    """
    world = problem.world
    lower, upper = (side[row] for side in problem.box())
    present, nodes, values = problem.present[row], world.model.actionable, plans.values[row]

    def valid(acted, tried):
        people = np.broadcast_to(problem.people[row], (len(tried), problem.people.shape[1]))
        changed = world.model.counterfactual(people, np.broadcast_to(acted, tried.shape), tried)
        return world.classifier.logit(changed) > CLEAR

    def near(k, finer):
        """Rounded values of a node next to its own and one step beyond, all on the same side of the present value."""
        digits = int(words.digits[nodes[k]]) + (0 if words.whole[nodes[k]] else finer)
        way = np.sign(values[k] - present[k])
        steps = [_multiple(rounding, values[k], digits) for rounding in (math.floor, math.ceil)]
        steps.append(_multiple(math.floor if way < 0 else math.ceil, values[k] + way * 10.0**-digits, digits))
        return sorted(v for v in {*steps} if lower[k] <= v <= upper[k] and (v - present[k]) * way > 0)

    acted = plans.acted[row].copy()
    for k in np.flatnonzero(acted & (values == present)):
        # What is kept as it is need not be kept where the plan works without that, too.
        fewer = acted & (np.arange(len(acted)) != k)
        if fewer.any() and valid(fewer, values[None])[0]:
            acted = fewer
    best = Rounded(acted, values, own_costs(problem, row, acted, values[None])[0], False)
    aim, found = (1 + DEARER) * best.costs.mean(), None
    # What costs next to nothing need not be changed where rounding makes up for it.
    worth = acted & (best.costs > DEARER * best.costs.sum())
    for chosen, finer in itertools.product([worth, acted] if worth.any() else [acted], range(FINER)):
        moved = chosen & (values != present)
        choices = [near(k, finer) if moved[k] else [present[k]] for k in range(len(nodes))]
        tried = np.array(list(itertools.islice(itertools.product(*choices), MOST))).reshape(-1, len(nodes))
        tried = tried[valid(chosen, tried)] if len(tried) else tried
        if len(tried):
            costs = own_costs(problem, row, chosen, tried)
            cheapest = int(np.argmin(costs.mean(axis=1)))
            if found is None or costs[cheapest].mean() < found.costs.mean():
                found = Rounded(chosen, tried[cheapest], costs[cheapest], True)
            if found.costs.mean() <= aim:
                break
    if found is None:
        return best
    aim = max(aim, found.costs.mean())
    moved = np.flatnonzero(found.acted & (found.values != present))
    for k, coarser in itertools.product(moved, range(finer)):
        # One node after the other with fewer decimals, as long as that is no dearer.
        for value in near(k, coarser):
            tried = np.where(np.arange(len(nodes)) == k, value, found.values)
            costs = own_costs(problem, row, found.acted, tried[None])[0]
            simpler = _decimals(value) < _decimals(found.values[k])
            if simpler and costs.mean() <= aim and valid(found.acted, tried[None])[0]:
                found = found._replace(values=tried, costs=costs)
    return found


def _decimals(value):
    """Decimals of a number as it is written, negative for whole tens, hundreds and so on."""
    return -Decimal(repr(float(value))).normalize().as_tuple().exponent


def _multiple(rounding, value, digits):
    """The next number with so many decimals, as the float that is written that way."""
    step = 10.0**-digits
    return round(rounding(value / step) * step, max(digits, 0)) + 0.0
