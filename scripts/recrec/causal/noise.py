"""Laws of the noise of a causal model's nodes: drawn from, and their exact densities."""

import math
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from recrec.config import Section
from recrec.config.values import number, refusal

Positive = number(gt=0)
LOG_ROOT = 0.5 * math.log(2 * math.pi)


class Normal(Section):
    """Normal noise."""

    kind: Literal["normal"]
    mean: number() = Field(0.0, description="Its mean.")
    sd: Positive = Field(1.0, description="Its standard deviation.")

    def sample(self, rng, n):
        """Some draws: an array (n,)."""
        return rng.normal(self.mean, self.sd, n)

    def log_density(self, u, xp=np):
        """The log-density at each value."""
        return -0.5 * ((u - self.mean) / self.sd) ** 2 - math.log(self.sd) - LOG_ROOT


class Mixture(Section):
    """Noise of a mixture of normal laws."""

    kind: Literal["mixture"]
    weights: Annotated[list[Positive], Field(min_length=1)] = Field(description="Share of each law; they sum to 1.")
    means: list[number()] = Field(description="Mean of each.")
    sds: list[Positive] = Field(description="Standard deviation of each.")

    @model_validator(mode="after")
    def _fits(self):
        for key in ("means", "sds"):
            if len(getattr(self, key)) != len(self.weights):
                raise refusal(f"given {len(getattr(self, key))} values; allowed: as many as weights", key)
        if abs(math.fsum(self.weights) - 1) > 1e-9:
            raise refusal(f"given weights with the sum {math.fsum(self.weights):.6g}; allowed: 1", "weights")
        return self

    def sample(self, rng, n):
        """Some draws: an array (n,)."""
        weights = np.array(self.weights) / math.fsum(self.weights)
        which = rng.choice(len(weights), n, p=weights)
        return rng.normal(np.array(self.means)[which], np.array(self.sds)[which])

    def log_density(self, u, xp=np):
        """The log-density at each value."""
        parts = [
            math.log(weight) - 0.5 * ((u - mean) / sd) ** 2 - math.log(sd) - LOG_ROOT
            for weight, mean, sd in zip(self.weights, self.means, self.sds, strict=True)
        ]
        largest = parts[0]
        for part in parts[1:]:
            largest = xp.maximum(largest, part)
        total = sum(xp.exp(part - largest) for part in parts)
        return largest + xp.log(total)


class Bernoulli(Section):
    """A coin: 1 or 0."""

    kind: Literal["bernoulli"]
    p: number(gt=0, lt=1) = Field(description="Probability of 1.")

    def sample(self, rng, n):
        """Some draws: an array (n,)."""
        return (rng.random(n) < self.p).astype(float)

    def log_density(self, u, xp=np):
        """The log-probability of each value; that of anything but 0 and 1 is minus infinity."""
        otherwise = xp.where(u == 0.0, math.log1p(-self.p) + 0.0 * u, -math.inf)
        return xp.where(u == 1.0, math.log(self.p) + 0.0 * u, otherwise)


class Gamma(Section):
    """Gamma noise."""

    kind: Literal["gamma"]
    shape: Positive = Field(description="Its shape.")
    scale: Positive = Field(description="Its scale.")

    def sample(self, rng, n):
        """Some draws: an array (n,)."""
        return rng.gamma(self.shape, self.scale, n)

    def log_density(self, u, xp=np):
        """The log-density at each value; minus infinity where it is not positive."""
        inside = xp.where(u > 0.0, u, xp.ones_like(u))
        density = (self.shape - 1.0) * xp.log(inside) - inside / self.scale
        return xp.where(u > 0.0, density - math.lgamma(self.shape) - self.shape * math.log(self.scale), -math.inf)


class Uniform(Section):
    """Uniform noise."""

    kind: Literal["uniform"]
    low: number() = Field(description="From here.")
    high: number() = Field(description="To here.")

    @model_validator(mode="after")
    def _in_order(self):
        if self.low >= self.high:
            raise refusal(f"given {self.high}; allowed: above low, {self.low}", "high")
        return self

    def sample(self, rng, n):
        """Some draws: an array (n,)."""
        return rng.uniform(self.low, self.high, n)

    def log_density(self, u, xp=np):
        """The log-density at each value; minus infinity outside."""
        inside = (u >= self.low) & (u <= self.high)
        return xp.where(inside, -math.log(self.high - self.low) + 0.0 * u, -math.inf)


Noise = Annotated[Normal | Mixture | Bernoulli | Gamma | Uniform, Field(discriminator="kind")]
