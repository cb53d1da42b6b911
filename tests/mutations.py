"""Mistakes that tests have to notice: each is made in a copy of the library, and the tests named with it have to fail.

    python tests/mutations.py [part of a name ...]

Some minutes; not part of the tests themselves. The list has what once went unnoticed. A mistake whose text is no longer
in the code is reported as well: write down where it would be made now.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parent.parent


class Mutation(NamedTuple):
    """A mistake.

    Attributes
    ----------
    name : str
    file : str
        In `scripts/`.
    old, new : str
        Text of which there is exactly one in the file, and what stands there instead.
    tests : str
        Test files that have to notice it, and options of pytest.
    """

    name: str
    file: str
    old: str
    new: str
    tests: str


LEAPING, MEASURES = "recrec/methods/recrec/leaping.py", "recrec/evaluation/measures.py"
THRESHOLDING, RECOURSES = "recrec/evaluation/thresholding.py", "recrec/evaluation/recourses.py"
WHOLE = "test_literal.py test_by_hand.py"
MUTATIONS = [
    Mutation("rbo_p05 is the 95th percentile", MEASURES, "overlap[:, row], 5)", "overlap[:, row], 95)", WHOLE),
    Mutation(
        "events are the iterations", "recrec/methods/recrec/batches.py", "int(paths.events[", "int(paths.iterations[",
        WHOLE,
    ),
    Mutation(
        "events are not counted without an L1 term", LEAPING,
        "events = events + xp.astype(running, xp.int64)\n        if profiles.signed:",
        "if profiles.signed:", WHOLE,
    ),
    Mutation(
        "events are not counted with an L1 term", LEAPING,
        "iterations.dtype)\n        events = events + xp.astype(running, xp.int64)", "iterations.dtype)", WHOLE,
    ),
    Mutation(
        "changed_share_mutable is of all features", MEASURES, "changed[row] / kept.shape[1]",
        "changed[row] / len(target.audience.mutable)", WHOLE,
    ),
    Mutation("thresholding keeps everything", THRESHOLDING, "*of_users, keep, count", "*of_users, 1.0, count", WHOLE),
    Mutation(
        "the script of hard thresholding keeps everything", "hard_thresholding.py",
        'thresholding["keep"], count', "1.0, count", "test_workflow.py -k literally",
    ),
    Mutation(
        "thresholding is over the sample of seed 0", THRESHOLDING, "percentage, int(seed))", "percentage, 0)", WHOLE
    ),
    Mutation(
        "an item in just the allowed share of lists is not selected", "recrec/evaluation/selection.py",
        "baseline.top_share <= max_top_share", "baseline.top_share < max_top_share", WHOLE,
    ),
    Mutation(
        "ranks are taken in the order of the config", "recrec/evaluation/selection.py", "in sorted(ranks)", "in ranks",
        WHOLE,
    ),
    Mutation(
        "the digest does not follow a package that passes names on", "recrec/workflow/digest.py",
        "        waiting += imported\n", '        waiting += imported if path.stem != "__init__" else []\n',
        "test_digest.py",
    ),
    Mutation(
        "the digest does not follow a module that passes names on", "recrec/workflow/digest.py",
        "            yield node.module\n", "", "test_digest.py",
    ),
    Mutation(
        "signed profiles are carried along in a leap", LEAPING, "if profiles.signed:  #", "if False:  #",
        "test_solvers.py",
    ),
    Mutation(
        "the seed of a sample is ignored", "recrec/evaluation/sampling.py", "default_rng(seed)", "default_rng(0)",
        WHOLE,
    ),
    Mutation(
        "a sample is the first users", "recrec/evaluation/sampling.py",
        "np.random.default_rng(seed).permutation(users)", "np.arange(users)", WHOLE,
    ),
    Mutation(
        "scores at the end of a path without an L1 term are those before", LEAPING,
        "return Paths(change, status, iterations, events, scores)\n\n\ndef _rate_of",
        "return Paths(change, status, iterations, events, batch.scores)\n\n\ndef _rate_of", "test_solvers.py",
    ),
    Mutation(
        "scores at the end of a path with one are those before", LEAPING,
        "            return Paths(change, status, iterations, events, scores)\n",
        "            return Paths(change, status, iterations, events, batch.scores)\n", "test_solvers.py",
    ),
    Mutation(
        "an item's own score counts as it is", "recrec/ranking.py", "(tie_adjusted(present) >= scores)\n    return 1",
        "(present >= scores)\n    return 1", "test_ties.py",
    ),
    Mutation(
        "and among the first k", "recrec/ranking.py", "(tie_adjusted(scores) >= kth)", "(scores >= kth)",
        "test_ties.py",
    ),
    Mutation("scores a millionth apart are tied", "recrec/ranking.py", "TIE = 1e-9", "TIE = 1e-6", "test_ties.py"),
    Mutation("hardly any scores are tied", "recrec/ranking.py", "TIE = 1e-9", "TIE = 1e-12", "test_ties.py"),
    Mutation(
        "a Gram matrix is made whatever the memory", "recrec/methods/recrec/batches.py",
        "<= device.budget", "<= 1e99", "test_memory.py",
    ),
    Mutation(
        "a Gram matrix is made with an L1 term", "recrec/methods/recrec/batches.py",
        "if settings.lambda_ != 0.0 or problem.constraints.bounded:", "if False:", "test_memory.py",
    ),
    Mutation(
        "the sample is that of another percentage", RECOURSES, "np.sort(sample(users, percentage, seed))",
        "np.sort(sample(users, percentage / 2, seed))", WHOLE,
    ),
    Mutation(
        "the live success is the frozen one", MEASURES, "success[users, row] = np", "_ = np", WHOLE
    ),
    Mutation(
        "the script of the evaluation takes another p", "evaluate.py", "params.rbo_p", "0.9",
        "test_workflow.py -k literally",
    ),
    Mutation(
        "the script of the recourse takes the first seed only", "recourse.py", "params.seeds", "params.seeds[:1]",
        "test_workflow.py -k literally",
    ),
    Mutation(
        "autograd adds where it averages", "recrec/benchmarks/autograd.py",
        "jnp.where(mean, jnp.maximum(left.sum(), 1), 1)", "1", "test_benchmarks.py",
    ),
    Mutation(
        "as printed, the item is the first of those tied", "recrec/benchmarks/printed.py",
        "scores += TIE *", "scores -= TIE *", "test_benchmarks.py",
    ),
    Mutation(
        "the spread of latent weights is always 1", "recrec/actionability/populations.py",
        "np.exp(scheme.spread * tastes)", "np.exp(tastes)", "test_actionability.py",
    ),
    Mutation(
        "a bound at the present value is refused", "recrec/actionability/answers.py",
        "elif low > present:", "elif low >= present:", "test_actionability_answers.py",
    ),
    Mutation(
        "a density without the slope of its equation", "recrec/causal/model.py",
        "mechanism.law.log_density(noise, xp) - log_slope", "mechanism.law.log_density(noise, xp)",
        "test_causal_model.py",
    ),
    Mutation(
        "twins are the people themselves", "recrec/causal/model.py", "found[node] = 1.0 - x[..., place]",
        "found[node] = x[..., place]", "test_causal_model.py",
    ),
    Mutation(
        "what is acted on is not cut off from its parents", "recrec/causal/model.py",
        "if k is not None and acted[k]:\n                effects[k, place] = 1.0\n                continue",
        "if k is not None and acted[k]:\n                effects[k, place] = 1.0", "test_causal_model.py",
    ),
    Mutation(
        "ranges are the other people's", "recrec/causal/world.py", 'rows = train if normaliser == "all"',
        'rows = train if normaliser != "all"', "test_causal_model.py",
    ),
    Mutation(
        "percentiles count from above", "recrec/causal/measures.py", "50.0 * (below + up_to) / len(own)",
        "100.0 - 50.0 * (below + up_to) / len(own)", "test_causal_measures.py",
    ),
    Mutation(
        "accepted twins count in individual gaps", "recrec/causal/gaps.py",
        'np.where(self.values["twin_accepted"] == 0, difference * signs, np.nan)', "difference * signs",
        "test_causal_gaps.py",
    ),
    Mutation(
        "p-values can be 0", "recrec/causal/gaps.py", "p[columns] = (out + 1) / (number + 1)",
        "p[columns] = out / number", "test_causal_gaps.py",
    ),
    Mutation(
        "a plan goes on beyond what it has to gain", "recrec/causal/boxed.py",
        "missing / np.where(rate > 0, rate, 1.0), 0.0)", "2 * missing / np.where(rate > 0, rate, 1.0), 0.0)",
        "test_causal_exact.py",
    ),
]  # fmt: skip


def survives(mutation, folder):
    """Why a mistake is not noticed, in a few words; None if it is."""
    copy = Path(folder) / "repository"
    shutil.copytree(
        REPOSITORY, copy, ignore=shutil.ignore_patterns(".git", ".venv", ".snakemake", "results", "__pycache__")
    )
    path = copy / "scripts" / mutation.file
    text = path.read_text("utf-8") if path.is_file() else ""
    if text.count(mutation.old) != 1:
        return f"its text stands {text.count(mutation.old)} times in {mutation.file}"
    path.write_text(text.replace(mutation.old, mutation.new), "utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-x",
            "-p",
            "no:cacheprovider",
            "--hypothesis-profile",
            "first-failure",
            *mutation.tests.split(),
        ],
        cwd=copy / "tests",
        env={key: value for key, value in os.environ.items() if not key.startswith("PYTEST")},
        capture_output=True,
        text=True,
    )
    if done.returncode == 1 and "\nE  " in done.stdout:
        return None
    return f"pytest ended with {done.returncode}: {done.stdout.strip().splitlines()[-1:]}"


def main(parts):
    """Make the mistakes whose names have one of these parts, all of them if none are given."""
    unnoticed = 0
    for mutation in MUTATIONS:
        if parts and not any(part in mutation.name for part in parts):
            continue
        with tempfile.TemporaryDirectory() as folder:
            why = survives(mutation, folder)
        unnoticed += why is not None
        print(f"{'noticed' if why is None else 'NOT NOTICED'}: {mutation.name}{f' ({why})' if why else ''}", flush=True)
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
