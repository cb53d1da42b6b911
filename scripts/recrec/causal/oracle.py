"""The published brute-force oracle beside the exact optimum, on stored data and weights or on fresh simulations.

``python -m recrec.causal.oracle --help`` says how; workflow/docs/causal.md says what its convention is.
"""

import argparse
import logging
import sys
import warnings
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from recrec.actionability.profiles import Profiles
from recrec.causal import catalogue
from recrec.causal.classifiers import UNITS, Classifier
from recrec.causal.expressions import parse
from recrec.causal.methods import exact, grid
from recrec.causal.world import Problem, World, cost
from recrec.errors import InputError

#: Cost x 100 of the oracle as published, by model.
PUBLISHED = {"triangle": 11.62, "collider": 9.99, "chain": 10.39, "loan": 6.25}
#: Values per node of that grid: of the models with three actionable nodes, and of Loan.
BINS, BINS_OF = 30, {"loan": 15}
#: Training, validation and test rows of a simulation, of the classifier and of the people alike.
ROWS = (10_000, 5_000, 5_000)
#: How that paper's classifiers were trained: plain stochastic gradient descent, which has not converged by then.
EPOCHS, BATCH, RATE = 500, 256, 0.001

log = logging.getLogger(__name__)


def classifier_of(mean, sd, layers):
    """The classifier of raw values whose layers are those of one over standardised values.

    Parameters
    ----------
    mean, sd : (nodes,) arrays
    layers : list of ((inputs, outputs) array, (outputs,) array)

    Returns
    -------
    Classifier
    """
    weights, biases = (list(parts) for parts in zip(*layers, strict=True))
    weights[0] = weights[0] / sd[:, None]
    biases[0] = biases[0] - mean @ weights[0]
    return Classifier(tuple(weights), tuple(biases))


class Answer(NamedTuple):
    """What was found for the rejected people of one model.

    Attributes
    ----------
    people : int
    grid, exact : float
        Mean cost x 100 over the people whom the grid finds something for; NaN without any.
    validity : float
        Share of the people whom the grid finds something for.
    dearer : int
        People whose exact plan costs more than their grid's, which should not be.
    """

    people: int
    grid: float
    exact: float
    validity: float
    dearer: int


def answer(model, train, test, layers, bins, normaliser="rejected"):
    """The grid and the exact optimum in the published convention: no limits on values, everything may be changed.

    Parameters
    ----------
    model : CausalModel
    train, test : (people, nodes) arrays
        Rejected ones of `test` are those who ask.
    layers : list of (weights, bias)
        Of the classifier over features standardised by the training rows.
    bins : int
    normaliser : {"rejected", "all"}
        Over which training rows the ranges go that costs are divided by.

    Returns
    -------
    Answer

    Raises
    ------
    InputError
        If nobody is rejected.
    """
    mean, sd = train.mean(axis=0), train.std(axis=0, ddof=1)
    classifier = classifier_of(mean, sd, layers)
    rejected = train[classifier.logit(train) < 0]
    people = test[classifier.logit(test) < 0]
    for name, rows in (("training", rejected), ("test", people)):
        if not len(rows):
            raise InputError(f"the classifier rejects none of the {name} rows; allowed: a classifier that rejects some")
    actionable = model.actionable
    ranges = np.ptp(rejected if normaliser == "rejected" else train, axis=0) / sd
    limits = np.array([[-np.inf], [np.inf]]) * np.ones(len(actionable))
    world = World(model, classifier, mean, sd, ranges[actionable], limits, train)
    problem = Problem(world, people, Profiles.universal(len(people), len(actionable)))
    costs = []
    for method in (grid, exact):
        settings = method.Settings(bins=bins, span="published")
        if reason := method.unsupported(problem, settings):
            raise InputError(f"{reason}; allowed: fewer bins")
        plans = method.solve(problem, settings, None, 0, log)
        per_person = cost(world, people, plans.acted, plans.values, problem.profiles.weights)
        costs.append(np.where(plans.found, 100 * per_person, np.inf))
    valid = np.isfinite(costs[0])
    means = [each[valid].mean() if valid.any() else np.nan for each in costs]
    return Answer(len(people), *means, valid.mean(), int((costs[1] > costs[0] * (1 + 1e-9)).sum()))


