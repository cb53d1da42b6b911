"""What the classifier says about people after acts, for many tries of each at once."""

import numpy as np

#: Tries that are looked at together: few enough for a cache, many enough for NumPy.
TOGETHER = 4096


class Outcomes:
    """The people of a problem, to be tried with acts.

    Parameters
    ----------
    problem : Problem
    """

    def __init__(self, problem):
        self.world = problem.world
        self.people = problem.people
        self.noise = problem.world.model.abduct(problem.people)

    def logits(self, rows, acted, values):
        """The classifier's logits of people after acts.

        Parameters
        ----------
        rows : (tries,) array of int
            Whose.
        acted : (tries, actionable) boolean array
        values : (tries, actionable) array

        Returns
        -------
        (tries,) array
            Accepted where not negative; minus infinity where the acts lead to no number.
        """
        found = np.empty(len(rows))
        for start in range(0, len(rows), TOGETHER):
            part = slice(start, start + TOGETHER)
            changed = self.world.model.counterfactual(
                self.people[rows[part]], acted[part], values[part], noise=self.noise[rows[part]]
            )
            found[part] = self.world.classifier.logit(changed)
        return np.where(np.isnan(found), -np.inf, found)
