"""The paper's content filtering: a user's profile is the sum of the rated items' features, weighted by the ratings.

``p_j = sum_i R[j, i] v_i`` and the score of item ``z`` is ``v_z . p_j`` (RecRec, section 3, the score inside Algorithm
1). Nothing is learnt: the ratings are the model.
"""

import numpy as np

from recrec.audience import LinearAudience
from recrec.config import Section

TITLE = "content filtering"


class Settings(Section):
    """It has none."""


def fit(matrices, settings):
    """Nothing has to be learnt."""
    return {}


def audience(state, matrices, users, candidates, settings):
    """Some of the users.

    Parameters
    ----------
    state : dict
    matrices : Matrices
    users : (n,) integer array or slice
    candidates : {"all", "unrated"}
    settings : Settings

    Returns
    -------
    ContentAudience
    """
    return ContentAudience(matrices.features, matrices.mutable, matrices.ratings[users], candidates)


class ContentAudience(LinearAudience):
    """Users whose profiles are sums of item features weighted by ratings."""

    def live(self, item, changes):
        """Scores if the item's new features also entered the profiles of the users who have rated it.

        The profile of such a user moves by ``R_ja (v' - v)``, a rank-one correction: every other item's score by
        ``R_ja v_y . (v' - v)``, the item's own by ``R_ja v' . (v' - v)`` beside the gain of its own, so it is quadratic
        in v'.
        """
        users, rating = self.raters(item)
        if not users.size:
            yield from ((users, np.empty((0, self.shape[1]))) for _ in changes)
            return
        profiles = self.transposed @ self.ratings[users].T.toarray()
        present = (self.item_features @ profiles).T
        similar = self.mutable_features @ changes.T  # (items, n): v_y . (v' - v)
        for row, change in enumerate(changes):
            own_change = similar[item, row] + change @ change  # v' . (v' - v)
            scores = present + rating[:, None] * similar[:, row]
            scores[:, item] = present[:, item] + self.ratings[users] @ similar[:, row] + rating * own_change
            yield users, scores
