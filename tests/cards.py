"""Made-up people for cards: small worlds whose classifier is a line, and cards of every kind."""

import logging

import numpy as np

from recrec.actionability.profiles import Profiles
from recrec.causal import methods
from recrec.causal.card import card_data
from recrec.causal.catalogue import CausalDataset
from recrec.causal.classifiers import Classifier
from recrec.causal.world import world_of

NORMAL = {"kind": "normal"}
#: As a name, a label, a title: what must never reach a page as it is.
EVIL = "<script>alert('a & b')</script>"


def line(coefficients, intercept, threshold=0.5):
    """A logistic regression, which accepts from a probability on."""
    shift = np.log(threshold / (1 - threshold))
    return Classifier((np.array(coefficients, dtype=float)[:, None],), (np.array([float(intercept)]),), shift)


def dataset_of(nodes, **keys):
    content = {"title": "Bank", "synthetic": True, "assumptions": "Income raises savings.", "nodes": nodes, **keys}
    content.setdefault("accepted", f"{next(iter(nodes))} >= 0")
    return CausalDataset.model_validate(content)


def bank(**keys):
    """Age, which nobody may change, debts, income, and savings, which follow income."""
    return dataset_of(
        {
            "age": {"equation": "40 + 10*U_age", "noise": NORMAL, "unit": "years"},
            "debts": {"actionable": True, "equation": "4 + 1.5*U_debts", "noise": NORMAL},
            "income": {
                "label": "monthly income", "unit": "€", "actionable": True,
                "equation": "1000 + 40*age + 800*U_income", "noise": NORMAL,
            },
            "savings": {"actionable": True, "unit": "€", "equation": "2*income + 3000*U_savings", "noise": NORMAL},
        },
        **keys,
    )  # fmt: skip


def bank_world(threshold=0.5):
    dataset = bank()
    model, shift = dataset.model(), np.log(threshold / (1 - threshold))
    x, _ = model.sample(2000, np.random.default_rng(1))
    classifier = line([0.01, -0.5, 0.001, 0.0002], -2.6 + shift, threshold)
    return world_of(model, classifier, x, np.quantile(x[:, model.actionable], [0.01, 0.99], axis=0))


WORLD = bank_world()
REJECTED = WORLD.train[WORLD.classifier.logit(WORLD.train) < 0]
#: A person of 30 who earns and has little.
PERSON = np.array([30.0, 6.123, 1500.0, 2500.0])
#: The same with many debts.
DEBTOR = np.array([30.0, 20.0, 1500.0, 2500.0])


def solve(problem):
    method = methods.load("exact")
    return method.solve(problem, method.Settings(), None, 0, logging.getLogger("cards"))


def profile(mask=(1, 1, 1), direction=(0, 0, 0), low=None, high=None, weights=(1, 1, 1), preferred=None):
    """A profile of somebody at the bank."""
    whole = Profiles.universal(1, 3)

    def bounds(values, none):
        return np.array([[none if value is None else value for value in values or [None] * 3]], dtype=float)

    wished = bounds(preferred, np.nan)
    return whole._replace(
        mask=np.array([mask], dtype=bool),
        direction=np.array([direction], dtype=np.int8),
        low=bounds(low, -np.inf),
        high=bounds(high, np.inf),
        weights=np.array([weights], dtype=float),
        preferred=wished,
        penalty=np.where(np.isnan(wished), 0.0, 1.0),
    )


def card_of(values=PERSON, profiles=None, world=WORLD, dataset=None, **keys):
    return card_data(world, dataset or bank(), values, profiles, solve, **keys)


def usual(x):
    """A stand-in for plausibility."""
    return np.full(len(x), 37.2)


def crowded(intercept):
    """The most that a page is asked to hold: twelve nodes with long names, eight limits, a warning, a long text."""
    names = [f"n{number}" for number in range(12)]
    nodes = {}
    for number, name in enumerate(names):
        causes = [names[other] for other in (number - 3, number - 4, number - 7) if other >= 0]
        nodes[name] = {
            "label": f"some rather long feature {number}" + number // 11 * EVIL,
            "unit": "€ a month",
            "equation": " + ".join([*(f"0.3*{cause}" for cause in causes), f"U_{name}"]),
            "noise": NORMAL,
            "actionable": number >= 2,
        }
    dataset = dataset_of(nodes, title=f"Crowd {EVIL}", assumptions="Every feature acts on some of the next ones. " * 12)
    model = dataset.model()
    x, _ = model.sample(500, np.random.default_rng(2))
    x *= 1000
    dataset_model = dataset.model()
    classifier = line(np.full(12, 0.0004), intercept)
    world = world_of(dataset_model, classifier, x, np.quantile(x[:, model.actionable], [0.01, 0.99], axis=0))
    person = -np.linspace(300, 2600, 12)
    person[0] = -9000.0
    k = len(model.actionable)
    profiles = Profiles.universal(1, k)
    profiles.mask[0, [0, 2, 4]] = False
    profiles.direction[0, [1, 3]] = 1
    profiles.high[0, 5:8] = person[model.actionable[5:8]] + 700
    profiles.weights[0, 5:] = np.linspace(0.6, 1.6, k - 5)
    return world, dataset, person, profiles


def examples():
    """A card of every kind by name."""
    rich = REJECTED[0].copy()
    rich[2:4] = 5000.0, 9000.0
    return {
        "plan": card_of(profiles=profile(mask=(0, 1, 1), direction=(0, 1, 0), weights=(1, 0.5, 1.5)), plausible=usual),
        "free": card_of(plausible=usual, person="row 17", note="Limits as a simulation drew them, not asked."),
        "strict": card_of(world=bank_world(0.9), dataset=bank(threshold=0.9)),
        "accepted": card_of(rich),
        "one in the way": card_of(profiles=profile(mask=(0, 0, 1), high=(None, None, 2600))),
        "two in the way": card_of(
            np.array([30.0, 20.0, *PERSON[2:]]), profile(mask=(0, 1, 0), high=(None, 1600, None))
        ),
        "nothing helps": card_of(np.array([-20000.0, *PERSON[1:]]), profile(mask=(0, 1, 1))),
        "crowded": card_data(*crowded(4.0), solve, usual, f"row {EVIL}", f"From {EVIL}."),
        "crowded, nothing": card_data(*crowded(-0.3), solve, usual, f"row {EVIL}", f"From {EVIL}."),
    }
