"""The choices that Algorithm 1 leaves open."""

from typing import Literal

from pydantic import Field

from recrec.methods import MethodSettings


class Settings(MethodSettings):
    """The choices that Algorithm 1 leaves open.

    Examples
    --------
    >>> Settings(**{"lambda": 0.1}).lambda_
    0.1
    """

    aggregate: Literal["mean", "sum"] = Field(
        "mean",
        description="how the scores of the active users enter the loss: sum is the paper's; under mean, lambda and the "
        "step keep their weight when few users are left",
    )
    learning_rate: float = Field(
        0.05, gt=0, description="step size: the first step changes no feature by more than this"
    )
    lambda_: float = Field(
        0.0,
        alias="lambda",
        ge=0,
        le=1,
        description="weight of the L1 term, as a share of the largest entry of the first gradient; at 1 nothing moves",
    )
    l1_step: Literal["proximal", "subgradient"] = Field(
        "proximal", description="soft threshold, or the plain subgradient with sign(0) = 0 (the paper's letter)"
    )
    max_iterations: int = Field(5000, ge=1, description="gradient steps at most")
