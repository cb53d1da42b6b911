"""Simulated populations: how strongly, and in which way, people are constrained.

A `Scheme` says it declaratively; `draw` makes profiles of it. All schemes are drawn from the same random numbers, so
that they compare like with like: person 7 of a seed has the same latent weights, the same order in which features are
locked and the same preferred values in every scheme of one correlation.

The laws
--------
*Latent weights.* ``log w = spread * z``, then scaled to mean 1 over all features. The taste ``z`` of a person for a
feature is ``sqrt(1 - c^2) e + c g``: ``e`` is the person's own, standard normal; ``g`` is shared by everybody with one
value of the sensitive attribute, equally spaced numbers with mean 0 and variance 1 over the features, in an order that
the seed draws. The value 1 has the order of the value 0 reversed (3 that of 2, and so on). The correlation ``c`` is
that between ``z`` and ``g``: at 0 preferences know nothing of the attribute, at 1 they follow from it.

*Preferred values.* The present value plus ``preferred_distance`` standard deviations times a second taste of the same
law, moved into the limits and into the person's own box and direction. Locked features have none.

*Random masks.* Each person has the features in a random order and keeps the first of them, ``share * features`` on
average: the number is rounded up with the probability of its fraction, by one random number per person. So what a
person keeps of 25 % is among what they keep of 50 %. At least one feature is kept, which lifts the average where
``share * features`` is below 1.

*Directions.* ``own`` draws for each person and feature whether it may only go up or only down, evenly.
"""

from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from recrec.actionability.elicitation import (
    ranks_of,
    scaled,
    scores_of,
    weights_from_ranks,
    weights_from_scores,
)
from recrec.actionability.profiles import Profiles
from recrec.config import Section
from recrec.config.values import refusal
from recrec.errors import InputError

#: Streams of random numbers; the order is part of the results.
STREAMS = ("tastes", "order", "rounding", "preferred", "directions", "group tastes", "group preferred")


class Scheme(Section):
    """How people of a simulated population are constrained, and how they are asked for their preferences."""

    keep: float = Field(
        1.0, gt=0, le=1, description="share of the features that a person may act on, drawn at random, at least one"
    )
    top: int | None = Field(
        None, ge=1, description="people may act on so many features, those easiest for them; null: on all"
    )
    weights: Literal["uniform", "ranked", "scored", "latent"] = Field(
        "uniform",
        description="the cost weights that methods are given: all 1, from a person's ranking of the features or scores "
        "from 1 to 5, or what changes truly cost the person",
    )
    lock_above: float | None = Field(
        None,
        gt=1,
        description="with scores: features that cost more than so many times a person's middle get a 6, which locks "
        "them; null: none does",
    )
    preferred: bool = Field(False, description="whether people have values that they would like best")
    preferred_distance: float = Field(
        1.0, gt=0, description="how far preferred values are from present ones, in standard deviations"
    )
    penalty: float = Field(
        1.0, gt=0, description="weight of the distance from the preferred value; weights of changes have mean 1"
    )
    box: float | None = Field(
        None, gt=0, description="farthest that a value may move from the present one, in standard deviations; null: any"
    )
    direction: Literal["any", "up", "down", "own"] = Field(
        "any", description="which way values may move; own: up or down, drawn for each person and feature"
    )
    spread: float = Field(
        1.0, ge=0, le=10, description="standard deviation of the logarithm of what changes truly cost, before scaling"
    )
    correlation: float = Field(
        0.0, ge=0, le=1, description="between a person's preferences and those shared by their sensitive group"
    )

    @model_validator(mode="after")
    def _check(self) -> "Scheme":
        if self.top is not None and self.keep < 1:
            raise refusal(f"given {self.top} beside keep {self.keep:g}; allowed: one of the two", "top")
        if self.lock_above is not None and self.weights != "scored":
            raise refusal(
                f"given {self.lock_above:g} beside weights {self.weights}; allowed: null, or weights scored",
                "lock_above",
            )
        return self

    @property
    def hard(self) -> bool:
        """Whether it forbids anything."""
        bounded = self.box is not None or self.direction != "any"
        return self.keep < 1 or self.top is not None or self.lock_above is not None or bounded

    @property
    def soft(self) -> bool:
        """Whether it makes some changes cost more than others."""
        return self.weights != "uniform" or self.preferred

    @property
    def kind(self) -> str:
        """Its constraints in a word: none, hard, soft or both.

        Examples
        --------
        >>> [SCHEMES[name].kind for name in ("universal", "top-1", "ranked", "hard-soft")]
        ['none', 'hard', 'soft', 'both']
        """
        if self.hard and self.soft:
            return "both"
        return "hard" if self.hard else "soft" if self.soft else "none"


#: The named schemes, in the order of tables and figures.
SCHEMES = {
    "universal": Scheme(),
    "mask-75": Scheme(keep=0.75),
    "mask-50": Scheme(keep=0.5),
    "mask-25": Scheme(keep=0.25),
    "top-2": Scheme(top=2),
    "top-1": Scheme(top=1),
    "ranked": Scheme(weights="ranked"),
    "scored": Scheme(weights="scored"),
    "preferred": Scheme(preferred=True),
    "hard-soft": Scheme(top=2, weights="ranked"),
    "ranked-correlated": Scheme(weights="ranked", correlation=0.8),
    "top-2-correlated": Scheme(top=2, correlation=0.8),
    "top-1-correlated": Scheme(top=1, correlation=0.8),
}


