"""The card for one person: what it says is so, its numbers can be acted upon, and its page is a page."""

import html.parser
import re
from types import SimpleNamespace

import cards
import numpy as np
import pytest
from cards import DEBTOR, EVIL, PERSON, REJECTED, WORLD, bank, card_of, profile, solve
from conftest import REPOSITORY
from hypothesis import given, settings
from hypothesis import strategies as st

from recrec.causal import catalogue
from recrec.causal.card import card_data, percent, render
from recrec.causal.layered import layered
from recrec.causal.relaxing import constraints_of, ways_out
from recrec.causal.rounding import DEARER, rounded_plan
from recrec.causal.wording import MINUS, Words
from recrec.causal.world import Problem, cost
from recrec.errors import InputError

#: Together a minute or two.
pytestmark = pytest.mark.slow

NODES = WORLD.model.nodes
ACTIONABLE = WORLD.model.names
EXAMPLES = cards.examples()
PAGES = {name: render(card) for name, card in EXAMPLES.items()}


def parsed(text):
    """The number that a text on the card means."""
    return float(re.match(rf"{MINUS}?[\d,.]+", text)[0].replace(MINUS, "-").replace(",", ""))


def done(values, card):
    """What becomes of somebody who reads a card and does what it says."""
    told = {feature.name: feature for feature in card.having("change", "hold")}
    acted = np.array([[name in told for name in ACTIONABLE]])
    target = [
        parsed(told[name].after_text) if name in told and told[name].role == "change" else values[NODES.index(name)]
        for name in ACTIONABLE
    ]
    return acted, np.array([target]), WORLD.model.counterfactual(values[None], acted, np.array([target]))


@st.composite
def profiles(draw, values=PERSON):
    """What a person may do, at least one thing."""
    present = values[WORLD.model.actionable]
    mask = draw(st.lists(st.booleans(), min_size=3, max_size=3).filter(any))
    direction = draw(st.lists(st.sampled_from([-1, 0, 1]), min_size=3, max_size=3))
    room = st.one_of(st.none(), st.floats(0.01, 6))
    sd = WORLD.sd[WORLD.model.actionable]
    high = [
        None if far is None else now + far * by for now, by in zip(present, sd, strict=True) for far in [draw(room)]
    ]
    low = [None if far is None else now - far * by for now, by in zip(present, sd, strict=True) for far in [draw(room)]]
    weights = draw(st.lists(st.floats(0.05, 5), min_size=3, max_size=3))
    preferred = draw(st.one_of(st.none(), st.just([3.0, 2500.0, None])))
    return profile(mask, direction, low, high, weights, preferred)


