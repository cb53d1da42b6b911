"""Greedy search from scores alone: one whole step of one feature at a time, whichever brings most for what it costs.

It knows the recommender as a black box that scores changed items for the sampled users, and asks it a limited number of
times. First it asks about a step of every feature (or of as many, drawn at random, as half of that number allows), then
again and again about the most promising of them. A step's worth is the users that it wins, and where none of the steps
wins any, how much of the score that is still missing it makes up for; both for a unit of cost.
"""

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array

from recrec.methods import BUDGET, REACHED, STALLED, MethodSettings, Solution

TITLE = "greedy search"
THRESHOLDED = False

#: Changed items that are scored together.
TOGETHER = 1024
#: Digits of a share that count.
DIGITS = 9


class Settings(MethodSettings):
    """What the search is allowed."""

    step: float = Field(1.0, gt=0, description="what one step changes a feature by: one more word, one more genre")
    queries: int = Field(
        50_000, ge=2, description="changed items that the recommender is asked to score for the sampled users, at most"
    )
    shortlist: int = Field(
        64, ge=1, description="steps that are asked about again in every round after the first: the best of that one"
    )
    seed: int = Field(0, ge=0, description="draws the features that are asked about where there are more than queries")


def unsupported(problem, settings):
    """It can always answer: it needs nothing but scores."""
    return None


def solve(problem, settings, device, log):
    """Search for every sample and item.

    Parameters
    ----------
    problem : methods.Problem
    settings : Settings
    device : device.Device
        Not used: the recommender computes the scores.
    log : logging.Logger

    Returns
    -------
    list of lists of Solution
        By sample, then item; the diagnostic is ``queries``, how many changed items were scored.
    """
    solutions = []
    for users in problem.samples:
        audience, row = problem.audience.take(users), []
        for at, item in enumerate(problem.items):
            search = Search(audience, item, problem.thresholds[users, at], problem.constraints, settings)
            row.append(search.run(problem.scores[users, at]))
            log.info("item %d: %s after %d queries", item, row[-1].status, search.queries)
        solutions.append(row)
    return solutions


class Search:
    """A greedy search for one item and one sample of users.

    Parameters
    ----------
    audience : Audience
        Of the sampled users.
    item : int
    thresholds : (users,) array
    constraints : Constraints
    settings : Settings
    """

    def __init__(self, audience, item, thresholds, constraints, settings):
        self.audience, self.item, self.thresholds = audience, item, thresholds
        self.constraints, self.settings = constraints.check(), settings
        self.queries = 0

    def run(self, scores):
        """The recourse.

        Parameters
        ----------
        scores : (users,) array
            Of the item as it is.

        Returns
        -------
        Solution
        """
        change = np.zeros(int(self.audience.mutable.sum()))
        steps = self._steps(change)
        while (scores <= self.thresholds).any():
            left = self.settings.queries - self.queries
            if left < 2:
                return self._solution(change, BUDGET)
            steps = steps[self._allowed(change, steps)]
            if len(steps) > left // 2:
                drawn = np.random.default_rng(self.settings.seed).permutation(len(steps))[: left // 2]
                steps = steps[np.sort(drawn)]
            won, made_up = self._ask(change, steps, scores)
            cost = self._cost(steps)
            worth = (won if (won > 0).any() else made_up) / cost
            if not len(steps) or not (worth > 0).any():
                return self._solution(change, STALLED)
            # Of equal steps the one that makes up for more, then the first.
            order = np.lexsort((-made_up / cost, -worth))
            feature, size = steps[order[0]]
            change[int(feature)] += size
            scores = self._rescored(change[None, :])[:, 0]
            steps = steps[np.sort(order[: self.settings.shortlist])]
        return self._solution(change, REACHED)

    def _solution(self, change, status):
        return Solution(change, status, diagnostics={"queries": self.queries})

    def _steps(self, change):
        """Every step there is, a row (feature, size) each: up, and down where the item has the feature."""
        features, has = np.arange(len(change)), self.audience.features(self.item) != 0.0
        up = np.column_stack([features, np.full(len(features), self.settings.step)])
        down = np.column_stack([features[has], np.full(int(has.sum()), -self.settings.step)])
        return np.concatenate([up, down])

    def _allowed(self, change, steps):
        """Which steps stay within the bounds, and take away no more of a feature than there is."""
        features = steps[:, 0].astype(int)
        after = change[features] + steps[:, 1]
        has = self.audience.features(self.item)[features]
        allowed = (steps[:, 1] > 0) | (has <= 0) | (has + after >= 0)
        if self.constraints.low is not None:
            allowed &= after >= np.broadcast_to(self.constraints.low, change.shape)[features]
        if self.constraints.high is not None:
            allowed &= after <= np.broadcast_to(self.constraints.high, change.shape)[features]
        return allowed

    def _cost(self, steps):
        """What a step costs; one that costs nothing counts as if it cost next to nothing."""
        weights = 1.0 if self.constraints.weights is None else self.constraints.weights
        weights = np.broadcast_to(weights, self.audience.mutable.sum())[steps[:, 0].astype(int)]
        return np.maximum(np.abs(steps[:, 1]) * weights, np.finfo(float).tiny ** 0.5)

    def _ask(self, change, steps, scores):
        """What each of the steps would bring.

        Returns
        -------
        won : (n,) array
            Users who are content with it, less those who are without.
        made_up : (n,) array
            Share of what the scores of all users fall short that it makes up for.
        """
        won, made_up = np.empty(len(steps)), np.empty(len(steps))
        content, missing = (scores > self.thresholds).sum(), float(self._missing(scores[:, None])[0])
        for start in range(0, len(steps), TOGETHER):
            some = slice(start, start + TOGETHER)
            rescored = self._rescored(self._after(change, steps[some]))
            won[some] = (rescored > self.thresholds[:, None]).sum(axis=0) - content
            made_up[some] = missing - self._missing(rescored)
        # Steps that make up for the same do so whatever the order in which it was summed.
        return won, np.round(made_up / missing, DIGITS) if missing > 0 else made_up

    def _after(self, change, steps):
        """The change after each of some steps: (n, features) sparse array."""
        changed = np.flatnonzero(change)
        rows = np.arange(len(steps))
        values = np.concatenate([np.tile(change[changed], len(steps)), steps[:, 1]])
        rows = np.concatenate([np.repeat(rows, len(changed)), rows])
        columns = np.concatenate([np.tile(changed, len(steps)), steps[:, 0].astype(int)])
        return csr_array((values, (rows, columns)), shape=(len(steps), len(change)))

    def _rescored(self, changes):
        self.queries += changes.shape[0]
        return self.audience.rescored(self.item, changes)

    def _missing(self, scores):
        """By how much scores, (users, n), fall short of the thresholds, in all: (n,) array."""
        # A user who is content whatever happens has a threshold of minus infinity.
        finite = np.isfinite(self.thresholds)
        return np.maximum(self.thresholds[finite, None] - scores[finite], 0.0).sum(axis=0)
