"""A study small enough for a sheet of paper: every number that a cell reports, with the arithmetic beside it.

Six items over three features, of which the first two may change, and five users:

====  =========  ======================  =========  ===============================
item  features   users and ratings       profile    scores of a, b, c, d, e, f
====  =========  ======================  =========  ===============================
a     0  0  1    0: b 2                  2  0  0    0  2  0  2  0  0
b     1  0  0    1: c 1                  0  1  0    0  0  1  1  0  0
c     0  1  0    2: e 1                  0  0  2    2  0  0  0  4  2
d     1  1  0    3: a 1, b 1             1  0  1    1  1  0  1  2  1
e     0  0  2    4: a 2                  0  0  2    2  0  0  0  4  2
f     0  0  1
====  =========  ======================  =========  ===============================

Ranks, the last of those tied:

=========  =====  =====  =====  =====  =====  =====
user       a      b      c      d      e      f
=========  =====  =====  =====  =====  =====  =====
0          6      2      6      2      6      6
1          6      6      2      2      6      6
2          3      6      6      6      1      3
3          5      5      6      5      1      5
4          3      6      6      6      1      3
mean       23/5   25/5   26/5   21/5   15/5   23/5
in top 2   0      1/5    1/5    2/5    3/5    0
=========  =====  =====  =====  =====  =====  =====
"""

from fractions import Fraction

import numpy as np
import pytest
import random_study
from random_study import choose

from recrec.evaluation.baseline import rank_baseline
from recrec.evaluation.sampling import sample
from recrec.evaluation.selection import select

A, B, C, D, E, F = range(6)
FEATURES = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 2], [0, 0, 1]], dtype=float)
RATINGS = np.zeros((5, 6))
RATINGS[[0, 1, 2, 3, 3, 4], [B, C, E, A, B, A]] = [2, 1, 1, 1, 1, 2]
MUTABLE = np.array([True, True, False])
TOP_K = 2
#: 40 % of five users are two: this seed draws users 0 and 1, seed 0 draws others.
SAMPLING, SEED = 40, 16

# Users 0 and 1 want the item first: above 2 and above 1. The first gradient is the mean of (2, 0) and (0, 1), its
# largest entry 1, so a step is half a gradient.
#
# Without an L1 term a step for both adds (1/2, 1/4) and so 1 and 1/4 to their scores: 1 and 1/4, 2 and 1/2 (a tie), 3
# and 3/4. User 0 is content, and the gradient is (0, 1): one step of (0, 1/2) gives user 1 a score of 5/4.
#
# Giving up the second change, the smaller one, leaves user 0 (3 > 2) and user 3 (1 + 3/2 > 2) of 0, 1 and 3: two of
# three, and 0.6 are to be kept. Without the first one nobody would be left. Ranks: 1, 6, 3, 1, 3.
# Rank-biased overlap: from 6 to 1 half of 1 + 1/4 + 1/12 + 1/32 + 1/80 = 661/480 is lost and 299/960 left, from 5 to 1
# half of 655/480, and 305/960 are left. The 5th percentile is a fifth of the way from the lowest to the next.
# Live, user 4's profile becomes 2 (3/2, 0, 1): a has 13/2, the next one, e, 4. User 3's becomes (1, 0, 0) + (3/2, 0,
# 1), where a has 19/4 and stays first.
PLAIN = {
    "item": A, "seed": SEED, "status": "reached", "iterations": 4, "events": 2,
    "success_before_thresholding": Fraction(3, 5), "success": Fraction(2, 5), "success_live": Fraction(3, 5),
    "changed": 1, "changed_share": Fraction(1, 3), "changed_share_mutable": Fraction(1, 2), "l1": Fraction(3, 2),
    "rbo": (3 + Fraction(299 + 305, 960)) / 5, "rbo_p05": Fraction(299, 960) + Fraction(1, 5) * Fraction(6, 960),
    "mean_rank_after": Fraction(14, 5), "users_reached": 2,
}  # fmt: skip