class TestPlan:
    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_whoever_does_what_it_says_is_accepted(self, data):
        values = REJECTED[data.draw(st.integers(0, len(REJECTED) - 1))]
        own = data.draw(profiles(values))
        card = card_of(values, own)
        if card.status != "plan":
            return
        acted, target, changed = done(values, card)
        assert WORLD.classifier.logit(changed)[0] >= 0
        lower, upper = Problem(WORLD, values[None], own).box()
        assert ((lower <= target) & (target <= upper)).all()
        assert not (acted & ~own.mask).any()
        assert [feature.after for feature in card.features] == changed[0].tolist()
        spent = cost(WORLD, values[None], acted, target, own.weights, own.preferred, own.penalty)[0]
        assert card.cost == pytest.approx(100 * spent)
        assert sum(feature.share or 0 for feature in card.features) in (100, 0)
        assert card.probability[0] < 0.5 <= card.probability[1]

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_rounding_costs_next_to_nothing(self, data):
        values = REJECTED[data.draw(st.integers(0, len(REJECTED) - 1))]
        own = data.draw(profiles(values))
        problem = Problem(WORLD, values[None], own)
        plans = solve(problem)
        if not plans.found[0]:
            return
        plan = rounded_plan(problem, plans, 0, Words.of(WORLD, bank()))
        best = cost(WORLD, problem.people, plans.acted, plans.values, own.weights, own.preferred, own.penalty)[0]
        assert plan.costs.mean() >= best * (1 - 1e-6) or plan.acted.sum() < plans.acted.sum()
        assert plan.costs.mean() <= best * (1 + DEARER) + 1e-12 or not plan.rounded

    def test_numbers_are_as_coarse_as_that_allows(self):
        features = {feature.name: feature for feature in EXAMPLES["free"].features}
        assert (features["debts"].after_text, features["income"].after_text) == ("4.4", "3,300\xa0€")
        assert features["income"].before_text == "1,500\xa0€" and features["income"].before_short == "1,500"

    def test_what_follows_moves_by_itself(self):
        features = {feature.name: feature for feature in EXAMPLES["free"].features}
        assert {name: feature.role for name, feature in features.items()} == {
            "age": "stays", "debts": "change", "income": "change", "savings": "follows",
        }  # fmt: skip
        # Savings are twice the income and what does not change.
        assert features["savings"].after - 2500 == pytest.approx(2 * (features["income"].after - 1500))
        assert features["savings"].share is None and not features["age"].actionable

    def test_up_and_down(self):
        text = " ".join("".join(Page(PAGES["free"]).text).split())
        assert "Lower debts from 6.123 to 4.4. Raise monthly income from 1,500 to 3,300 €." in text
        assert "6.123 ▼ 4.4 " in text and "1,500 € ▲ 3,300 € " in text

    def test_a_chance_is_that_of_the_classifier(self):
        card = EXAMPLES["free"]
        logit = WORLD.classifier.logit(PERSON[None])[0]
        assert card.probability[0] == pytest.approx(1 / (1 + np.exp(-logit)))
        after = np.array([[feature.after for feature in card.features]])
        assert card.probability[1] == pytest.approx(1 / (1 + np.exp(-WORLD.classifier.logit(after)[0])))

    def test_somebody_accepted_is_told_so(self):
        card = EXAMPLES["accepted"]
        assert card.status == "accepted" and not card.having("change", "hold", "follows") and not card.ways
        assert "The answer is already yes." in PAGES["accepted"]

    def test_a_proof_is_told_from_a_search(self):
        assert "Nothing cheaper works." in PAGES["free"]
        unproved = EXAMPLES["free"]._replace(certified=False)
        assert "We found nothing cheaper that works." in render(unproved)
        assert "Within these limits, nothing turns" in PAGES["one in the way"]
        assert "we found nothing that turns" in render(EXAMPLES["one in the way"]._replace(certified=False))

    def test_wishes_enter_the_cost(self):
        own = profile(mask=(1, 0, 0), low=(-9, None, None), preferred=(9.0, None, None))
        near = card_of(np.array([30.0, 6.0, 3000.0, 5000.0]), own)
        plain = card_of(np.array([30.0, 6.0, 3000.0, 5000.0]), profile(mask=(1, 0, 0), low=(-9, None, None)))
        assert near.status == plain.status == "plan" and near.cost > 2 * plain.cost
        assert "you would like 9" in near.features[1].said

    def test_whole_numbers_stay_whole(self):
        train = WORLD.train.copy()
        train[:, 1] = np.round(train[:, 1])
        card = card_of(np.array([30.0, 6.0, 1500.0, 2500.0]), world=WORLD._replace(train=train))
        assert card.features[1].after_text == "4"
        assert card.features[1].after == 4.0


