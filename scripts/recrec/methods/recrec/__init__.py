"""RecRec's Algorithm 1: gradient descent on the item's features until the sampled users see it within a rank.

The proximal step leaps from event to event, in batches that fit into the device's memory; the subgradient step jumps to
and fro around zero and has to be taken step by step.
"""

from recrec.methods.recrec import batches, stepping
from recrec.methods.recrec.settings import Settings
from recrec.methods.recrec.steps import Task

__all__ = ["THRESHOLDED", "TITLE", "Settings", "solve", "unsupported"]

TITLE = "RecRec"
THRESHOLDED = True


def unsupported(problem, settings):
    """Why it cannot answer: its path is that of scores that are linear in the item's features.

    Parameters
    ----------
    problem : methods.Problem
    settings : Settings

    Returns
    -------
    str or None
    """
    if problem.audience.linear() is None:
        return "this recommender's scores are not linear in the item's features, along which Algorithm 1 leaps"
    return None


def solve(problem, settings, device, log):
    """Run Algorithm 1 for every sample and item.

    Parameters
    ----------
    problem : methods.Problem
    settings : Settings
    device : device.Device
    log : logging.Logger

    Returns
    -------
    list of lists of Solution
        By sample, then item; diagnostics are ``iterations`` and ``events``.

    Raises
    ------
    InputError
        If a recourse does not fit into memory.
    """
    if settings.l1_step == "proximal":
        return batches.solve(problem, settings, device, log)
    solutions = []
    for users in problem.samples:
        linear = problem.audience.linear()
        profiles = linear.take(users).columns(slice(None))
        solutions.append([
            stepping.solve(
                Task(profiles, problem.scores[users, at], problem.thresholds[users, at], problem.constraints), settings
            )
            for at in range(len(problem.items))
        ])  # fmt: skip
    return solutions
