"""A method and a recommender of one's own: one file each dropped into its folder, nothing else touched."""

import pandas as pd
import tiny

METHOD = '''"""Copies what the most popular item has and this one lacks."""

import numpy as np
from pydantic import Field

from recrec.methods import REACHED, STALLED, MethodSettings, Solution

TITLE = "nudge"
THRESHOLDED = False


class Settings(MethodSettings):
    """How much of it."""

    amount: float = Field(1.0, gt=0, description="what is added of each feature")


def unsupported(problem, settings):
    if not problem.audience.mutable.any():
        return "nothing can change"


def solve(problem, settings, device, log):
    best = int(np.argmax(problem.audience.scores().mean(axis=0)))
    rows = []
    for users in problem.samples:
        audience, row = problem.audience.take(users), []
        for at, item in enumerate(problem.items):
            lacking = (problem.audience.features(best) > 0) & (problem.audience.features(item) == 0)
            change = settings.amount * lacking
            content = audience.rescored(item, change[None, :])[:, 0] > problem.thresholds[users, at]
            status = REACHED if content.all() else STALLED
            row.append(Solution(change, status, diagnostics={"added": int(lacking.sum())}))
        rows.append(row)
    return rows
'''

RECOMMENDER = '''"""Everybody's taste is the mean taste, with a little of their own."""

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array

from recrec.audience import LinearAudience
from recrec.config import Section

TITLE = "mean taste"


class Settings(Section):
    """How much of their own."""

    own: float = Field(0.5, ge=0, description="weight of a user's own ratings")


def fit(matrices, settings):
    return {"mean": np.asarray(matrices.ratings.mean(axis=0))}


def audience(state, matrices, users, candidates, settings):
    ratings = matrices.ratings[users]
    weights = csr_array(settings.own * ratings.toarray() + state["mean"])
    return Mean(matrices.features, matrices.mutable, ratings, candidates, weights)


class Mean(LinearAudience):
    """Users of this recommender; a changed item leaves their own state as it is."""

    def live(self, item, changes):
        for _ in changes:
            yield np.array([], dtype=int), np.empty((0, self.shape[1]))
'''
CHOICE = [
    *["--config", "methods=[recrec,nudge]", "recommenders=[content,mean_taste]"],
    f"method_settings={{nudge: {{default: {{desired_rank: {tiny.STUDY['top_k']}}}}}}}",
]
CELLS = tiny.STUDY["groups"] * len(tiny.STUDY["ranks"]) * len(tiny.STUDY["samplings"])


def test_a_method_and_a_recommender_are_a_file_each(copy_workflow):
    copy = copy_workflow("dropped")
    package = copy.folder / "scripts/recrec"
    before = {path for path in package.rglob("*.py")}
    (package / "methods/nudge.py").write_text(METHOD)
    (package / "recommenders/mean_taste.py").write_text(RECOMMENDER)
    assert len(set(package.rglob("*.py")) - before) == 2

    settings = 'method_settings={"nudge": {"default": {"amount": 2.0}}}'
    done = copy.snakemake("results/figures", *CHOICE)
    assert done.returncode == 0, done.stdout
    results = copy.folder / "results"
    table = pd.read_csv(results / "tables/cells.csv")
    pairs = table.groupby(["recommender", "method"])
    assert set(pairs.groups) == {(one, other) for one in ("content", "mean_taste") for other in ("recrec", "nudge")}
    assert set(pairs.size()) == {CELLS * tiny.STUDY["items_per_rank"] * len(tiny.STUDY["seeds"])}
    nudged = table[table["method"] == "nudge"]
    assert (nudged["success"] == nudged["success_before_thresholding"]).all(), "it is not thresholded"
    assert nudged["added"].notna().all() and table.loc[table["method"] == "recrec", "added"].isna().all()
    assert not (results / "thresholded/tiny/content/nudge").exists()
    assert {path.name for path in results.glob("figures/tiny-mean_taste-nudge-*.png")}
    assert (results / "figures/tiny-comparison.png").exists()
    words = (results / "tables/tiny/recourses.txt").read_text("utf-8")
    assert "Recommender mean_taste, method nudge" in words

    # An edit of either file runs its own cells anew, and no others.
    (package / "methods/nudge.py").write_text(METHOD.replace("* lacking", "* 1.0 * lacking"))
    jobs = copy.planned("results/figures", *CHOICE)
    assert {wildcards for rule, wildcards in jobs if rule == "recourse"} == {
        wildcards for rule, wildcards in jobs if rule == "recourse" and "method=nudge" in wildcards
    }
    assert len([rule for rule, _ in jobs if rule == "recourse"]) == 2 * CELLS
    assert not {"fit", "rank_baseline", "hard_thresholding"} & {rule for rule, _ in jobs}
    (package / "methods/nudge.py").write_text(METHOD)
    (package / "recommenders/mean_taste.py").write_text(RECOMMENDER.replace("toarray() +", "toarray() + 0.0 +"))
    jobs = copy.planned("results/figures", *CHOICE)
    assert {wildcards for rule, wildcards in jobs if rule == "fit"} == {"dataset=tiny, recommender=mean_taste"}
    assert all("mean_taste" in wildcards for rule, wildcards in jobs if rule in ("recourse", "rank_baseline"))
    (package / "recommenders/mean_taste.py").write_text(RECOMMENDER)

    # Its settings are the config's, and checked.
    jobs = copy.planned("results/figures", *CHOICE, settings)
    assert {rule for rule, wildcards in jobs if "method=" in wildcards} == {"recourse", "evaluate", "plot"}
    refused = copy.snakemake("results/figures", *CHOICE, settings.replace("amount", "amuont"))
    assert refused.returncode == 1 and "did you mean amount?" in refused.stdout