class TestInTheWay:
    @settings(max_examples=40, deadline=None)
    @given(st.data())
    def test_what_a_lock_costs(self, data):
        values = REJECTED[data.draw(st.integers(0, len(REJECTED) - 1))]
        own = data.draw(profiles(values))
        card = card_of(values, own)
        if card.status != "plan":
            return
        locked = {ACTIONABLE[k] for k in np.flatnonzero(~own.mask[0])}
        named = {node for way in card.ways for kind, node in way.without if kind == "mask"}
        assert named <= locked
        costs = [way.cost for way in card.ways]
        assert all(spent < card.cost for spent in costs)
        for way in card.ways:
            ((kind, node),) = way.without
            k = ACTIONABLE.index(node)
            assert way.cost == pytest.approx(card_of(values, own.without(kind, k)).cost)
            assert way.saving == round(100 * (1 - way.cost / card.cost))

    def test_a_lock_that_costs_and_a_direction_that_does_not(self):
        card = EXAMPLES["plan"]
        assert [way.without for way in card.ways] == [(("mask", "debts"),)]
        assert card.ways[0].condition == "you could change debts"
        assert card.idle == ("monthly income (only up)",)
        assert card.ways[0].changes[0].startswith("debts: 6.123 to ")

    @settings(max_examples=40, deadline=None)
    @given(st.data())
    def test_one_at_a_time_where_nothing_works(self, data):
        own = data.draw(profiles(DEBTOR))
        card = card_of(DEBTOR, own)
        if card.status != "none":
            return
        problem = Problem(WORLD, DEBTOR[None], own)
        single = [(each,) for each in constraints_of(problem, everybodys=True)]
        found = ways_out(problem, single, solve)
        if found:
            assert card.tried == 1 and len(found) == len(card.ways) + card.more_ways
            assert [len(way.without) for way in card.ways] == [1] * len(card.ways)
        else:
            assert card.tried == 2 and all(len(way.without) == 2 for way in card.ways)
        assert [way.cost for way in card.ways] == pytest.approx(sorted(way.cost for way in card.ways), rel=DEARER)

    def test_the_limits_of_everybody_are_among_them(self):
        # So many debts that more income is needed than almost anybody has, but not more than anybody has.
        income = (WORLD.limits[1, 1] + WORLD.train[:, 2].max()) / 2
        slopes = WORLD.classifier.coefficients
        needed = WORLD.classifier.logit(np.array([30.0, 0.0, income, 2500.0 + 2 * (income - 1500.0)]))
        card = card_of(np.array([30.0, -needed / slopes[1], 1500.0, 2500.0]), profile(mask=(0, 1, 0)))
        assert ("limit", "income") in [constraint for way in card.ways for constraint in way.without]
        assert any("income could leave the usual range, " in way.condition for way in card.ways)

    def test_two_together(self):
        card = EXAMPLES["two in the way"]
        assert card.tried == 2
        assert card.ways[0].without == (("mask", "debts"), ("high", "income"))
        assert card.ways[0].condition == "you could change debts, and monthly income could be more than 1,600\xa0€"
        assert "Two together do:" in PAGES["two in the way"]

    def test_the_best_comes_first(self):
        for name in ("crowded", "two in the way"):
            costs = [way.cost for way in EXAMPLES[name].ways]
            assert len(costs) > 1 and costs == sorted(costs)

    def test_nothing_helps(self):
        card = EXAMPLES["nothing helps"]
        assert card.status == "none" and card.tried == 2 and not card.ways
        assert "No relaxation of one or two of the limits helps" in PAGES["nothing helps"]

    def test_everything_locked_is_no_mistake_here(self):
        card = card_of(profiles=profile(mask=(0, 0, 0)))
        assert card.status == "none"
        assert (("mask", "income"),) in [way.without for way in card.ways]

    def test_a_world_is_left_as_it_was(self):
        own = profile(mask=(0, 1, 0), direction=(0, 1, 0))
        before = [part.copy() for part in own]
        card_of(DEBTOR, own)
        assert all(np.array_equal(part, old, equal_nan=True) for part, old in zip(own, before, strict=True))


