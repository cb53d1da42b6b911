"""What one person answers: files read into profiles, and a line for every mistake."""

import csv
import pickle

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from recrec.actionability.answers import COLUMNS, DIFFICULTIES, Mistakes, Sheet, person_of, read
from recrec.actionability.elicitation import ranks_of, scores_of, weights_from_scores
from recrec.actionability.populations import Scheme, draw
from recrec.actionability.profiles import Profiles
from recrec.errors import InputError

KNOWN = ["gender", "income", "age", "open_lines", "debt"]
FEATURES = ["income", "open_lines", "debt"]
PRESENT = [1, 3000, 41, 7, -2]
#: What is said of something that is no phrase, after what was given.
PHRASES = (
    "allowed: locked, free, up, down, up by at most N, down by at most N, at least N, at most N, difficulty N, rank N, "
    "preferred N, penalty N, very easy, easy, neutral, hard, very hard"
)


def person(answers, values=None, others="free", present=PRESENT):
    return person_of(Sheet.of(answers, values)._replace(others=others), FEATURES, KNOWN, present)


def feature(text, name="income"):
    """What a text makes of one feature, by the part of the profile; income is 3000 now."""
    profiles = person({name: text}).profiles
    return {part: values[0, FEATURES.index(name)].item() for part, values in profiles._asdict().items()}


def assert_same(profiles, expected):
    for part, values, others in zip(Profiles._fields, profiles, expected, strict=True):
        np.testing.assert_allclose(values, others, rtol=1e-12, err_msg=part)
        assert values.dtype == others.dtype


@pytest.mark.parametrize(
    "text, expected",
    [
        ("locked", {"mask": False}),
        ("no", {"mask": False}),
        ("difficulty 6", {"mask": False}),
        ("locked, difficulty 6", {"mask": False}),
        (False, {"mask": False}),
        (True, {}),
        ("free", {}),
        ("yes", {}),
        ("up", {"direction": 1}),
        (" UP ", {"direction": 1}),
        ("down,", {"direction": -1}),
        ("at most 5000", {"high": 5000}),
        ("at most 3000", {"high": 3000}),
        ("at most 5e3", {"high": 5000}),
        ("at least -2", {"low": -2}),
        ("at least 3000", {"low": 3000}),
        ("at least .5", {"low": 0.5}),
        ("at most +20 %", {"high": 3600}),
        ("at  most +20%", {"high": 3600}),
        ("at least -10 %, at most +10 %", {"low": 2700, "high": 3300}),
        ("up, at most +20 %", {"direction": 1, "high": 3600}),
        ("up by at most 500", {"direction": 1, "high": 3500}),
        ("down by at most 10 %", {"direction": -1, "low": 2700}),
        ("up by at most 500, down by at most 20", {"low": 2980, "high": 3500}),
        ("up by at most 500, at most 3100, at least 0", {"direction": 1, "low": 0, "high": 3100}),
        ("preferred 2500", {"preferred": 2500, "penalty": 1}),
        ("preferred +10 %, penalty 2.5", {"preferred": 3300, "penalty": 2.5}),
        ("up, preferred 3000", {"direction": 1, "preferred": 3000, "penalty": 1}),
    ],
)
def test_phrases(text, expected):
    free = {name: values[0, 0].item() for name, values in Profiles.universal(1, 1)._asdict().items()}
    assert feature(text) == pytest.approx(free | expected, nan_ok=True)


def test_a_percentage_is_of_the_size_of_the_present_value():
    assert feature("at most +50 %", "debt")["high"] == -1
    assert feature("down by at most 50 %", "debt")["low"] == -3


def test_scores():
    said = person({"income": "very easy", "debt": "difficulty hard"}).profiles
    weights, _ = weights_from_scores(np.array([[1, 3, 4]]))
    np.testing.assert_array_equal(said.weights, weights)
    np.testing.assert_array_equal(said.latent, said.weights)
    for score, words in enumerate(DIFFICULTIES, 1):
        assert_same(person({"debt": words}).profiles, person({"debt": f"difficulty {score}"}).profiles)


def test_ranks():
    said = person({"income": "rank 7", "open_lines": "locked", "debt": "rank 2, up"}).profiles
    np.testing.assert_allclose(said.weights, [[4 / 3, 1, 2 / 3]])


def test_what_is_not_named():
    assert person({"income": "up"}, others="locked").profiles.mask.tolist() == [[True, False, False]]
    assert person({"income": "up"}, others=False).profiles.mask.tolist() == [[True, False, False]]
    assert person({"income": "up"}).profiles.mask.all()
    assert_same(person({}).profiles, Profiles.universal(1, 3))


