"""One cell: the rejected people of a data set, a method, a scheme of actionability and a seed.

A cell is solved three times: with the weights that people say, with what changes truly cost them, and for their
counterfactual twins, who differ from them in the sensitive node and in what follows from it. What came out are plain
arrays, to be stored; `evaluate_cell` makes a row a person of them.
"""

import time
from typing import NamedTuple

import numpy as np

from recrec.actionability.elicitation import scaled
from recrec.actionability.populations import draw
from recrec.actionability.profiles import Profiles
from recrec.causal import measures
from recrec.causal.world import Plans, Problem

#: What the columns of an evaluated cell say.
COLUMNS = {
    "person": "number of the person among the people of the data set; the same people in every cell of a seed",
    "group": "value of the sensitive node, 0 or 1; empty where the data set has none",
    "validity_model": "whether the plan gets the person accepted, by the equations that the method used",
    "validity_true": "the same by the true equations and the person's true noise; empty where nobody knows them",
    "certified": "whether the method proved its answer: nothing is cheaper, or nothing gets the person accepted",
    **measures.COLUMNS,
    "regret": "`cost_latent` minus that of the plan that the same method makes of what changes truly cost the person; "
    "0 where what they said leads to the same plans; below 0 only by a method that misses optima; empty where either "
    "plan is missing",
    "twin_accepted": "whether the person's counterfactual twin, who differs in the sensitive node and in what follows "
    "from it, is accepted and so asks for nothing; individual gaps are of people whose twin is not; empty where there "
    "is no twin",
    "twin_valid": "whether the twin is accepted or has a plan; the twin has the preferences of the person; empty where "
    "there is no twin",
    "twin_cost_gap": "`cost_elicited` minus that of the twin's plan, 0 for a twin who is accepted; empty where either "
    "has none",
    "broken": "masks, boxes, directions and limits that the plan breaks; a plan that breaks any fails the run",
}


class Cell(NamedTuple):
    """Plans for some people. All arrays have a row a person.

    Attributes
    ----------
    rows : (n,) array of int
        Number of each person in the data set.
    people : (n, nodes) array
    profiles : Profiles
    plans : Plans
        With the elicited weights.
    latent : Plans
        With what changes truly cost.
    twins : (n, nodes) array
        The people's counterfactual twins; NaN where there are none.
    twin_profiles : Profiles
    twin_accepted : (n,) array of bool
        Twins who need no plan.
    twin_plans : Plans
        Of the others.
    declined : str
        Why the method cannot answer; there are no people then. Else empty.
    """

    rows: np.ndarray
    people: np.ndarray
    profiles: Profiles
    plans: Plans
    latent: Plans
    twins: np.ndarray
    twin_profiles: Profiles
    twin_accepted: np.ndarray
    twin_plans: Plans
    declined: str = ""