def draw(
    scheme: Scheme,
    present: np.ndarray,
    sd: np.ndarray,
    limits: np.ndarray | None = None,
    sensitive: np.ndarray | None = None,
    seed: int = 0,
) -> Profiles:
    """Profiles of some people.

    The first people of a seed are the same however many there are.

    Parameters
    ----------
    scheme : Scheme
    present : (people, features) array
        The present values of the features that can be acted on.
    sd : (features,) array
        Their standard deviations, in the features' own units.
    limits : (2, features) array, optional
        Least and largest value of each feature for anybody; preferred values are inside.
    sensitive : (people,) array, optional
        Codes of the sensitive attribute: whole numbers from 0. Needed where the scheme has a correlation.
    seed : int

    Returns
    -------
    Profiles

    Raises
    ------
    InputError
        For a scheme with a correlation where there is no sensitive attribute.
    ValueError
        For codes that are not whole numbers from 0.

    Examples
    --------
    >>> profiles = draw(SCHEMES["top-2"], np.zeros((4, 3)), np.ones(3), seed=1)
    >>> profiles.mask.sum(axis=1).tolist()
    [2, 2, 2, 2]
    """
    present = np.asarray(present, dtype=float)
    people, features = present.shape
    random = {name: np.random.default_rng([seed, place]) for place, name in enumerate(STREAMS)}
    own = random["tastes"].standard_normal((people, features))
    tastes = _mixed(scheme, own, sensitive, random["group tastes"])
    everything = np.ones((people, features), dtype=bool)
    latent = scaled(np.exp(scheme.spread * tastes), everything)
    profiles = Profiles.universal(people, features)._replace(latent=latent)

    mask = everything
    if scheme.keep < 1:
        mask = _kept(scheme.keep, random["order"].random((people, features)), random["rounding"].random((people,)))
    elif scheme.top is not None:
        mask = np.argsort(np.argsort(latent, axis=1, kind="stable"), axis=1) < scheme.top
    if scheme.weights == "ranked":
        weights = weights_from_ranks(ranks_of(latent, mask), mask)
    elif scheme.weights == "scored":
        lock_above = np.inf if scheme.lock_above is None else scheme.lock_above
        weights, mask = weights_from_scores(scores_of(latent, mask, lock_above))
    elif scheme.weights == "latent":
        weights = scaled(latent, mask)
    else:
        weights = profiles.weights
    profiles = profiles._replace(mask=mask, weights=weights)

    if scheme.box is not None:
        profiles = profiles._replace(low=present - scheme.box * sd, high=present + scheme.box * sd)
    if scheme.direction == "own":
        up = random["directions"].random((people, features)) < 0.5
        profiles = profiles._replace(direction=np.where(up, 1, -1).astype(np.int8))
    elif scheme.direction != "any":
        way = {"up": 1, "down": -1}[scheme.direction]
        profiles = profiles._replace(direction=np.full((people, features), way, dtype=np.int8))
    if scheme.preferred:
        own = random["preferred"].standard_normal((people, features))
        wish = present + scheme.preferred_distance * sd * _mixed(scheme, own, sensitive, random["group preferred"])
        lower, upper = profiles.box(present, limits)
        profiles = profiles._replace(
            preferred=np.where(mask, np.clip(wish, lower, upper), np.nan), penalty=np.where(mask, scheme.penalty, 0.0)
        )
    return profiles.check(present)


def _mixed(scheme: Scheme, own: np.ndarray, sensitive: np.ndarray | None, random: np.random.Generator) -> np.ndarray:
    """Tastes of people: their own ones and those of their sensitive group, mixed by the scheme's correlation."""
    if not scheme.correlation:
        return own
    if sensitive is None:
        raise InputError(
            f"a scheme of correlation {scheme.correlation:g} needs a sensitive attribute, and there is none; "
            "allowed: correlation 0"
        )
    codes = np.asarray(sensitive)
    if not (np.all(codes >= 0) and np.all(codes == np.floor(codes))):
        raise ValueError("codes of the sensitive attribute have to be whole numbers from 0")
    codes = codes.astype(int)
    features = own.shape[1]
    steps = np.arange(features) - (features - 1) / 2
    steps /= max(float(np.sqrt(np.mean(steps**2))), np.finfo(float).tiny)
    pairs = np.array([random.permutation(steps) for _ in range(int(codes.max(initial=0)) // 2 + 1)])
    shared = pairs[codes // 2] * np.where(codes % 2, -1.0, 1.0)[:, None]
    return np.sqrt(1 - scheme.correlation**2) * own + scheme.correlation * shared


def _kept(share: float, order: np.ndarray, rounding: np.ndarray) -> np.ndarray:
    """Which features people keep if each has them in a random order, and rounds by a random number of their own."""
    number = np.floor(share * order.shape[1] + rounding)
    return np.argsort(order, axis=1) < np.maximum(number, 1)[:, None]
