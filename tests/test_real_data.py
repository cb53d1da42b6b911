"""The fast paths against their literal twins on real films and real users."""

import numpy as np
import pytest
from conftest import REPOSITORY
from random_study import choose, solve_cell
from test_solvers import assert_same, leap
from test_thresholding import one_at_a_time

from recrec.arrays.device import CPU
from recrec.benchmarks import printed
from recrec.data import catalogue, dataset, features, groups
from recrec.evaluation.baseline import rank_baseline
from recrec.evaluation.sampling import sample
from recrec.evaluation.selection import select
from recrec.evaluation.target import Target
from recrec.evaluation.thresholding import hard_threshold
from recrec.methods.recrec import stepping
from recrec.methods.recrec.steps import Task
from recrec.recommenders.content import ContentAudience


@pytest.fixture(scope="module")
def films(mirror, tmp_path_factory):
    """The youngest group of ml-100k and its selected items."""
    rules = catalogue.load_dataset(catalogue.find_dataset("ml-100k", REPOSITORY))
    folder = tmp_path_factory.mktemp("ml-100k")
    for file, entry in rules["files"].items():
        (folder / file).symlink_to((mirror / entry["mirror"]).resolve())
    data = dataset.build(rules, folder)
    matrix, columns = features.featurize(rules["features"], data.items)
    group = groups.equal_groups(groups.group_values(rules["groups"], data.users, data.ratings), 5)
    ratings = data.ratings[np.flatnonzero(group == 0)]
    ordered = np.empty(ratings.shape)
    users = ContentAudience(matrix, columns["mutable"].to_numpy(bool), ratings, "all")
    baseline = rank_baseline(users, 10, 64, ordered)
    chosen = select(baseline, [11, 101], 1, 0.01, "order")
    return Target(users, ordered), [one.item for one in chosen]


def profiles_of(target, users=slice(None)):
    return (target.audience.ratings[users] @ target.audience.mutable_features).toarray()


def problems(films, percentage, desired_rank):
    target, items = films
    users = sample(target.audience.shape[0], percentage, 1)
    profiles = profiles_of(target, users)
    scores, thresholds = target.scores(items), target.thresholds(items, desired_rank)
    return [Task(profiles, scores[users, column], thresholds[users, column]) for column in range(len(items))]


@pytest.mark.parametrize("aggregate", ["mean", "sum"])
@pytest.mark.parametrize("penalty", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("percentage", [1, 20, 100])
def test_leaping_is_stepping(films, percentage, penalty, aggregate):
    choice = choose(aggregate, 7, 0.05, penalty, max_iterations=80)
    for problem in problems(films, percentage, 7):
        assert_same(leap(problem, choice), stepping.solve(problem, choice))


@pytest.mark.parametrize("penalty", [0.0, 0.05])
@pytest.mark.parametrize("budget", [2**30, 2**21])
def test_the_recourses_of_a_cell_are_those_of_stepping(films, penalty, budget):
    """The whole way: profiles as factors, all seeds and items in a batch, or in batches of what fits into 2 MiB."""
    target, items = films
    choice = choose("sum", 3, 0.05, penalty, max_iterations=60)
    found = solve_cell(target, items, 20, [1, 2], choice, CPU._replace(budget=budget))
    for item, seed, path in found:
        users = np.sort(sample(target.audience.shape[0], 20, seed))
        profiles = profiles_of(target, users)
        scores, thresholds = target.scores([item]), target.thresholds([item], 3)
        assert_same(path, stepping.solve(Task(profiles, scores[users, 0], thresholds[users, 0]), choice))


def test_leaping_is_algorithm_1_as_printed(films):
    """One user: the print scores 1,196 films of 10,771 words in every iteration."""
    target, items = films
    choice = choose("mean", 7, 0.5)
    users = sample(target.audience.shape[0], 0.5, 1)
    ratings = target.audience.ratings[users].toarray()
    dense, mutable = target.audience.item_features.toarray(), target.audience.mutable
    expected = printed.compute_recourse(dense, ratings, items[0], mutable, choice)
    found = leap(problems(films, 0.5, 7)[0], choice)
    assert_same(found, expected._replace(change=expected.change[mutable]))


def test_thresholding_is_one_at_a_time(films):
    target, items = films
    [problem, *_] = problems(films, 20, 5)
    change = leap(problem, choose("sum", 5, 0.05, 0.05, max_iterations=60)).change
    scores, thresholds = target.scores(items[:1])[:, 0], target.thresholds(items[:1], 10)[:, 0]
    found = hard_threshold(change, target.audience.linear(), scores, thresholds, 0.8)
    assert np.array_equal(found, one_at_a_time(change, profiles_of(target), scores, thresholds, 0.8))
    assert 0 < np.count_nonzero(found) < np.count_nonzero(change)