def solve_cell(world, people, rows, scheme, method, settings, trained, seed, log):
    """The plans of a method for people whose profiles a scheme draws.

    Parameters
    ----------
    world : World
    people : (n, nodes) array
        Rejected people.
    rows : (n,) array of int
        Their numbers in the data set.
    scheme : Scheme
    method : module
        See `recrec.causal.methods.Method`.
    settings : Section
        The method's.
    trained : dict of arrays or None
    seed : int
        Of the profiles, and of what the method draws.
    log : logging.Logger

    Returns
    -------
    cell : Cell
    seconds : float
        That the method took to solve the people once, the faster of two times. Not part of the cell, which is the same
        whenever it is solved.
    """
    people, rows = np.asarray(people, dtype=float), np.asarray(rows)
    model = world.model
    sensitive = None if model.sensitive is None else people[:, model.sensitive]

    def profiles_at(values):
        present = values[:, model.actionable]
        return draw(scheme, present, world.sd[model.actionable], world.limits, sensitive, seed)

    problem = Problem(world, people, profiles_at(people))
    if why := method.unsupported(problem, settings):
        log.warning("declined: %s", why)
        return _declined(problem, rows, why), 0.0

    def timed(asked):
        begin = time.perf_counter()
        found = method.solve(asked, settings, trained, seed, log)
        return found, time.perf_counter() - begin

    plans, seconds = timed(problem)
    profiles = problem.profiles
    same = same_problem(profiles)
    if same.all():
        latent = plans
    else:
        # On the scale of what people say, for penalties have weight beside it.
        truth = np.where(same[:, None], profiles.weights, scaled(profiles.latent, profiles.mask))
        truly = problem._replace(profiles=profiles._replace(weights=truth))
        latent, again = timed(truly)
        # What a method compiles on its first call is none of its time for a person.
        seconds = min(seconds, again)

    twins = np.full_like(people, np.nan) if sensitive is None else model.twin(people)
    exist = np.isfinite(twins).all(axis=1)
    twins = np.where(exist[:, None], twins, np.nan)
    # The same draws as for the people themselves: every twin has the preferences of their person.
    standing = np.where(exist[:, None], twins, people)
    twin_profiles = profiles_at(standing)
    accepted = exist & (world.classifier.logit(standing) >= 0)
    asking = np.flatnonzero(exist & ~accepted)
    twin_plans = _none(len(people), standing[:, model.actionable])
    if len(asking):
        theirs = method.solve(Problem(world, twins[asking], twin_profiles.take(asking)), settings, trained, seed, log)
        for whole, part in zip(twin_plans[:4], theirs[:4], strict=True):
            whole[asking] = part
    log.info(
        "%d of %d people have a plan, %d by their latent weights; of their twins %d are accepted, %d have a plan",
        plans.found.sum(), len(people), latent.found.sum(), accepted.sum(), twin_plans.found.sum(),
    )  # fmt: skip
    return Cell(rows, people, profiles, plans, latent, twins, twin_profiles, accepted, twin_plans), seconds


def same_problem(profiles):
    """Whose elicited weights lead to the same plans as their latent ones.

    Those in proportion to each other do, among the features that a person may act on; with preferred values, whose
    penalty stays as it is, only those that are equal, on the scale of what people say or as they are.

    Parameters
    ----------
    profiles : Profiles of n people

    Returns
    -------
    (n,) boolean array
    """
    mask = profiles.mask

    def close(weights, others):
        return (np.isclose(weights, others, rtol=1e-9, atol=0) | ~mask).all(axis=1)

    indifferent = ~(mask & (profiles.penalty > 0)).any(axis=1)
    proportional = close(scaled(profiles.weights, mask), scaled(profiles.latent, mask))
    said = close(profiles.weights, profiles.latent) | close(profiles.weights, scaled(profiles.latent, mask))
    return said | (indifferent & proportional)


def _none(n, present):
    """No plan for anybody."""
    no = np.zeros(n, dtype=bool)
    return Plans(np.zeros(present.shape, dtype=bool), present.copy(), no, no.copy())


def _declined(problem, rows, why):
    nobody = problem.people[:0]
    profiles, none = problem.profiles.take(slice(0, 0)), _none(0, problem.present[:0])
    no = np.zeros(0, dtype=bool)
    return Cell(rows[:0], nobody, profiles, none, none, nobody, profiles, no, none, why)


def pack(cell):
    """A cell as plain arrays by name, for `storage.save_arrays`.

    Parameters
    ----------
    cell : Cell

    Returns
    -------
    dict of arrays
    """
    arrays = {}
    for name, part in cell._asdict().items():
        if isinstance(part, Profiles):
            arrays |= part.to_arrays(f"{name}_")
        elif isinstance(part, Plans):
            arrays |= {f"{name}_{one}": getattr(part, one) for one in PLAN}
            arrays |= {f"{name}_diagnostics_{one}": values for one, values in sorted(part.diagnostics.items())}
        else:
            arrays[name] = np.array(part)
    return arrays


#: Parts of plans that are arrays.
PLAN = ("acted", "values", "found", "certified")


