"""The command that puts the published oracle beside the exact optimum."""

import itertools

import numpy as np
import pytest
from causal_worlds import ROOT

from recrec.causal import catalogue, oracle
from recrec.errors import InputError

#: Together a minute or two.
pytestmark = pytest.mark.slow

NODES = ("S", "X1", "X2", "X3")
LOGISTIC = [(np.array([[0.1], [2.0], [1.0], [1.5]]), np.array([0.3]))]


def model_of(name):
    return catalogue.load(catalogue.find(name, ROOT)).model()


def network(inputs, seed=0):
    rng = np.random.default_rng(seed)
    sizes = (inputs, 6, 5, 1)
    return [(rng.normal(size=pair) / pair[0] ** 0.5, rng.normal(size=pair[1])) for pair in itertools.pairwise(sizes)]


def as_published(model, train, test, layers, bins, normaliser):
    """The convention, literally: one person, one combination after the other, all from standardised values."""
    mean, sd = train.mean(axis=0), train.std(axis=0, ddof=1)

    def probability(x):
        hidden = (x - mean) / sd
        for layer, (weights, bias) in enumerate(layers):
            hidden = hidden @ weights + bias
            if layer < len(layers) - 1:
                hidden = np.where(hidden > 0, hidden, 0.0)
        return 1 / (1 + np.exp(-hidden[0]))

    rejected = np.array([x for x in train if probability(x) < 0.5])
    scaled = ((rejected if normaliser == "rejected" else train) - mean) / sd
    costs = []
    for person in test:
        if probability(person) >= 0.5:
            continue
        per_node = []
        for node in model.actionable:
            low, high = rejected[:, node].min(), rejected[:, node].max()
            per_node.append(
                [
                    *np.linspace(
                        person[node] - 2 * (person[node] - low), person[node] + 2 * (high - person[node]), bins
                    ),
                    None,
                ]
            )
        best = np.inf
        for combination in itertools.product(*per_node):
            acted = np.array([value is not None for value in combination])
            if not acted.any():
                continue
            values = np.array([0.0 if value is None else value for value in combination])
            changed = model.counterfactual(person, acted, values)
            if probability(changed) < 0.5:
                continue
            parts = [
                acted[k] * ((changed[node] - person[node]) / sd[node]) ** 2 / np.ptp(scaled[:, node])
                for k, node in enumerate(model.actionable)
            ]
            best = min(best, np.mean(parts))
        costs.append(100 * best)
    return np.array(costs)


@pytest.mark.parametrize("normaliser", ["rejected", "all"])
@pytest.mark.parametrize(("name", "bins"), [("triangle", 7), ("loan", 3)])
def test_it_is_the_published_convention(name, bins, normaliser):
    model, rng = model_of(name), np.random.default_rng(1)
    layers = LOGISTIC if name == "triangle" else network(7)
    train, test = model.sample(300, rng)[0], model.sample(10, rng)[0]
    found = oracle.answer(model, train, test, layers, bins, normaliser)
    literal = as_published(model, train, test, layers, bins, normaliser)
    assert found.people == len(literal)
    assert found.validity == np.isfinite(literal).mean()
    assert found.grid == pytest.approx(literal[np.isfinite(literal)].mean(), rel=1e-9)
    assert found.exact < found.grid and found.dearer == 0


def test_ranges_over_rejected_rows_cost_more():
    model, rng = model_of("collider"), np.random.default_rng(0)
    train, test = model.sample(2000, rng)[0], model.sample(200, rng)[0]
    rejected, everybody = (oracle.answer(model, train, test, LOGISTIC, 9, which) for which in ("rejected", "all"))
    assert rejected.exact > everybody.exact and rejected.people == everybody.people


def test_without_limits_everybody_has_a_recourse_in_a_linear_world():
    model, rng = model_of("chain"), np.random.default_rng(0)
    train, test = model.sample(2000, rng)[0], model.sample(300, rng)[0]
    found = oracle.answer(model, train, test, LOGISTIC, 30)
    assert found.validity == 1


