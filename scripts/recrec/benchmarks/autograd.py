"""Algorithm 1 as one would write it with PyTorch: the loss, its gradient by autograd, every item ranked anew.

For the benchmarks only; PyTorch is an optional extra.
"""

import numpy as np

from recrec.methods import LIMIT, REACHED, STALLED
from recrec.methods.recrec.steps import ended, scale, shrink
from recrec.ranking import TIE


def compute_recourse(features, ratings, item, mutable, settings):
    """As `algorithm1.compute_recourse` with the proximal L1 step.

    Parameters
    ----------
    features : (items, features) array
    ratings : (users, items) array
    item : int
    mutable : (features,) bool array
    settings : Settings

    Returns
    -------
    Solution
    """
    import torch

    torch.set_num_threads(1)  # as everything that it is timed beside
    fixed = torch.from_numpy(~mutable)
    matrix, rows = torch.from_numpy(features), torch.from_numpy(ratings)
    profiles = rows @ matrix
    original = matrix[item].clone()
    changed = original.clone().requires_grad_()
    units = None
    iterations = 0
    while True:
        with torch.no_grad():
            scores = profiles @ matrix.T
            thresholds = scores + TIE * torch.clamp(scores.abs(), min=1.0)
            thresholds[:, item] = -torch.inf
            rank = 1 + (thresholds >= (profiles @ changed)[:, None]).sum(dim=1)
            left = rank > settings.desired_rank
        status = None
        if not left.any():
            status = REACHED
        else:
            ours = profiles[left] @ changed
            loss = -(ours.mean() if settings.aggregate == "mean" else ours.sum())
            changed.grad = None
            loss.backward()
            gradient = (-changed.grad).masked_fill(fixed, 0.0)
            units = units or scale(gradient.numpy(), settings)
            if units is None:
                status = STALLED
            else:
                stepped = (changed.detach() - original + units.step * gradient).numpy()
                moved = torch.from_numpy(shrink(np, stepped, units.step * units.l1))
                if torch.equal(original + moved, changed.detach()):
                    status = STALLED
                elif iterations == settings.max_iterations:
                    status = LIMIT
        if status:
            return ended((changed.detach() - original).numpy(), status, iterations, iterations)
        changed = (original + moved).requires_grad_()
        iterations += 1
