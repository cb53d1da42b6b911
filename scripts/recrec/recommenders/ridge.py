"""Ridge regression of each user's ratings on the features of the items that they rated.

``w_j = argmin_w sum_i (R[j, i] - w . v_i)^2 + alpha |w|^2`` over the rated items i, in its dual form: ``w_j = sum_i
a_ji v_i`` with ``a_j = (X X^T + alpha I)^-1 y`` for the rated items' features X and ratings y (Saunders, Gammerman and
Vovk, Ridge Regression Learning Algorithm in Dual Variables, ICML 1998). So the score of an item is again a weighted sum
over the history, with weights of either sign; profiles are dense and signed.
"""

import numpy as np
from pydantic import Field
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array

from recrec.audience import LinearAudience
from recrec.config import Section
from recrec.storage import csr_from_parts, csr_parts

TITLE = "ridge regression"


class Settings(Section):
    """What the regression leaves open."""

    alpha: float = Field(10.0, gt=0, description="weight of the squared length of a user's coefficients")
    centre: bool = Field(
        True,
        description="whether a user's mean rating is taken off first; a user whose ratings are all equal then ranks "
        "nothing above anything else",
    )


def fit(matrices, settings):
    """Dual coefficients of every user.

    Parameters
    ----------
    matrices : Matrices
    settings : Settings

    Returns
    -------
    dict
        ``dual``: (users, items) sparse array, CSR, where the ratings have entries.
    """
    ratings = matrices.ratings
    dual = np.empty_like(ratings.data)
    for start, end in zip(ratings.indptr, ratings.indptr[1:], strict=False):
        history = matrices.features[ratings.indices[start:end]]
        dual[start:end] = coefficients((history @ history.T).toarray(), ratings.data[start:end], settings)
    return csr_parts("dual", csr_array((dual, ratings.indices, ratings.indptr), shape=ratings.shape))


def coefficients(gram, ratings, settings):
    """Dual coefficients of one user.

    Parameters
    ----------
    gram : (n, n) array
        Inner products of the features of the rated items.
    ratings : (n,) array
    settings : Settings

    Returns
    -------
    (n,) array
    """
    wanted = ratings - ratings.mean() if settings.centre and len(ratings) else ratings
    return cho_solve(cho_factor(gram + settings.alpha * np.eye(len(gram)), lower=True), wanted) if len(gram) else wanted


def audience(state, matrices, users, candidates, settings):
    """Some of the users.

    Parameters
    ----------
    state : dict
        As `fit` returned it.
    matrices : Matrices
    users : (n,) integer array or slice
    candidates : {"all", "unrated"}
    settings : Settings

    Returns
    -------
    RidgeAudience
    """
    dual = csr_from_parts("dual", state)[users]
    found = RidgeAudience(matrices.features, matrices.mutable, matrices.ratings[users], candidates, dual)
    found.settings = settings
    return found


class RidgeAudience(LinearAudience):
    """Users whose profiles are the coefficients of their regressions."""

    settings = Settings()

    def live(self, item, changes):
        """Scores if the regressions of the users who have rated the item were made anew with its new features."""
        users, _ = self.raters(item)
        mutable = np.flatnonzero(self.mutable)
        histories = [self.ratings[[user]].indices for user in users]
        grams = [(self.item_features[rated] @ self.item_features[rated].T).toarray() for rated in histories]
        for change in changes:
            moved = np.zeros(len(self.mutable))
            moved[mutable] = change
            similar = self.item_features @ moved  # v_y . (v' - v)
            own = similar[item] + moved @ moved  # v' . (v' - v)
            scores = np.empty((len(users), self.shape[1]))
            for row, (user, rated, gram) in enumerate(zip(users, histories, grams, strict=True)):
                place = int(np.flatnonzero(rated == item)[0])
                changed = gram.copy()
                changed[place] += similar[rated]
                changed[:, place] += similar[rated]
                changed[place, place] = gram[place, place] + similar[item] + own
                dual = coefficients(changed, self.ratings[[user]].data, self.settings)
                scores[row] = self.item_features @ (dual @ self.item_features[rated]) + dual[place] * similar
                scores[row, item] += similar[rated] @ dual + dual[place] * (own - similar[item])
            yield users, scores