def test_nobody_rejected_is_said():
    train = np.random.default_rng(0).normal(size=(20, 4))
    with pytest.raises(InputError, match="rejects none of the training rows"):
        oracle.answer(model_of("triangle"), train, train, [(LOGISTIC[0][0], np.array([1e6]))], 5)


# Simulations


def test_a_classifier_is_trained_as_that_papers(monkeypatch):
    """Plain gradient descent, which by its 20,000 steps has the direction, not yet the length, of the converged one."""
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    x = rng.normal(3, 2, size=(2000, 4))
    y = (x - 3) @ np.array([0.1, 2.0, 1.0, 1.5]) > 0
    monkeypatch.setattr(oracle, "EPOCHS", 50)
    monkeypatch.setattr(oracle, "RATE", 0.05)  # 400 steps for 20,000
    ((weights, bias),) = oracle.trained(x, y, (), 0)
    converged = LogisticRegression(C=1e6, max_iter=1000).fit((x - x.mean(axis=0)) / x.std(axis=0), y).coef_[0]
    slopes = weights[:, 0]
    assert slopes @ converged / np.linalg.norm(slopes) / np.linalg.norm(converged) > 0.8
    assert np.linalg.norm(slopes) < 0.2 * np.linalg.norm(converged)
    assert weights.shape == (4, 1) and bias.shape == (1,)
    monkeypatch.setattr(oracle, "EPOCHS", 1)
    monkeypatch.setattr(oracle, "RATE", 0.001)
    layers = oracle.trained(x, y, (32, 32), 0)
    assert [weights.shape for weights, _ in layers] == [(4, 32), (32, 32), (32, 1)]
    # As it began, but for 8 small steps: evenly up to 1 / sqrt(inputs).
    for weights, bias in layers:
        reach = len(weights) ** -0.5
        assert 0.8 * reach < np.abs(weights).max() < 1.1 * reach and np.abs(bias).max() < 1.1 * reach


@pytest.mark.slow
def test_the_published_figure_is_met_by_simulations():
    dataset = catalogue.load(catalogue.find("collider", ROOT))
    model = dataset.model()
    found = [oracle.answer(model, *oracle.simulate(dataset, seed), oracle.BINS) for seed in (0, 1)]
    grids = np.array([each.grid for each in found])
    # One simulation's standard error is some 0.4.
    assert abs(grids.mean() - oracle.PUBLISHED["collider"]) < 3 * 0.4 * (1 + 1 / 2) ** 0.5
    assert all(each.exact < each.grid and each.dearer == 0 and each.validity == 1 for each in found)