# L1 takes 1/4 from each entry of a gradient, so a step for both adds (3/8, 1/8), one for user 1 alone (-1/8, 3/8).
# Three steps for both: changes of 9/8 and 3/8, user 0 is content with 9/4. One for user 1: (1, 3/4), and user 0 is back
# at 2, a tie. One for both: (11/8, 7/8). One for user 1: (5/4, 5/4), and both are content with 5/2 and 5/4.
#
# Of two equal changes the first is given up first, and would leave user 1 alone of 0, 1 and 3. So both stay. Ranks: 1,
# 1, 3, 1, 3. Live, user 4's profile is 2 (5/4, 5/4, 1): a has 33/4, the next one, d, 5. User 3's is (9/4, 5/4, 1): a
# has 43/8, d 7/2.
WITH_L1 = {
    "item": A, "seed": SEED, "status": "reached", "iterations": 6, "events": 4,
    "success_before_thresholding": Fraction(3, 5), "success": Fraction(3, 5), "success_live": Fraction(4, 5),
    "changed": 2, "changed_share": Fraction(2, 3), "changed_share_mutable": Fraction(1), "l1": Fraction(5, 2),
    "rbo": (2 + Fraction(299 + 299 + 305, 960)) / 5, "rbo_p05": Fraction(299, 960),
    "mean_rank_after": Fraction(9, 5), "users_reached": 3,
}  # fmt: skip


def cell(penalty, over="group"):
    """The cell of item a as the library finds it."""
    target = random_study.target_of(random_study.audience(FEATURES, RATINGS, mutable=MUTABLE))
    choice = choose("mean", desired_rank=1, learning_rate=0.5, lambda_=penalty)
    return random_study.whole_cell(target, [A], SAMPLING, [SEED], choice, TOP_K, keep=0.6, over=over, p=0.5)


def test_ranks():
    ordered = np.empty(RATINGS.shape)
    found = rank_baseline(random_study.audience(FEATURES, RATINGS), TOP_K, 2, ordered)
    assert (found.mean_rank * 5).tolist() == [23, 25, 26, 21, 15, 23]
    assert (found.top_share * 5).tolist() == [0, 1, 1, 2, 3, 0]
    assert ordered.tolist() == np.sort([[0, 2, 0, 2, 0, 0], [0, 0, 1, 1, 0, 0], [2, 0, 0, 0, 4, 2], [1, 1, 0, 1, 2, 1],
                                        [2, 0, 0, 0, 4, 2]]).tolist()  # fmt: skip
    # By mean rank: e, d, a, f, b, c. Of these d and e are in too many lists; b is just allowed.
    chosen = select(found, [5, 2], 1, 0.2, "order")
    assert [tuple(one) for one in chosen] == [(2, A, 3, 23 / 5, 0.0), (5, B, 5, 5.0, 1 / 5)]
    # The nearest to 5 are b itself and c, 1/5 away; a and f are 2/5 away.
    assert [one.item for one in select(found, [5], 4, 0.2, "mean-rank")] == [B, C, A, F]


def test_sample():
    assert sorted(sample(5, SAMPLING, SEED)) == [0, 1]
    assert sorted(sample(5, SAMPLING, 0)) != [0, 1]


@pytest.mark.parametrize(("penalty", "change", "row"), [(0.0, [3 / 2, 5 / 4], PLAIN), (0.25, [5 / 4, 5 / 4], WITH_L1)])
def test_every_column(penalty, change, row):
    found = cell(penalty)
    assert found.changes.tolist() == [change]
    [columns] = found.rows
    assert set(row) <= set(columns)
    for name, value in row.items():
        expected = value if isinstance(value, str) else pytest.approx(float(value), rel=1e-14)
        assert columns[name] == expected, name


def test_thresholding_over_the_sample():
    """Without the second change one of the two sampled users is left, and 1 < 0.6 of 2: both changes stay."""
    found = cell(0.0, over="sample")
    assert found.kept.tolist() == [[3 / 2, 5 / 4]]
    assert found.rows[0]["success"] == 3 / 5