def unpack(arrays):
    """The cell that `pack` took apart.

    Parameters
    ----------
    arrays : dict of arrays

    Returns
    -------
    Cell
    """

    def plans(name):
        prefix = f"{name}_diagnostics_"
        diagnostics = {key.removeprefix(prefix): part for key, part in arrays.items() if key.startswith(prefix)}
        return Plans(*(arrays[f"{name}_{one}"] for one in PLAN), diagnostics)

    parts = {name: arrays[name] for name in ("rows", "people", "twins", "twin_accepted")}
    parts |= {name: Profiles.from_arrays(arrays, f"{name}_") for name in ("profiles", "twin_profiles")}
    parts |= {name: plans(name) for name in ("plans", "latent", "twin_plans")}
    return Cell(**parts, declined=str(arrays["declined"]))


def evaluate_cell(world, cell, plausibility, true_model=None):
    """A row a person.

    Parameters
    ----------
    world : World
    cell : Cell
    plausibility : Plausibility
        Of the same data set and seed.
    true_model : CausalModel, optional
        How the people have truly come about, if anybody knows; `world.model` itself if the method used it.

    Returns
    -------
    dict of (n,) arrays
        By the names in `COLUMNS`, in their order; NaN where there is nothing to tell.

    Raises
    ------
    ValueError
        If a plan breaks a constraint, or does not do what it says: whose, and which.
    """
    n, model = len(cell.people), world.model
    asking = np.isfinite(cell.twins).all(axis=1) & ~cell.twin_accepted
    broken = measures.broken(world, cell.people, cell.profiles, cell.plans)
    _fail_if(broken, cell.rows, "plan")
    _fail_if(measures.broken(world, cell.people, cell.profiles, cell.latent), cell.rows, "plan by latent weights")
    of_twins = cell.twin_plans._replace(**{name: getattr(cell.twin_plans, name)[asking] for name in PLAN})
    twin_broken = measures.broken(world, cell.twins[asking], cell.twin_profiles.take(asking), of_twins)
    _fail_if(twin_broken, cell.rows[asking], "plan of the twin")

    plans, latent = cell.plans, cell.latent
    outcome = measures.outcome(world, cell.people, plans, true_model)
    measured = measures.measure(world, cell.people, cell.profiles, plans, outcome, plausibility, true_model)
    best = measures.costs(world, cell.people, cell.profiles, latent)["cost_latent"]
    same = same_problem(cell.profiles) & plans.found
    twin_cost = measures.costs(world, cell.twins, cell.twin_profiles, cell.twin_plans)["cost_elicited"]
    twin_cost = np.where(cell.twin_accepted, 0.0, twin_cost)
    has_twin = asking | cell.twin_accepted
    values = {
        "person": cell.rows,
        "group": np.full(n, np.nan) if model.sensitive is None else cell.people[:, model.sensitive],
        "validity_model": plans.found,
        "validity_true": outcome.valid,
        "certified": plans.certified,
        **measured,
        "regret": np.where(same, 0.0, measured["cost_latent"] - best),
        "twin_accepted": np.where(has_twin, cell.twin_accepted, np.nan),
        "twin_valid": np.where(has_twin, cell.twin_accepted | cell.twin_plans.found, np.nan),
        "twin_cost_gap": measured["cost_elicited"] - twin_cost,
        "broken": broken,
    }
    return {name: values[name].astype(float) for name in COLUMNS}


def _fail_if(broken, rows, what):
    if broken.any():
        person = int(np.argmax(broken > 0))
        raise ValueError(
            f"person {rows[person]}: the {what} breaks {broken[person]} constraints (mask, box, direction, limits, or "
            f"that it gets the person accepted); {np.count_nonzero(broken)} of {len(broken)} people have such a plan"
        )


def table(columns):
    """Rows for `storage.write_rows`: whole numbers as such, nothing where there is nothing to tell.

    Parameters
    ----------
    columns : dict of (n,) arrays

    Returns
    -------
    iterator of tuples

    Examples
    --------
    >>> list(table({"group": np.array([1.0, np.nan]), "valid": np.array([True, False])}))
    [(1, True), ('', False)]
    """
    return zip(*(map(_plain, values.tolist()) for values in columns.values()), strict=True)


def _plain(value):
    if value != value:
        return ""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value