def test_the_table_of_simulations(monkeypatch, capsys):
    monkeypatch.setattr(oracle, "ROWS", (400, 10, 30))
    monkeypatch.setattr(oracle, "EPOCHS", 100)
    assert oracle.main(["--simulate", "--seeds", "2", "--model", "triangle", "--model", "loan", "--bins", "5"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Cost x 100; ranges over rejected training rows."
    assert " ".join(lines[1].split()) == "model people grid error exact error validity published errors off"
    assert [line.split()[0] for line in lines[2:]] == ["triangle", "loan"]
    assert lines[2].split()[7] == "11.62" and len(lines[3].split()) == 9


# Stored data


@pytest.fixture
def stored(tmp_path):
    """A folder of a model's data in the convention: names, CSV, NPZ."""
    model, rng = model_of("triangle"), np.random.default_rng(0)
    folder = tmp_path / "triangle"
    folder.mkdir()
    for name, rows in (("train", 500), ("test", 40)):
        np.savetxt(
            folder / f"{name}.csv", model.sample(rows, rng)[0], delimiter=",", header=",".join(NODES), comments=""
        )
    np.savez(folder / "weights.npz", weights=LOGISTIC[0][0][:, 0], bias=LOGISTIC[0][1])
    return folder


def options_of(folder, **changed):
    paths = {"train": folder / "train.csv", "test": folder / "test.csv", "weights": folder / "weights.npz", **changed}
    return ["--model", "triangle", *itertools.chain(*((f"--{name}", str(path)) for name, path in paths.items()))]


def test_the_table_of_stored_data(stored, capsys):
    assert oracle.main(["--data", str(stored.parent)]) == 0
    by_folder = capsys.readouterr().out
    assert oracle.main(options_of(stored)) == 0
    assert capsys.readouterr().out == by_folder
    header, line = by_folder.splitlines()[1:]
    assert " ".join(header.split()) == "model people grid exact validity published"
    name, people, by_grid, best, validity, published = line.split()
    assert (name, validity, published) == ("triangle", "1.0000", "11.62")
    assert float(best) < float(by_grid) and 5 < int(people) < 40
    assert oracle.main([*options_of(stored), "--normaliser", "all", "--bins", "15"]) == 0
    last = capsys.readouterr().out.splitlines()[-1].split()
    assert len(last) == 5 and float(last[3]) < float(best)  # nothing was published for that normaliser


def test_rows_are_read_however_they_are_stored(tmp_path):
    rows = np.random.default_rng(0).normal(size=(5, 4))
    np.savetxt(tmp_path / "plain.csv", rows, delimiter=",")
    np.savetxt(tmp_path / "numbered.csv", rows, delimiter=",", header="0,1,2,3", comments="")
    turned = np.c_[np.ones(5), rows[:, ::-1]]
    np.savetxt(tmp_path / "named.csv", turned, delimiter=",", header='label,"X3",x2,X1,S', comments="")
    np.savetxt(tmp_path / "others.csv", rows, delimiter=",", header="a,b,c,d", comments="")
    np.savetxt(tmp_path / "index.csv", np.c_[np.arange(5), rows], delimiter=",", header=",a,b,c,d", comments="")
    np.save(tmp_path / "rows.npy", rows)
    np.savez(tmp_path / "rows.npz", X=rows, Y=np.ones(5))
    for path in tmp_path.iterdir():
        np.testing.assert_array_equal(oracle.read_rows(path, NODES), rows, err_msg=path.name)


def test_layers_are_read_however_they_are_stored(tmp_path):
    weights, bias = LOGISTIC[0]
    np.savetxt(tmp_path / "line.csv", [[*weights[:, 0], *bias]], delimiter=",")
    np.save(tmp_path / "line.npy", np.r_[weights[:, 0], bias])
    np.savez(tmp_path / "flat.npz", bias=bias, weight=weights[:, 0])
    np.savez(tmp_path / "column.npz", W0=weights, b0=bias)
    np.savez(tmp_path / "row.npz", weight=weights.T.astype(np.float32), bias=bias)
    for path in tmp_path.iterdir():
        ((found, constant),) = oracle.read_layers(path, 4)
        np.testing.assert_allclose(found, weights, rtol=1e-6, err_msg=path.name)
        np.testing.assert_array_equal(constant, bias)


def test_a_networks_layers_are_read_either_way_round(tmp_path):
    layers = network(6)  # its first matrix is square, so that only the others tell which way round they are
    parts = {
        f"{letter}{place}": layer[which] for place, layer in enumerate(layers) for which, letter in enumerate("Wb")
    }
    np.savez(tmp_path / "named.npz", **dict(sorted(parts.items())))
    np.savez(tmp_path / "turned.npz", **{f"layer.{name}": array.T for name, array in parts.items()})
    for path in tmp_path.iterdir():
        for (weights, bias), (expected, constant) in zip(oracle.read_layers(path, 6), layers, strict=True):
            np.testing.assert_array_equal(weights, expected)
            np.testing.assert_array_equal(bias, constant)


def spoil(folder, name, text):
    (folder / name).write_text(text, "utf-8")
    return folder / name


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"train": "S,X1,X2\n1,2,3\n1,2,4\n"}, "train.csv: lacks the columns X3; allowed: S, X1, X2, X3"),
        ({"train": "1,2,3\n1,2,4\n"}, "train.csv: given the shape (2, 3); allowed: (people, 4): S, X1, X2, X3"),
        ({"train": "S,X1,X2,X3\n1,2,3,4\n1,2,much,4\n"}, "train.csv, line 3: given 'much'; allowed: a number"),
        ({"train": "S,X1,X2,X3\n1,2,3,4\n1,2,nan,4\n"}, "train.csv, line 3: given 'nan'; allowed: a number"),
        ({"train": "1,2,3,4\n1,2,3\n"}, "train.csv, line 2: 3 values; allowed: 4"),
        ({"train": ""}, "train.csv: empty; allowed: rows of numbers"),
        ({"train": "1,2,3,4\n"}, "train.csv: given 1 people; allowed: 2 or more"),
        ({"weights": "1,2,3\n"}, "weights.csv: given 3 numbers; allowed: 4 weights and the bias"),
        ({"test": "0,9,9,9\n0,8,8,8\n"}, "the classifier rejects none of the test rows"),
    ],
)
def test_a_mistake_is_one_line(stored, capsys, changed, message):
    paths = {name: spoil(stored, f"{name}.csv", text) for name, text in changed.items()}
    assert oracle.main(options_of(stored, **paths)) == 1
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1 and error.startswith("error: ")


