"""Model or classifier not linear: sequential quadratic programming from several starts, then a sweep over a grid.

1. Each node alone: some values over what the person may set, then bisection towards the easiest change.
2. Each set of nodes: the logit is linearised and the quadratic problem of `boxed` solved, again and again: from the
   easiest change of all, from the best one of a single node, and from halfway to each corner of the box.
3. All combinations of a grid that cost less than the best plan so far. Where one is accepted, 2. goes on from there.
4. Whoever may act on few nodes: a proof that nothing cheaper is accepted, by `proving`.
"""

import itertools

import numpy as np

from recrec.causal.boxed import Boxed, cheapest
from recrec.causal.methods.exact.proving import prove
from recrec.causal.methods.exact.quadratic import Quadratic, cheaper
from recrec.causal.methods.grid import combinations, values_of
from recrec.causal.outcomes import Outcomes
from recrec.causal.world import Plans, intervention_sets

#: Length of a difference that stands for a derivative, in standard deviations.
DIFFERENCE = 1e-6
#: Logit from which the search counts as accepted, and the one that its steps aim at: the classifier, asked about other
#: people at the same time, sums in another order and has to accept all the same.
SURE, MARGIN = 1e-10, 1e-9
#: Share of the way to each corner of the box at which the search begins, too, and up to how many sets of nodes it does.
HALFWAY, CORNERED = 0.5, 20
#: Halvings of a bisection: to begin with, and down to rounding.
ROUGH, FINE = 8, 48
#: Relative progress below which a search ends: of all sets, and of the best one.
PROGRESS, LAST_PROGRESS = 1e-7, 1e-10
#: Steps after which a search is given up that heads for so many times the cost of the plan at hand.
PATIENCE, HOPELESS = 2, 1.3
#: Shares of a step that are tried.
SHARES = (1.0, 0.5, 0.2, 0.05)
#: Times that the sweep may send the search back.
ROUNDS = 4
#: Costs of combinations that are held at once.
TOGETHER = 2_000_000