def test_names_are_found_but_for_case_spaces_hyphens_and_underscores():
    assert person({"Open Lines": "locked", "IN-COME": "locked"}).profiles.mask.tolist() == [[False, False, True]]


def test_what_cannot_be_acted_on_may_be_called_locked():
    assert_same(person({"age": "locked", "gender": "difficulty 6"}).profiles, Profiles.universal(1, 3))


def test_present_values_go_over_those_of_a_row():
    changed = person({"income": "at most +10 %"}, {"income": 1000, "Open lines": 5})
    assert changed.values.tolist() == [1, 1000, 41, 5, -2]
    assert changed.profiles.high[0, 0] == 1100
    alone = person({}, dict(zip(KNOWN, PRESENT, strict=True)), present=None)
    assert alone.values.tolist() == PRESENT


# Files


def test_a_yaml_file(tmp_path):
    path = tmp_path / "ann.yaml"
    path.write_text(
        "income: up, at most +20 %\nage: locked\nopen lines: easy\ndebt: no\nothers: free\nvalues: {income: 2000}\n"
    )
    found = read(path, FEATURES, KNOWN, PRESENT)
    same = person({"income": "up, at most 2400", "open_lines": "difficulty 2", "debt": "locked"}, {"income": 2000})
    assert_same(found.profiles, same.profiles)
    np.testing.assert_array_equal(found.values, same.values)


def test_a_csv_file(tmp_path):
    path = tmp_path / "ann.CSV"
    path.write_text(
        "\ufefffeature,may_change,at most,Difficulty,preferred,penalty,value\n"
        "income,up,+20 %,,2100,2,2000\n\nage,no,,,,,\nopen lines,,,easy,,,\ndebt, no ,,,,,-1e0\n",
        "utf-8",
    )
    found = read(path, FEATURES, KNOWN, PRESENT)
    same = person(
        {"income": "up, at most 2400, preferred 2100, penalty 2", "open_lines": "easy", "debt": "locked"},
        {"income": 2000, "debt": -1},
    )
    assert_same(found.profiles, same.profiles)
    np.testing.assert_array_equal(found.values, same.values)


schemes = st.builds(
    Scheme,
    top=st.sampled_from([None, 1, 2]),
    weights=st.sampled_from(["uniform", "ranked", "scored"]),
    box=st.sampled_from([None, 0.5]),
    direction=st.sampled_from(["any", "own"]),
    preferred=st.booleans(),
    penalty=st.sampled_from([1.0, 0.3]),
)


def answers_of(scheme, profiles):
    """What a simulated person would write, by feature and column."""
    mask = profiles.mask
    ranks, scores = ranks_of(profiles.latent, mask), scores_of(profiles.latent, mask)
    answers = {}
    for place, name in enumerate(FEATURES):
        at = 0, place
        cells = answers[name] = dict.fromkeys(COLUMNS, "")
        cells["may change"] = {0: "yes", 1: "up", -1: "down"}[profiles.direction[at].item()] if mask[at] else "no"
        if mask[at]:
            if scheme.box:
                cells["at least"], cells["at most"] = repr(profiles.low[at].item()), repr(profiles.high[at].item())
            if scheme.weights == "ranked":
                cells["rank"] = str(ranks[at])
            if scheme.weights == "scored":
                cells["difficulty"] = str(scores[at])
            if scheme.preferred:
                cells["preferred"], cells["penalty"] = repr(profiles.preferred[at].item()), str(scheme.penalty)
    return answers