def simulate(dataset, seed):
    """Fresh people of a model, and a classifier trained on as many others, as in that paper.

    Parameters
    ----------
    dataset : CausalDataset
    seed : int

    Returns
    -------
    train, test : (people, nodes) arrays
    layers : list of (weights, bias)
    """
    model, rng = dataset.model(), np.random.default_rng(seed)
    for_classifier, noise = model.sample(sum(ROWS), rng)
    columns = zip(model.nodes, for_classifier.T, noise.T, strict=True)
    values = {name: column for node, x, u in columns for name, column in ((node, x), (catalogue.NOISE + node, u))}
    accepted = parse(dataset.accepted).evaluate(values) > 0
    people, _ = model.sample(sum(ROWS), rng)
    part = slice(ROWS[0])
    layers = trained(for_classifier[part], accepted[part], UNITS if dataset.classifier == "network" else (), seed)
    return people[part], people[ROWS[0] + ROWS[1] :], layers


def trained(x, y, hidden, seed):
    """Layers of a classifier over standardised features, trained as that paper's.

    Parameters
    ----------
    x : (people, nodes) array
    y : (people,) boolean array
    hidden : tuple of int
        Units of the hidden layers; none for a logistic regression.
    seed : int

    Returns
    -------
    list of (weights, bias)
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    scaled = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    network = MLPClassifier(
        hidden,
        solver="sgd",
        alpha=0.0,
        batch_size=BATCH,
        learning_rate_init=RATE,
        momentum=0.0,
        nesterovs_momentum=False,
        max_iter=1,
        n_iter_no_change=EPOCHS + 1,
        warm_start=True,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(scaled, y)
        # It begins as that paper's library does: weights and biases even between plus and minus 1 / sqrt(inputs).
        rng = np.random.default_rng(seed)
        for parts in (network.coefs_, network.intercepts_):
            for layer, part in enumerate(parts):
                reach = 1 / np.sqrt(len(network.coefs_[layer]))
                part[...] = rng.uniform(-reach, reach, part.shape)
        network.set_params(max_iter=EPOCHS).fit(scaled, y)
    return list(zip(network.coefs_, network.intercepts_, strict=True))


def read_rows(path, nodes):
    """Rows of features.

    Parameters
    ----------
    path : path
        A .csv with or without a line of names, an .npy, or an .npz with one array or one that is called X. Named
        columns may stand in any order and beside others; without names they are the nodes in the model's order.
    nodes : tuple of str

    Returns
    -------
    (people, nodes) array

    Raises
    ------
    InputError
        One line: the file, what is wrong, what is allowed.
    """
    path = Path(path)
    if path.suffix != ".csv":
        arrays = _arrays(path)
        array = arrays.get("X", next(iter(arrays.values())) if len(arrays) == 1 else None)
        if array is None:
            raise InputError(f"{path}: given {', '.join(arrays)}; allowed: one array, or one that is called X")
        return _checked(path, array, nodes)
    names, rows = _csv(path)
    if names is not None:
        lower = [name.lower() for name in names]
        if all(node.lower() in lower for node in nodes):
            return _checked(path, rows[:, [lower.index(node.lower()) for node in nodes]], nodes)
        if len(names) == len(nodes) + 1 and not names[0]:  # an index
            rows = rows[:, 1:]
        elif len(names) != len(nodes):
            missing = [node for node in nodes if node.lower() not in lower]
            raise InputError(f"{path}: lacks the columns {', '.join(missing)}; allowed: {', '.join(nodes)}")
    return _checked(path, rows, nodes)


def _csv(path):
    """Names of the columns, None without any, and the rows."""
    try:
        lines = [line.split(",") for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'no text'}") from None
    if not lines:
        raise InputError(f"{path}: empty; allowed: rows of numbers")
    lines = [[cell.strip().strip('"') for cell in line] for line in lines]
    named = not all(map(_is_number, lines[0])) or lines[0] == [str(place) for place in range(len(lines[0]))]
    names = lines.pop(0) if named else None
    for number, line in enumerate(lines, 2 if named else 1):
        if len(line) != len(names or lines[0]):
            raise InputError(f"{path}, line {number}: {len(line)} values; allowed: {len(names or lines[0])}")
        for cell in line:
            if not _is_number(cell):
                raise InputError(f"{path}, line {number}: given {cell!r}; allowed: a number")
    return names, np.array(lines, dtype=float).reshape(len(lines), -1)


def _is_number(text):
    try:
        return np.isfinite(float(text))
    except ValueError:
        return False


def _arrays(path):
    """Arrays of an .npy or .npz by name."""
    try:
        content = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        reason = getattr(error, "strerror", None) or "it is no .npy or .npz of plain numbers"
        raise InputError(f"{path}: cannot be read: {reason}") from None
    try:
        arrays = {name: content[name] for name in content.files} if hasattr(content, "files") else {"": content}
    except ValueError:
        raise InputError(f"{path}: cannot be read: it holds more than plain numbers") from None
    for name, array in arrays.items():
        if array.dtype.kind not in "fiub" or not np.isfinite(array).all():
            raise InputError(f"{path}: {name or 'the array'} holds other things than finite numbers")
    return {name: array.astype(float) for name, array in arrays.items()}


def _checked(path, rows, nodes):
    if rows.ndim != 2 or rows.shape[1] != len(nodes):
        raise InputError(f"{path}: given the shape {rows.shape}; allowed: (people, {len(nodes)}): {', '.join(nodes)}")
    if len(rows) < 2:
        raise InputError(f"{path}: given {len(rows)} people; allowed: 2 or more")
    return rows


def read_layers(path, inputs):
    """A classifier's layers, over standardised features.

    Parameters
    ----------
    path : path
        A logistic regression as ``inputs`` weights and the bias: a .csv or .npy of these numbers, or an .npz with two
        arrays. A network as an .npz with a matrix and a bias per layer: W0, b0, W1, b1, ..., or in the order in which
        they are stored. Matrices may be (inputs, outputs) or (outputs, inputs).
    inputs : int

    Returns
    -------
    list of ((inputs, outputs) array, (outputs,) array)

    Raises
    ------
    InputError
        One line: the file, what is wrong, what is allowed.
    """
    path = Path(path)
    arrays = {"": _csv(path)[1]} if path.suffix == ".csv" else _arrays(path)
    if len(arrays) == 1:
        numbers = next(iter(arrays.values())).ravel()
        if len(numbers) != inputs + 1:
            raise InputError(f"{path}: given {len(numbers)} numbers; allowed: {inputs} weights and the bias")
        return [(numbers[:-1, None], numbers[-1:])]
    numbered = [f"{letter}{layer}" for layer in range(len(arrays) // 2) for letter in "Wb"]
    ordered = [arrays[name] for name in numbered] if set(numbered) == set(arrays) else list(arrays.values())
    if len(ordered) == 2:  # a logistic regression, in whatever order
        ordered.sort(key=lambda array: -array.size)
    shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
    for turned in (False, True):
        layers, width = [], inputs
        for weights, bias in zip(ordered[::2], ordered[1::2], strict=False):
            matrix = np.atleast_2d(weights)
            if matrix.shape[0] == 1 and weights.ndim == 1 and not turned:
                matrix = matrix.T
            matrix = matrix.T if turned else matrix
            if matrix.shape != (width, bias.size):
                break
            layers.append((matrix, bias.ravel()))
            width = bias.size
        else:
            if width == 1 and len(ordered) % 2 == 0:
                return layers
    raise InputError(
        f"{path}: given {shapes}; allowed: a matrix and a bias per layer, from {inputs} features to one logit"
    )


def main(arguments=None):
    """Print the table.

    Parameters
    ----------
    arguments : list of str, optional
        Instead of those of the command line.

    Returns
    -------
    int
        0; 1 after a mistake, which is told in one line.
    """
    parser = argparse.ArgumentParser(
        prog="python -m recrec.causal.oracle",
        description="Mean cost of recourse x 100 by the published brute-force oracle, and of the exact optimum: on "
        "stored data and weights of one model (--train, --test, --weights) or of several (--data), or on simulations.",
    )
    add = parser.add_argument
    add(
        "--model", action="append", help="triangle, collider, chain, loan, or a causal data set's YAML; may be repeated"
    )
    add("--train", type=Path, help="features of the training rows: .csv, .npy or .npz; they also standardise")
    add("--test", type=Path, help="features of the people who ask, of whom the rejected ones count")
    add("--weights", type=Path, help="the classifier over standardised features: .npz, .npy or .csv")
    add("--data", type=Path, help="a folder with MODEL/train.*, MODEL/test.* and MODEL/weights.* for each model")
    add("--normaliser", choices=("rejected", "all"), default="rejected", help="training rows whose range divides costs")
    add("--bins", type=int, help=f"values per node of the grid; else {BINS}, for loan {BINS_OF['loan']}")
    add("--simulate", action="store_true", help="fresh people and a fresh classifier instead of stored ones")
    add("--seeds", type=int, default=5, help="simulations of each model")
    options = parser.parse_args(arguments)
    try:
        with threadpool_limits(1):
            _print(options)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _print(options):
    one = (options.train, options.test, options.weights)
    if options.bins is not None and options.bins < 2:
        raise InputError(f"--bins: given {options.bins}; allowed: 2 or more")
    if options.simulate + (options.data is not None) + any(one) != 1:
        raise InputError("allowed: one of --simulate, --data, and --train with --test and --weights")
    if any(one) and not (all(one) and options.model and len(options.model) == 1):
        raise InputError("--train, --test, --weights and one --model are needed together")
    if options.simulate and options.seeds < 2:
        raise InputError(f"--seeds: given {options.seeds}; allowed: 2 or more, for a sampling error")
    models = options.model or list(PUBLISHED)
    if options.data is not None and not options.model:
        models = [name for name in models if (options.data / name).is_dir()]
        if not models:
            raise InputError(f"{options.data}: has no folder {', '.join(PUBLISHED)}; allowed: one for each model")
    print(f"Cost x 100; ranges over {options.normaliser} training rows.")
    errors = ("error",) if options.simulate else ()
    more = ("errors off",) if options.simulate else ()
    print(_line("model", "people", "grid", *errors, "exact", *errors, "validity", "published", *more))
    for name in models:
        dataset = catalogue.load(catalogue.find(name, catalogue.SHIPPED.parents[1]))
        stem = Path(name).stem
        if any(node.equation is None for node in dataset.nodes.values()):
            raise InputError(f"{name}: its equations are fitted; allowed: a model whose equations are given")
        bins = options.bins or BINS_OF.get(stem, BINS)
        published = PUBLISHED.get(stem) if options.normaliser == "rejected" else None
        if options.simulate:
            _simulated(dataset, stem, bins, published, options)
            continue
        model = dataset.model()
        paths = one if any(one) else [_found(options.data / name, part) for part in ("train", "test", "weights")]
        train, test = (read_rows(path, model.nodes) for path in paths[:2])
        layers = read_layers(paths[2], len(model.nodes))
        found = answer(model, train, test, layers, bins, options.normaliser)
        print(_line(stem, found.people, found.grid, found.exact, f"{found.validity:.4f}", published))
        _warn(stem, [found])


def _simulated(dataset, name, bins, published, options):
    """A line for a model's simulations; the error is that of one of them, such as the published figure is."""
    if dataset.accepted is None:
        raise InputError(f"{name}: says not who is accepted in truth; allowed: a model that does")
    model = dataset.model()
    found = [answer(model, *simulate(dataset, seed), bins, options.normaliser) for seed in range(options.seeds)]
    cells = []
    for measure in ("grid", "exact"):
        numbers = np.array([getattr(each, measure) for each in found])
        cells += [numbers.mean(), numbers.std(ddof=1)]
    off = None if published is None else (published - cells[0]) / (cells[1] * np.sqrt(1 + 1 / options.seeds))
    people = round(np.mean([each.people for each in found]))
    validity = f"{np.mean([each.validity for each in found]):.4f}"
    print(_line(name, people, *cells, validity, published, off), flush=True)
    _warn(name, found)


def _warn(name, found):
    if dearer := sum(each.dearer for each in found):
        print(f"{name}: {dearer} people whose exact plan costs more than the grid's", file=sys.stderr)


def _found(folder, part):
    """The one file of that name in a folder."""
    paths = [path for suffix in (".csv", ".npy", ".npz") if (path := folder / f"{part}{suffix}").exists()]
    if len(paths) != 1:
        raise InputError(f"{folder}: {len(paths)} files {part}; allowed: one of {part}.csv, {part}.npy, {part}.npz")
    return paths[0]


def _line(name, *cells):
    shown = ["" if cell is None else f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in cells]
    return f"{name:<20}" + "".join(f"{cell:>11}" for cell in shown)


if __name__ == "__main__":
    sys.exit(main())