class TestMistakes:
    @pytest.mark.parametrize(
        ("values", "said"),
        [
            ([30.0, 1.0], "row 5: given 2 values; allowed: 4: age, debts, income, savings"),
            ([30.0, np.nan, 1500.0, 2500.0], "row 5: debts: given nan; allowed: a finite number"),
        ],
    )
    def test_one_line(self, values, said):
        with pytest.raises(InputError) as raised:
            card_of(np.array(values), person="row 5")
        assert str(raised.value) == said

    def test_a_value_that_an_equation_never_gives(self):
        dataset = cards.dataset_of(
            {
                "a": {"equation": "exp(U_a)", "noise": cards.NORMAL, "actionable": True},
                "b": {"equation": "a + U_b", "noise": cards.NORMAL},
            }
        )
        model = dataset.model()
        x, _ = model.sample(100, np.random.default_rng(0))
        line = cards.line([1.0, 0.0], -2.0)
        world = cards.world_of(model, line, x, np.quantile(x[:, :1], [0, 1], axis=0))
        with pytest.raises(
            InputError, match=r"^row 5: a: given -1, which its equation never gives, whatever the noise$"
        ):
            card_data(world, dataset, [-1.0, 0.0], person="row 5")

    def test_values_never_seen_are_warned_of(self):
        (warning,) = EXAMPLES["nothing helps"].warnings
        assert warning.startswith(f"Your age, {MINUS}20,000\xa0years, is outside of what was seen before: ")
        assert not EXAMPLES["free"].warnings


class TestWords:
    def test_a_threshold_other_than_one_half(self):
        strict, free = EXAMPLES["strict"], EXAMPLES["free"]
        assert strict.probability[0] < 0.9 <= strict.probability[1] < 0.92
        assert [feature.after for feature in strict.features] == [feature.after for feature in free.features]
        assert "yes from 90\xa0% on" in PAGES["strict"] and "50\xa0%" not in PAGES["strict"]
        assert percent(0.8999, 0.9) == "just below 90\xa0%"

    def test_percent_of_a_rejected_person_is_never_half(self):
        for probability in np.linspace(0, 0.5, 2001)[:-1]:
            assert percent(probability) != "50\xa0%"
        assert percent(0.5) == "50\xa0%"

    @settings(max_examples=200, deadline=None)
    @given(st.floats(-1e9, 1e9), st.sampled_from(range(4)))
    def test_exactly_means_exactly(self, value, node):
        assert parsed(Words.of(WORLD, bank()).exactly(node, value)) == value

    def test_numbers_that_stand_for_words(self):
        dataset = catalogue.load(catalogue.find("gmsc", REPOSITORY))
        nodes = dataset.order()
        x = np.random.default_rng(0).normal(5, 2, (50, len(nodes)))
        words = Words.of(SimpleNamespace(model=SimpleNamespace(nodes=nodes), sd=x.std(axis=0), train=x), dataset)
        young, income = nodes.index("young"), nodes.index("income")
        assert [words.about(young, value) for value in (0.0, 1.0)] == ["no", "yes"]
        assert words.about(income, 1.0) == "1\xa0dollars"
        assert words.labels[young] == "younger than 35"

    @given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
    def test_two_values_are_told_apart(self, one, other):
        words = Words.of(WORLD, bank())
        if abs(one - other) > 1e-3:
            assert words.about(2, one, other) != words.about(2, other, one)