@given(schemes, st.integers(0, 1000))
def test_what_a_simulated_person_writes_makes_their_profile_again(tmp_path_factory, scheme, seed):
    present = np.array([PRESENT], dtype=float)
    of_features = present[:, [KNOWN.index(name) for name in FEATURES]]
    expected = draw(scheme, of_features, np.array([500.0, 2.0, 1.0]), seed=seed)
    answers = answers_of(scheme, expected)
    # What was never said cannot be known: bounds of locked features, and true weights.
    expected = expected._replace(
        low=np.where(expected.mask, expected.low, -np.inf),
        high=np.where(expected.mask, expected.high, np.inf),
        direction=np.where(expected.mask, expected.direction, 0).astype(np.int8),
        latent=expected.weights,
    )
    folder = tmp_path_factory.mktemp("answers")
    with open(folder / "a.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["feature", *COLUMNS])
        writer.writeheader()
        writer.writerows({"feature": name, **cells} for name, cells in answers.items())
    phrases = {
        name: ", ".join(f"{'' if column == 'may change' else column} {cell}" for column, cell in cells.items() if cell)
        for name, cells in answers.items()
    }
    (folder / "a.yaml").write_text(yaml.safe_dump(phrases | {"values": dict(zip(KNOWN, PRESENT, strict=True))}))
    for found in (read(folder / "a.csv", FEATURES, KNOWN, PRESENT), read(folder / "a.yaml", FEATURES, KNOWN)):
        assert_same(found.profiles, expected)
        np.testing.assert_array_equal(found.values, present[0])


# Mistakes


def lines_of(*arguments, **keys):
    with pytest.raises(Mistakes) as refused:
        person(*arguments, **keys)
    assert str(refused.value) == "\n".join(refused.value.lines)
    assert all(line.startswith("answers: ") and "\n" not in line for line in refused.value.lines)
    return [line.removeprefix("answers: ") for line in refused.value.lines]


NUMBERS = (
    "allowed: a value such as 500, or a change with its sign such as +20 %; others: up by at most N, down by at most N"
)
SIGNLESS = "allowed: a number or a percentage without a sign"
SCORES = "allowed: 1 to 6, or very easy, easy, neutral, hard, very hard"
TEXT = "allowed: text such as: up, at most 5000, easy"


@pytest.mark.parametrize(
    "text, complaint",
    [
        # no phrase
        ("upp", f"given 'upp' (did you mean up?); {PHRASES}"),
        ("more or less", f"given 'more or less'; {PHRASES}"),
        ("at most 5,000", "given '5,000'; allowed: numbers without a comma, such as 5000 or 2.5"),
        ("up,at most 2,5", "given '2,5'; allowed: numbers without a comma, such as 5000 or 2.5"),
        ("", None),
        (" , ", f"given ' , '; {TEXT}"),
        (None, f"given nothing; {TEXT}"),
        (3, f"given 3; {TEXT}"),
        (["up"], f"given a list; {TEXT}"),
        # text in a number
        ("at most lots", f"at most: given 'lots'; {NUMBERS}"),
        ("at most", f"at most: given ''; {NUMBERS}"),
        ("at most 5k", f"at most: given '5k'; {NUMBERS}"),
        ("at most nan", f"at most: given 'nan'; {NUMBERS}"),
        ("at most inf", f"at most: given 'inf'; {NUMBERS}"),
        ("at most 1e999", f"at most: given '1e999'; {NUMBERS}"),
        ("at least 20 %", f"at least: given '20 %'; {NUMBERS}"),
        ("at most +500", f"at most: given '+500'; {NUMBERS}"),
        ("preferred about 5", f"preferred: given 'about 5'; {NUMBERS}"),
        ("preferred x, penalty 2", f"preferred: given 'x'; {NUMBERS}"),
        ("up by at most +5", f"up by at most: given '+5'; {SIGNLESS}"),
        ("down by at most -5 %", f"down by at most: given '-5 %'; {SIGNLESS}"),
        ("difficulty 7", f"difficulty: given '7'; {SCORES}"),
        ("difficulty 2.5", f"difficulty: given '2.5'; {SCORES}"),
        ("preferred 3100, penalty 0", "penalty: given '0'; allowed: a number, above 0"),
        ("preferred 3100, penalty high", "penalty: given 'high'; allowed: a number, above 0"),
        # contradictions
        ("locked, up", "locked, and also up; keep one of them"),
        ("no, hard", "locked, and also hard; keep one of them"),
        ("difficulty 6, at most 5000, rank 1", "locked, and also at most, rank; keep one of them"),
        ("free, down", "free, and also down; keep one of them"),
        ("up, down", "up and down; keep one, or say how far both ways: up by at most N, down by at most N"),
        (
            "up, down by at most 3",
            "up and down; keep one, or say how far both ways: up by at most N, down by at most N",
        ),
        ("up, up by at most 5", "up: given twice; keep one of them"),
        ("easy, difficulty 4", "difficulty: given twice; keep one of them"),
        ("at most 5000, at most 6000", "at most: given twice; keep one of them"),
        ("penalty 2", "penalty: there is no preferred value; add preferred N"),
        ("at least 4000, at most 2000", "at least 4000 and at most 2000: no value is both"),
        ("up, preferred 2900.5", "preferred 2900.5; allowed, by the other answers: 3000 to inf"),
        ("preferred +1e308 %", "preferred inf; allowed, by the other answers: -inf to inf"),
        ("down by at most 500, preferred 2000", "preferred 2000; allowed, by the other answers: 2500 to 3000"),
        # a box without the present value
        ("at most 2500", "at most 2500, but the present value is 3000, which has to be inside"),
        ("at most -10 %", "at most 2700, but the present value is 3000, which has to be inside"),
        ("at least 3000.25", "at least 3000.25, but the present value is 3000, which has to be inside"),
    ],
)
def test_one_line_per_mistake(text, complaint):
    if complaint is None:
        assert_same(person({"income": text}).profiles, Profiles.universal(1, 3))
    else:
        assert lines_of({"income": text}) == [f"income: {complaint}"]


def test_a_percentage_of_nothing():
    assert lines_of({"income": "at most +20 %"}, {"income": 0}) == [
        "income: a percentage of the present value, which is 0; allowed: a number without %"
    ]


def test_features_that_are_not_there_or_cannot_be_acted_on():
    assert lines_of({"incme": "up", "gender": "free", "age": "at most 50", "dept": "locked"}) == [
        "incme: no such feature (did you mean income?); allowed: gender, income, age, open_lines, debt",
        "gender: cannot be acted on; allowed: locked, or to leave it out; can be: income, open_lines, debt",
        "age: cannot be acted on; allowed: locked, or to leave it out; can be: income, open_lines, debt",
        "dept: no such feature (did you mean debt?); allowed: gender, income, age, open_lines, debt",
    ]


def test_a_feature_given_twice():
    assert lines_of({"open_lines": "up", "open lines": "up"}) == ["open lines: given a second time; keep one of them"]


@pytest.mark.parametrize(
    "answers, others",
    [
        (dict.fromkeys(FEATURES, "locked"), "free"),
        ({"income": "no"}, "locked"),
        ({}, "locked"),
        ({"income": "up, at most 3000"}, "locked"),
    ],
)
def test_a_profile_that_locks_everything(answers, others):
    complaint = "all features: locked, so nothing can be done; allowed: at least one that may change"
    assert lines_of(answers, others=others) == [complaint]


def test_ranks_and_scores_are_not_mixed():
    assert lines_of({"income": "rank 1", "debt": "hard", "open_lines": "easy"}) == [
        "all features: difficulties (open_lines, debt) and ranks (income); give only one kind"
    ]


def test_ranks_for_all_or_for_none():
    assert lines_of({"income": "rank 1", "open_lines": "up"}) == [
        "open_lines: no rank; rank all features that may change, or none",
        "debt: no rank; rank all features that may change, or none",
    ]
    # A rank that was not understood is not a missing one.
    assert lines_of({"income": "rank one", "open_lines": "rank 0", "debt": "rank 1"}) == [
        "income: rank: given 'one'; allowed: a whole number, at least 1",
        "open_lines: rank: given '0'; allowed: a whole number, at least 1",
    ]


def test_others():
    assert lines_of({}, others="up") == ["others: given 'up'; allowed: free, locked"]
    assert lines_of({}, others=["free"]) == ["others: given a list; allowed: free, locked"]


def test_present_values():
    values = {
        "income": "3000 a month",
        "agee": 4,
        "age": True,
        "open_lines": float("nan"),
        "open lines": 1,
        "debt": 10**400,
    }
    assert lines_of({}, values, present=None) == [
        "income: present value: given '3000 a month'; allowed: a number",
        "agee: no such feature (did you mean age?); allowed: gender, income, age, open_lines, debt",
        "age: present value: given true or false; allowed: a number",
        "open_lines: present value: given nan; allowed: a number",
        "open lines: given a second time; keep one of them",
        f"debt: present value: given {10**400}; allowed: a number",
        "gender: no present value; allowed: a number, under values or in the column value",
    ]
    assert lines_of({"debt": "up"}, present=[1, 3000, 41, 7, np.nan]) == [
        "debt: no present value; allowed: a number, under values or in the column value"
    ]


def test_all_mistakes_at_once_and_where_they_are(tmp_path):
    path = tmp_path / "ann.csv"
    path.write_text("feature,may change,at most,value\nincme,up,,5\nincome,up,lots,\nage,no,,old\ndebt,,-3,\n")
    with pytest.raises(Mistakes) as refused:
        read(path, FEATURES, KNOWN, PRESENT)
    assert refused.value.lines == (
        f"{path}: line 2: incme: no such feature (did you mean income?); "
        "allowed: gender, income, age, open_lines, debt",
        f"{path}: line 4: age: present value: given 'old'; allowed: a number",
        f"{path}: line 3: income: at most: given 'lots'; {NUMBERS}",
        f"{path}: line 5: debt: at most -3, but the present value is -2, which has to be inside",
    )
    again = pickle.loads(pickle.dumps(refused.value))
    assert again.lines == refused.value.lines and str(again) == str(refused.value)
    assert isinstance(again, InputError)


@pytest.mark.parametrize(
    "name, content, complaint",
    [
        ("a.csv", None, "{path}: no such file"),
        ("a.yaml", None, "{path}: no such file"),
        ("a.txt", "", "{path}: given '.txt'; allowed: a file that ends in .yaml, .yml, .csv"),
        ("a", "", "{path}: given 'no ending'; allowed: a file that ends in .yaml, .yml, .csv"),
        ("a.yaml", "- income", "{path}: holds a list, a mapping of keys to values is needed"),
        ("a.yaml", "income: up\nincome: down", "{path}: line 2: income: given a second time"),
        ("a.yml", "values: 3", "{path}: values: given a whole number; allowed: a mapping of features to numbers"),
        ("a.csv", "", "{path}: no column feature; allowed: a line with feature, may change, at least, at most, "),
        ("a.csv", "may change\nup\n", "{path}: no column feature; allowed: a line with feature, may change"),
        ("a.csv", "feature,value\n", "{path}: no rows, only a header; allowed: a line with feature"),
        ("a.csv", "feature,at mots\n", "{path}: no such column: 'at mots' (did you mean at most?); allowed: feature"),
        ("a.csv", "feature;rank\n", "{path}: no such column: 'feature;rank' (did you mean feature?); allowed: "),
        ("a.csv", "feature,rank,rank\n", "{path}: the column rank is there twice; keep one of them"),
        ("a.csv", "feature,rank\nincome\n", "{path}: line 2: 1 cells; the header has 2"),
        ("a.csv", 'feature,rank\nincome,"1', "{path}: line 2: not a table (unexpected end of data)"),
        ("a.csv", b"feature,rank\n\xff,1\n", "{path}: not UTF-8 at byte 13; save the file as UTF-8"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, content, complaint):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as refused:
        read(path, FEATURES, KNOWN, PRESENT)
    assert not isinstance(refused.value, Mistakes)
    assert str(refused.value).startswith(complaint.format(path=path))


@pytest.mark.parametrize("name", ["a.csv", "a.yaml"])
def test_a_folder_is_no_file(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / name, FEATURES, KNOWN, PRESENT)


@given(
    st.dictionaries(
        st.one_of(st.sampled_from(KNOWN), st.text(max_size=4)),
        st.one_of(
            st.text(max_size=12),
            st.none(),
            st.integers(),
            st.lists(
                st.sampled_from(
                    [
                        "up",
                        "down",
                        "locked",
                        "at most 5000",
                        "at least -9 %",
                        "rank 2",
                        "hard",
                        "preferred 3",
                        "penalty 1",
                    ]
                ),
                max_size=3,
            ).map(", ".join),
        ),
        max_size=5,
    ),
    st.sampled_from(["free", "locked", None, 3]),
)
def test_whatever_is_written_makes_a_profile_or_mistakes(answers, others):
    try:
        found = person(answers, others=others)
    except Mistakes as mistakes:
        assert mistakes.lines and len(set(mistakes.lines)) == len(mistakes.lines)
    else:
        present = np.array([[PRESENT[KNOWN.index(name)] for name in FEATURES]], dtype=float)
        lower, upper = found.profiles.box(present)
        assert np.any(lower < upper)
        assert found.profiles.weights[found.profiles.mask].mean() == pytest.approx(1)


def test_a_name_that_may_mean_two_features_means_none():
    twins = ["open_lines", "open-lines"]
    assert person_of(Sheet.of({"open-lines": "locked"}), twins, present=[1, 2]).profiles.mask.tolist() == [
        [True, False]
    ]
    with pytest.raises(Mistakes, match=r"^answers: open lines: no such feature"):
        person_of(Sheet.of({"open lines": "locked"}), twins, present=[1, 2])


def test_a_feature_may_be_called_by_another_name():
    sheet = Sheet.of({"I": "up", "monthly income": "easy"}, {"I": 3})
    with pytest.raises(Mistakes, match="monthly income"):
        person_of(sheet, ["monthly income"], aliases={"i": "monthly income"})
    aliases = {"open_lines": "credit lines"}
    named = person_of(Sheet.of({"open_lines": "up"}, {"open lines": 2}), ["credit lines"], aliases=aliases)
    assert named.profiles.direction.tolist() == [[1]] and named.values.tolist() == [2.0]