class Search:
    """Plans of the people of a problem, getting better.

    Parameters
    ----------
    problem : Problem
    largest_set : int
    settings : Settings
    """

    def __init__(self, problem, largest_set, settings):
        self.problem, self.settings = problem, settings
        self.quadratic = Quadratic.of(problem)
        self.outcomes = Outcomes(problem)
        self.n, self.actionable = problem.present.shape
        self.step = DIFFERENCE * problem.world.sd[problem.world.model.actionable]
        self.lower, self.upper = problem.box()
        self.values, self.allowed = values_of(problem, settings.bins, settings.span)
        # Where to begin: in the box, of which no side is infinite here.
        self.least, self.most = (
            np.clip(end - problem.present, self.quadratic.lower, self.quadratic.upper)
            for end in (self.values.min(axis=-1), self.values.max(axis=-1))
        )
        self.sets = intervention_sets(self.actionable, largest_set)
        self.cost = np.full(self.n, np.inf)
        self.acted = np.zeros((self.n, self.actionable), dtype=bool)
        self.change = np.zeros((self.n, self.actionable))

    def logits(self, rows, nodes, change):
        """Logits of people after changes of nodes: (pairs,), (pairs, acts), (pairs, acts)."""
        acted = np.zeros((len(rows), self.actionable), dtype=bool)
        values = np.zeros((len(rows), self.actionable))
        pairs = np.arange(len(rows))[:, None]
        acted[pairs, nodes] = True
        # As Plans.of will have them: clipped, so that rounding leads nobody out of the box.
        values[pairs, nodes] = np.clip(
            self.problem.present[rows[:, None], nodes] + change,
            self.lower[rows[:, None], nodes],
            self.upper[rows[:, None], nodes],
        )
        return self.outcomes.logits(rows, acted, values)

    def keep(self, rows, nodes, change, costs):
        """Take accepted changes for the plan where they are cheaper; of those that cost the same, the first."""
        order = np.lexsort((np.arange(len(rows)), costs, rows))
        rows, nodes, change, costs = rows[order], nodes[order], change[order], costs[order]
        first = np.flatnonzero(np.diff(rows, prepend=-1) > 0)
        first = first[cheaper(costs[first], self.cost[rows[first]])]
        better = rows[first]
        self.cost[better] = costs[first]
        self.acted[better], self.change[better] = False, 0.0
        self.acted[better[:, None], nodes[first]] = True
        self.change[better[:, None], nodes[first]] = change[first]

    def pairs(self, acts):
        """People and sets of so many nodes none of which is locked: (pairs,) rows, (pairs, acts) nodes."""
        sets = np.array([np.flatnonzero(row) for row in self.sets if row.sum() == acts]).reshape(-1, acts)
        allowed = self.problem.profiles.mask[:, sets].all(axis=-1)
        rows, places = np.nonzero(allowed)
        return rows, sets[places]

    def single(self):
        """Each node alone: values over what may be set, then bisection.

        Returns
        -------
        change, cost : (n, actionable) arrays
            The best change of each node alone that was found; the cost is infinite where none was accepted.
        """
        found, costs = np.zeros((self.n, self.actionable)), np.full((self.n, self.actionable), np.inf)
        rows, nodes = self.pairs(1)
        part = self.quadratic.of_pairs(rows, nodes)
        easiest = part.easiest()
        shares = np.linspace(0, 1, 2 * self.settings.bins - 1)
        least, most = self.least[rows[:, None], nodes], self.most[rows[:, None], nodes]
        changes = least + shares * (most - least)
        tried = len(shares)
        logits = self.logits(np.repeat(rows, tried), np.repeat(nodes, tried, axis=0), changes.reshape(-1, 1))
        accepted = logits.reshape(-1, tried) >= SURE
        for side in (-1, 1):
            there = accepted & (side * (changes - easiest) >= 0)
            some = np.flatnonzero(there.any(axis=1))
            distance = np.where(there[some], np.abs(changes[some] - easiest[some]), np.inf)
            outer = changes[some, distance.argmin(axis=1)][:, None]
            # Between the nearest accepted value and the one before it, or the easiest change.
            nearer = ~there[some] & (side * (changes[some] - easiest[some]) >= 0) & (side * (changes[some] - outer) < 0)
            inner = np.where(nearer, side * changes[some], -np.inf).max(axis=1, keepdims=True)
            inner = np.where(np.isfinite(inner), side * inner, easiest[some])
            outer = self.bisect(rows[some], nodes[some], inner, outer, ROUGH)
            outer = self.descend(rows[some], nodes[some], outer)
            cost = np.where(self.accepted(rows[some], nodes[some], outer), part.take(some).cost(outer), np.inf)
            better = cost < costs[rows[some], nodes[some, 0]]
            at = rows[some][better], nodes[some, 0][better]
            costs[at], found[at] = cost[better], outer[better, 0]
        return found, costs

    def accepted(self, rows, nodes, change):
        """Whether people are surely accepted after changes of nodes."""
        return self.logits(rows, nodes, change) >= SURE

    def bisect(self, rows, nodes, inner, outer, halvings):
        """The accepted end of a line, drawn towards its other end as far as it is accepted on the way.

        `inner` itself is taken where it is accepted.
        """
        low, high = np.zeros(len(rows)), np.ones(len(rows))  # shares of the way from inner to outer
        at_once = self.accepted(rows, nodes, inner)
        for _ in range(halvings):
            middle = 0.5 * (low + high)
            accepted = self.accepted(rows, nodes, inner + middle[:, None] * (outer - inner))
            low, high = np.where(accepted, low, middle), np.where(accepted, middle, high)
        drawn = np.where(high[:, None] == 1, outer, inner + high[:, None] * (outer - inner))
        return np.where(at_once[:, None], inner, drawn)

    def slopes(self, rows, nodes, change, logits):
        """Derivatives of the logit by the changes, from differences towards the inside of the box: (pairs, acts)."""
        pairs, acts = nodes.shape
        step = self.step[nodes]
        step = np.where(change + step > (self.upper - self.problem.present)[rows[:, None], nodes], -step, step)
        moved = change[:, None, :] + np.eye(acts) * step[:, None, :]
        there = self.logits(np.repeat(rows, acts), np.repeat(nodes, acts, axis=0), moved.reshape(-1, acts))
        with np.errstate(invalid="ignore"):
            slopes = (there.reshape(pairs, acts) - logits[:, None]) / step
        return np.where(np.isfinite(slopes), slopes, 0.0)

    def descend(self, rows, nodes, change, progress=PROGRESS):
        """Sequential quadratic programming from changes; what is accepted on the way is kept.

        Parameters
        ----------
        rows : (pairs,) array of int
        nodes : (pairs, acts) array of int
        change : (pairs, acts) array
            Where to begin.
        progress : float
            Relative progress below which a search ends.

        Returns
        -------
        (pairs, acts) array
            Where it ended.
        """
        change, part = change.copy(), self.quadratic.of_pairs(rows, nodes)
        logits, price = self.logits(rows, nodes, change), np.zeros(len(rows))
        self._keep_accepted(rows, nodes, change, logits, part)
        open_ = np.flatnonzero(np.isfinite(logits))
        for number in range(self.settings.steps):
            if not len(open_):
                break
            some, here = part.take(open_), change[open_]
            slopes = self.slopes(rows[open_], nodes[open_], here, logits[open_])
            gain = MARGIN - logits[open_] + (slopes * here).sum(axis=-1)
            step = cheapest(slopes, some.curvature, some.pull, gain, some.lower, some.upper)
            # Whoever still heads for what costs far more than the plan at hand is let go.
            hopeful = some.cost(step.change) < HOPELESS * self.cost[rows[open_]]
            if number >= PATIENCE and not hopeful.all():
                open_, some, here, slopes = open_[hopeful], some.take(hopeful), here[hopeful], slopes[hopeful]
                step = Boxed(*(part_[hopeful] for part_ in step))
            # The exact penalty: what a unit of the logit is worth, at least twice its multiplier.
            costs, worth = some.cost(here), price[open_]
            spread = some.cost(step.change) / np.maximum(np.abs(logits[open_]), MARGIN)
            worth = np.maximum(worth, 2 * np.where(np.isfinite(step.multiplier), step.multiplier, spread))
            price[open_] = worth
            merit = costs + worth * np.maximum(MARGIN - logits[open_], 0.0)
            moved, better = np.zeros(len(open_), dtype=bool), np.arange(len(open_))
            for share in SHARES:
                target = here[better] + share * (step.change[better] - here[better])
                target_logits = self.logits(rows[open_[better]], nodes[open_[better]], target)
                target_costs = some.take(better).cost(target)
                target_merit = target_costs + worth[better] * np.maximum(MARGIN - target_logits, 0.0)
                fine = target_merit < merit[better] - progress * np.abs(merit[better])
                taken = better[fine]
                moved[taken] = True
                change[open_[taken]], logits[open_[taken]] = target[fine], target_logits[fine]
                better = better[~fine]
                if not len(better):
                    break
            arrived = open_[moved]
            self._keep_accepted(rows[arrived], nodes[arrived], change[arrived], logits[arrived], part.take(arrived))
            open_ = arrived
        return change

    def _keep_accepted(self, rows, nodes, change, logits, part):
        accepted = logits >= SURE
        self.keep(rows[accepted], nodes[accepted], change[accepted], part.take(accepted).cost(change[accepted]))

    def sets_of_plans(self):
        """People who have a plan, by the size of its set: rows and nodes."""
        sizes = self.acted.sum(axis=1)
        for acts in np.unique(sizes[sizes > 0]):
            rows = np.flatnonzero(sizes == acts)
            yield rows, np.nonzero(self.acted[rows])[1].reshape(-1, acts)

    def polish(self, only):
        """Draw the plans of some people to the boundary, and search on from there.

        Parameters
        ----------
        only : (n,) boolean array
        """
        for rows, nodes in list(self.sets_of_plans()):
            some = only[rows]
            rows, nodes = rows[some], nodes[some]
            part = self.quadratic.of_pairs(rows, nodes)
            change = self.change[rows[:, None], nodes]
            drawn = self.bisect(rows, nodes, part.easiest(), change, FINE)
            self.keep(rows, nodes, drawn, part.cost(drawn))
            self.descend(rows, nodes, self.change[rows[:, None], nodes], LAST_PROGRESS)

    def sweep(self, only):
        """All combinations of the grid that cost less than the plan; the best accepted ones are kept.

        Parameters
        ----------
        only : (n,) boolean array

        Returns
        -------
        (n,) boolean array
            Who has a better plan than before.
        """
        bins = self.settings.bins
        before = self.cost.copy()
        values, allowed = self.values, self.allowed
        change = values - self.problem.present[..., None]
        part = self.quadratic
        costs = part.curvature[..., None] * change**2 - 2 * part.pull[..., None] * change + part.rest[..., None]
        costs = np.concatenate([np.where(allowed, costs, np.inf), np.zeros((self.n, self.actionable, 1))], axis=-1)
        places = combinations(self.actionable, bins, int(self.sets.sum(axis=1).max()))
        rows = np.flatnonzero(only)
        together = max(1, TOGETHER // len(places))
        self.tries = np.zeros(self.n, dtype=int)
        for start in range(0, len(rows), together):
            block = rows[start : start + together]
            total = sum(costs[block, node][:, places[:, node]] for node in range(self.actionable))
            who, which = np.nonzero(np.isfinite(total) & cheaper(total, self.cost[block, None]))
            self.tries[block] += np.bincount(who, minlength=len(block))
            acted = places[which] < bins
            chosen = np.where(acted, places[which], 0)
            set_to = values[block[who][:, None], np.arange(self.actionable), chosen]
            accepted = self.outcomes.logits(block[who], acted, set_to) >= SURE
            who, which, acted, set_to = who[accepted], which[accepted], acted[accepted], set_to[accepted]
            order = np.lexsort((total[who, which], who))
            first = order[np.diff(who[order], prepend=-1) > 0]
            better = block[who[first]]
            self.cost[better] = total[who[first], which[first]]
            self.acted[better] = acted[first]
            self.change[better] = np.where(acted[first], set_to[first] - self.problem.present[better], 0.0)
        return self.cost < before


def solve(problem, largest_set, settings, log):
    """The best plan of each person that the search finds.

    Parameters
    ----------
    problem : Problem
    largest_set : int
    settings : Settings
    log : logging.Logger

    Returns
    -------
    Plans
    """
    search = Search(problem, largest_set, settings)
    alone, alone_cost = search.single()
    for acts in range(2, int(search.sets.sum(axis=1).max()) + 1):
        rows, nodes = search.pairs(acts)
        if not len(rows):
            continue
        easiest = search.quadratic.of_pairs(rows, nodes).easiest()
        search.descend(rows, nodes, easiest)
        best = alone_cost[rows[:, None], nodes].argmin(axis=1)
        usable = np.flatnonzero(np.isfinite(alone_cost[rows[:, None], nodes].min(axis=1)))
        start = easiest[usable]
        at = np.arange(len(usable)), best[usable]
        start[at] = alone[rows[usable], nodes[usable, best[usable]]]
        search.descend(rows[usable], nodes[usable], start)
        for corner in itertools.product((0, 1), repeat=acts) if len(search.sets) <= CORNERED else ():
            end = np.where(corner, search.most[rows[:, None], nodes], search.least[rows[:, None], nodes])
            search.descend(rows, nodes, easiest + HALFWAY * (end - easiest))
    search.polish(np.isfinite(search.cost))
    again = np.ones(search.n, dtype=bool)
    tries = np.zeros(search.n, dtype=int)
    for _ in range(ROUNDS):
        again = search.sweep(again)
        tries += search.tries
        if not again.any():
            break
        search.polish(again)
    certified = prove(search, largest_set)
    plans = Plans.of(problem, search.acted, problem.present + search.change, certified, {"tries": tries})
    # What rounding took away is not proved to be impossible.
    plans = plans._replace(certified=plans.certified & (plans.found | np.isinf(search.cost)))
    log.debug("exact: %d of %d have a plan, %d of them certified", plans.found.sum(), search.n, certified.sum())
    return plans