class Page(html.parser.HTMLParser):
    """Tags, ids, attributes and text of a page, which have to be balanced."""

    VOID = frozenset(["meta", "link", "br", "hr", "img"])

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *each) for each in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *each) for each in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.mark.parametrize("name", EXAMPLES)
class TestPage:
    def test_it_needs_nothing_else(self, name):
        page = Page(PAGES[name])
        assert not {"script", "iframe", "object", "img", "image", "use"} & set(page.tags)
        for tag, key, value in page.attributes:
            assert not key.startswith("on"), (tag, key)
            assert key not in ("src", "href") or value == "data:,"
        assert "://" not in PAGES[name] and "@import" not in PAGES[name]
        assert set(re.findall(r"url\([^)]*\)", PAGES[name])) <= {"url(#head)", "url(#strong)"}

    def test_whoever_cannot_see_is_told(self, name):
        page = Page(PAGES[name])
        attributes = page.attributes
        assert ("html", "lang", "en") in attributes
        ids = [value for _, key, value in attributes if key == "id"]
        assert len(ids) == len(set(ids))
        named = [value.split() for _, key, value in attributes if key in ("aria-labelledby", "aria-describedby")]
        assert {one for each in named for one in each} <= set(ids)
        assert page.tags.count("h1") == 1
        assert page.tags.count("th") == sum(tag == "th" and key == "scope" for tag, key, _ in attributes)
        assert [value for tag, key, value in attributes if tag == "svg" and key == "role"] == ["img", "img"]
        graph = "".join(page.text)
        assert all(f"{feature.label}, " in graph for feature in EXAMPLES[name].features)

    def test_made_up_people_are_called_so(self, name):
        assert "SYNTHETIC" in PAGES[name]
        assert "SYNTHETIC" not in render(EXAMPLES[name]._replace(synthetic=False))

    def test_nothing_is_left_unsaid(self, name):
        card, text = EXAMPLES[name], " ".join("".join(Page(PAGES[name]).text).split())
        for feature in card.features:
            assert feature.before_text.replace("\xa0", " ") in text and feature.label in text
        for feature in card.having("change", "follows"):
            assert feature.after_text.replace("\xa0", " ") in text
        for way in card.ways:
            assert all(part.replace("\xa0", " ") in text for part in (way.condition, *way.changes))
        for part in (card.title, card.person, card.note, card.assumptions, *card.warnings, *card.idle):
            assert part.replace("\xa0", " ") in text


def test_the_same_bytes():
    assert {name: render(card) for name, card in cards.examples().items()} == PAGES


def test_names_are_never_markup():
    assert EVIL not in PAGES["crowded"] and "&lt;script&gt;" in PAGES["crowded"]
    assert EVIL in "".join(Page(PAGES["crowded"]).text)


@st.composite
def graphs(draw):
    parents = {}
    for number in range(draw(st.integers(1, 14))):
        parents[f"n{number}"] = (
            tuple(draw(st.lists(st.sampled_from([*parents]), unique=True, max_size=4))) if parents else ()
        )
    return parents


class TestDrawing:
    @settings(max_examples=80, deadline=None)
    @given(graphs())
    def test_arrows_point_down_and_pass_beside_other_nodes(self, parents):
        size = (10.0, 4.0)
        graph = layered(parents, size=size, gaps=(3.0, 6.0), lane=2.0)
        corners = {name: (x - size[0] / 2, y - size[1] / 2) for name, (x, y) in graph.places.items()}
        for x, y in corners.values():
            assert -1e-9 <= x <= graph.width - size[0] + 1e-9 and -1e-9 <= y <= graph.height - size[1] + 1e-9
        heights = [y for _, y in corners.values()]
        assert max(heights.count(y) for y in heights) <= 3
        for one, (x, y) in corners.items():
            assert all(abs(x - a) >= size[0] + 2 for other, (a, b) in corners.items() if one != other and b == y)
        assert set(graph.routes) == {(parent, child) for child in parents for parent in parents[child]}
        for (parent, child), points in graph.routes.items():
            assert points[0] == (graph.places[parent][0], corners[parent][1] + size[1])
            assert points[-1][1] == corners[child][1] and abs(points[-1][0] - graph.places[child][0]) < size[0] / 2
            assert [y for _, y in points] == sorted(y for _, y in points)
            for x, y in points[1:-1]:
                beside = [a for name, (a, b) in corners.items() if b <= y <= b + size[1]]
                assert all(not a < x < a + size[0] for a in beside)

    def test_no_crossing_where_none_is_needed(self):
        graph = layered({"a": (), "b": (), "c": ("b",), "d": ("a",)})
        places = graph.places
        assert (places["a"][0] < places["b"][0]) == (places["d"][0] < places["c"][0])