def test_other_mistakes_are_one_line_too(stored, tmp_path, capsys):
    np.savez(tmp_path / "odd.npz", W0=np.ones((3, 5)), b0=np.ones(5))
    np.savez(tmp_path / "text.npz", X=np.array(["a"]))
    np.savez(tmp_path / "two.npz", A=np.ones((3, 4)), B=np.ones(3))
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object))
    (tmp_path / "torch.pt").write_bytes(b"PK\x03\x04 something else")
    bare = ["--model", "triangle"]
    for arguments, message in (
        (options_of(stored, weights=tmp_path / "odd.npz"), "given W0 (3, 5), b0 (5,); allowed: a matrix and a bias"),
        (options_of(stored, train=tmp_path / "text.npz"), "X holds other things than finite numbers"),
        (options_of(stored, train=tmp_path / "two.npz"), "given A, B; allowed: one array, or one that is called X"),
        (options_of(stored, train=tmp_path / "objects.npy"), "objects.npy: cannot be read"),
        (options_of(stored, train=tmp_path / "torch.pt"), "torch.pt: cannot be read: it is no .npy or .npz"),
        (options_of(stored, train=tmp_path / "none.csv"), "none.csv: cannot be read: No such file"),
        ([*bare, "--train", "a.csv"], "--train, --test, --weights and one --model are needed together"),
        (bare, "one of --simulate, --data, and --train"),
        (["--simulate", "--data", "x"], "one of --simulate, --data, and --train"),
        (["--simulate", "--seeds", "1"], "--seeds: given 1; allowed: 2 or more"),
        ([*options_of(stored), "--bins", "1"], "--bins: given 1; allowed: 2 or more"),
        ([*options_of(stored), "--bins", "500"], "combinations; allowed: fewer bins"),
        (["--data", str(tmp_path / "nowhere")], "has no folder triangle, collider, chain, loan"),
        (["--data", str(tmp_path), "--model", "loan"], "0 files train; allowed: one of train.csv"),
        (["--model", "triangel", "--simulate"], "did you mean"),
        (["--model", "gmsc", "--simulate"], "gmsc: its equations are fitted"),
    ):
        assert oracle.main(arguments) == 1, arguments
        error = capsys.readouterr().err
        assert message in error and error.count("\n") == 1, (arguments, error)
