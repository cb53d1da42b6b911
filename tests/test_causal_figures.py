"""What the figures of the causal track draw: the numbers of the tables, readable, nothing over anything else."""

import made_tables
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import REPOSITORY
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from matplotlib.patches import Ellipse, FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.text import Text
from test_figures import VISIONS, seen

from recrec.causal import catalogue, figures
from recrec.drawing import save

pytestmark = pytest.mark.slow

FEW = ("loan", "gmsc")


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def people():
    return made_tables.people(number=60)


@pytest.fixture(scope="module")
def cells(people):
    return made_tables.cells(people)


def drawn(people, cells, gaps, models, name="loan"):
    """Every figure, by its caption's name."""
    titles, times = figures.titles_of(cells), made_tables.times(people)
    return {
        "constraints": figures.constraints(cells[cells["dataset"] == name], *titles[name]),
        "constraints-all": figures.constraints_all(cells),
        "disparity": figures.disparity(gaps[gaps["dataset"] == name], *titles[name]),
        "disparity-all": figures.disparity_all(gaps, titles),
        "elicited": figures.elicited(cells),
        "amortized": figures.amortized(people, times, titles),
        "graph": figures.graph(causal_dataset(name)),
        "models": figures.models(models),
    }


def causal_dataset(name):
    return catalogue.load(catalogue.find(name, REPOSITORY))


def made(datasets=FEW, **some):
    table = made_tables.people(datasets, number=40, **some)
    gaps = made_tables.gaps(datasets, **{name: some[name] for name in ("methods", "schemes") if name in some})
    return table, made_tables.cells(table), gaps, made_tables.models(datasets)


def heights(axes, method):
    """Of a method's points on an axis of schemes, without the breaks between lines."""
    [line] = [line for line in axes.lines if line.get_marker() == figures._looks([method])[method]["marker"]]
    values = np.asarray(line.get_ydata(), float)
    return values[~np.isnan(values)]


def test_constraints_are_the_means_of_all_cases_and_of_the_common_support(cells):
    part = cells[cells["dataset"] == "loan"]
    figure = figures.constraints(part, "Loan", True)
    validity, true, cost, common_cost, plausible, common_plausible, shares = figure.axes
    schemes = [*figures.HARD, *figures.SOFT]
    assert [label.get_text() for label in plausible.get_xticklabels()] == schemes

    def expected(column, over, factor):
        rows = part[(part["method"] == "grid") & (part["over"] == over)]
        return pytest.approx(factor * rows.groupby("scheme")[column].mean()[schemes].to_numpy())

    assert heights(validity, "grid") == expected("validity_model", "all", 100)
    assert heights(true, "grid") == expected("validity_true", "all", 100)
    assert heights(cost, "grid") == expected("cost_universal", "all", 1)
    assert heights(common_cost, "grid") == expected("cost_universal", "common", 1)
    assert heights(plausible, "grid") == expected("log_density_percentile", "all", 1)
    assert heights(common_plausible, "grid") == expected("log_density_percentile", "common", 1)
    assert "common" in shares.get_title()
    share = part[(part["method"] == "grid") & (part["over"] == "common")].groupby("seed")["valid"].first().mean() / 60
    [point] = [line for line in shares.lines if line.get_marker() == "s"]
    assert point.get_xdata() == pytest.approx([100 * share])


def test_lines_join_stricter_schemes_only(cells):
    axes = figures.constraints(cells[cells["dataset"] == "loan"], "Loan", True).axes[0]
    [line] = [line for line in axes.lines if line.get_marker() == "s"]
    pieces = "".join("." if np.isnan(value) else "x" for value in line.get_ydata()).split(".")
    assert [len(piece) for piece in pieces if piece] == [4, 2, 1, 1, 1, 1, 1], "masks, tops, and soft ones alone"


def test_true_validity_has_a_row_where_it_is_known_and_another(cells):
    part = cells[cells["dataset"] == "gmsc"]
    for same in (part.assign(validity_true=part["validity_model"]), part.assign(validity_true=np.nan)):
        assert len(figures.constraints(same, "Credit", False).axes) == 6
    assert len(figures.constraints(part, "Credit", False).axes) == 7


def test_over_all_data_sets_costs_are_geometric_means_of_multiples(cells):
    figure = figures.constraints_all(cells)
    common = cells[(cells["over"] == "common") & (cells["method"] == "exact")]
    means = common.groupby(["dataset", "scheme"])["cost_universal"].mean().unstack()
    expected = np.exp(np.log(means.div(means["universal"], axis=0)).mean())[[*figures.HARD, *figures.SOFT]]
    assert heights(figure.axes[1], "exact") == pytest.approx(expected.to_numpy())
    assert "9 data sets, 7 of them SYNTHETIC" in figure.get_suptitle()
    fewer = cells[(cells["method"] != "exact") | (cells["dataset"] != "loan")]
    labels = [text.get_text() for text in figures.constraints_all(fewer).legends[0].get_texts()]
    assert labels[:2] == ["exact (8)", "grid (9)"]


def one_gap(**changes):
    rows = [
        {"dataset": "loan", "method": "exact", "scheme": scheme, "over": "all", "measure": "validity_model",
         "kind": "group", "gap": 0.2, "low": 0.1, "high": 0.25, "higher": 1.0, "p_holm": 0.01, **changes}
        for scheme in ("ranked", "universal", "ranked-correlated", "top-1")
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize(("higher", "places"), [(1.0, [20, 10, 25]), (0.0, [-20, -25, -10])])
def test_gaps_have_a_direction(higher, places):
    [axes] = figures.disparity(one_gap(higher=higher), "Loan", True).axes
    [bars] = [each for each in axes.collections if len(each.get_segments()) == 4]
    for bar in bars.get_segments():
        assert bar[:, 0] == pytest.approx(places[1:])
    assert max((line.get_xdata() for line in axes.lines), key=len) == pytest.approx([places[0]] * 4)
    table = figures.disparity_all(one_gap(higher=higher), {"loan": ("Loan", True)}, measures=[figures.VALIDITY])
    assert f"{places[0]:+.1f}*" in [text.get_text() for text in table.axes[0].texts]


@pytest.mark.parametrize(("p", "filled"), [(0.049, True), (0.051, False)])
def test_what_differs_after_holm_is_filled(p, filled):
    [axes] = figures.disparity(one_gap(p_holm=p), "Loan", True).axes
    [line] = [line for line in axes.lines if len(line.get_xdata()) == 4]
    assert (line.get_markerfacecolor() != "white") == filled
    table = figures.disparity_all(one_gap(p_holm=p), {"loan": ("Loan", True)}, measures=[figures.VALIDITY])
    assert ("+20.0*" in [text.get_text() for text in table.axes[0].texts]) == filled


def test_correlated_schemes_stand_below_their_own():
    [axes] = figures.disparity(one_gap(), "Loan", True).axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["universal", "top-1", "ranked", "ranked-correlated"]


def test_asking_is_measured_by_what_it_spares(cells):
    figure = figures.elicited(cells)
    titles = [axes.get_title() for axes in figure.axes]
    assert [title.partition("\n")[0] for title in titles] == [
        "cost by rankings", "cost by scores", "regret without asking", "regret by rankings", "regret by scores",
    ]  # fmt: skip
    common = cells[(cells["over"] == "common") & (cells["method"] == "amortized")]
    means = common.groupby(["dataset", "scheme", "seed"])["cost_latent"].mean().unstack("scheme")
    expected = 100 * (means["scored"] / means["universal"]).groupby("dataset").mean()[list(made_tables.TITLES)]
    [line] = [line for line in figure.axes[1].lines if line.get_marker() == "D"]
    assert line.get_xdata() == pytest.approx(expected.to_numpy())
    [line] = [line for line in figure.axes[4].lines if line.get_marker() == "D"]
    assert line.get_xdata() == pytest.approx([100 * 0.03 / 0.97] * 9), "regret is 3 % of what the plan costs"


def test_methods_are_compared_on_what_both_solve():
    def rows(method, valid, costs):
        return [
            {"dataset": "loan", "scheme": "top-1", "seed": 0, "person": person, "method": method,
             "validity_model": ok, "cost_elicited": cost}
            for person, (ok, cost) in enumerate(zip(valid, costs, strict=True))
        ]  # fmt: skip

    table = pd.DataFrame(
        rows("exact", [1, 1, 1, 0], [1.0, 3.0, 100.0, np.nan])
        + rows("amortized", [1, 1, 0, 0], [1.5, 4.0, np.nan, np.nan])
    )
    [row] = figures.compared(table).itertuples()
    assert row.ratio == pytest.approx(5.5 / 4.0)
    assert row.points == pytest.approx(-25.0)
    times = pd.DataFrame({"dataset": ["loan"] * 3, "method": "exact", "scheme": "top-1", "seed": 0, "people": 4,
                          "microseconds": [1.0, 2.0, 90.0]})  # fmt: skip
    ratio, points, time = figures.amortized(table, times, {"loan": ("Loan", True)}).axes
    assert ratio.texts[0].get_text() == "1.38"
    assert points.texts[0].get_text() == "-25.0"
    for axes in (ratio, points):
        assert len([patch for patch in axes.patches if isinstance(patch, Rectangle)]) == 1, "a frame"
    [line] = [line for line in time.lines if line.get_marker() == "o"]
    assert line.get_xdata() == pytest.approx([2.0])
    nobody = figures.amortized(table[table["method"] == "exact"], times, {"loan": ("Loan", True)})
    assert nobody.axes[0].texts[0].get_text() == "-"


def test_graphs_show_what_the_file_says():
    dataset = causal_dataset("loan")
    axes = figures.graph(dataset).axes[0]
    boxes = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    assert sum(patch.get_linewidth() > 1.5 for patch in boxes) == 4, "actionable"
    assert sum(patch.get_linestyle() not in ("-", "solid") for patch in boxes) == 1, "sensitive"
    assert len([patch for patch in axes.patches if isinstance(patch, Ellipse)]) == 1
    edges = sum(len(parents) for parents in dataset.parents().values())
    assert len([patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]) == edges + 4, (
        "L, D, I, V decide"
    )
    assert {"education\n(E)", "gender\n(G)", "accepted"} <= {text.get_text() for text in axes.texts}


@st.composite
def graphs(draw):
    nodes = [f"N{place}" for place in range(draw(st.integers(2, 9)))]
    parents = {node: tuple(one for one in nodes[:place] if draw(st.booleans())) for place, node in enumerate(nodes)}
    return {node: parents[node] for node in draw(st.permutations(nodes))}


@given(graphs())
def test_every_arrow_leads_on_and_passes_between_nodes(parents):
    places, routes = figures.layout(parents, apart=1.0, lane=0.4)
    assert set(places) == set(parents)
    assert set(routes) == {(parent, child) for child, causes in parents.items() for parent in causes}
    for layer in {layer for layer, _ in places.values()}:
        at = np.sort([height for other, height in places.values() if other == layer])
        assert (np.diff(at) >= 1.0 - 1e-9).all()
    for (parent, child), route in routes.items():
        assert route[0] == places[parent] and route[-1] == places[child]
        assert [layer for layer, _ in route] == list(range(route[0][0], route[-1][0] + 1)) and len(route) > 1
        for layer, height in route[1:-1]:
            near = [abs(height - at) for other, at in places.values() if other == layer]
            assert min(near) >= 0.75 - 1e-9


def test_crossings_that_need_not_be_are_none():
    parents = {"A": (), "B": (), "C": (), "D": ("C",), "E": ("B",), "F": ("A",)}
    places = figures.layout(parents).places
    order = [places[node][1] for node in "ABC"], [places[node][1] for node in "FED"]
    assert list(np.argsort(order[0])) == list(np.argsort(order[1]))


def test_every_figure_has_a_caption_and_says_synthetic(people, cells):
    every = drawn(people, cells, made_tables.gaps(), made_tables.models())
    assert set(every) == set(figures.CAPTIONS)
    for name, figure in every.items():
        assert "SYNTHETIC" in figure.get_suptitle(), name
    real = made(("gmsc", "adult"))
    assert not any(
        "SYNTHETIC" in figure.get_suptitle()
        for figure in (figures.elicited(real[1]), figures.constraints(real[1].query("dataset == 'adult'"), "A", False))
    )


@pytest.mark.parametrize("table", ["cells", "gaps"])
def test_data_sets_are_kept_apart(table, cells):
    with pytest.raises(ValueError, match="one data set"):
        if table == "cells":
            figures.constraints(cells, "All", True)
        else:
            figures.disparity(made_tables.gaps(FEW), "All", True)


@pytest.mark.parametrize(
    "some",
    [
        {"methods": ("exact",)},
        {"methods": ("amortized", "random")},
        {"schemes": ("universal",)},
        {"schemes": ("ranked", "scored")},
        {"schemes": ("universal", "mask-25", "top-1", "top-1-correlated")},
        {"schemes": ("mask-50",), "seeds": 1},
    ],
    ids=str,
)
def test_what_a_study_leaves_out_breaks_nothing(some, tmp_path):
    for name, figure in drawn(*made(**some)).items():
        save(figure, [tmp_path / f"{name}.png"])


def test_no_case_at_all_is_said():
    table, *_ = made(("loan",))
    measured = [*made_tables.MEASURES]
    table.loc[table["scheme"] == "top-1", ["validity_model", "validity_true"]] = False
    table.loc[table["scheme"] == "top-1", measured] = np.nan
    cells = made_tables.cells(table)
    figure = figures.constraints(cells, "Loan", True)
    assert "no case" in [text.get_text() for axes in figure.axes for text in axes.texts]
    figures.constraints_all(cells).canvas.draw()
    figures.elicited(cells).canvas.draw()


def test_methods_that_we_do_not_know_look_unlike_all_others():
    looks = figures._looks(["exact", "mine", "yours"])
    assert list(looks) == ["exact", "mine", "yours"]
    every = figures._looks([*figures.METHODS, "mine", "yours"])
    assert looks["mine"] == every["mine"], "a method looks the same whoever is beside it"
    assert len({look["marker"] for look in every.values()}) == 8


@pytest.mark.parametrize("vision", VISIONS)
def test_methods_stay_apart_in_grey_and_for_the_colour_blind(vision):
    colours = seen(list(figures.METHODS.values()), vision)
    assert np.diff(colours[:, 0]).min() > 8, "each is lighter than the one before"
    distances = np.linalg.norm(colours[:, None] - colours[None], axis=-1)[np.triu_indices(len(colours), 1)]
    assert distances.min() > 20
    assert len({to_rgb(colour) for colour in figures.METHODS.values()}) == len(figures.METHODS)


def boxes(figure):
    """What is written, and where."""
    renderer = figure.canvas.get_renderer()
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text().strip():
            yield text, text.get_window_extent(renderer)


def test_nothing_is_drawn_outside_the_page_or_over_anything_else(people, cells):
    every = drawn(people, cells, made_tables.gaps(), made_tables.models())
    for name, figure in (*every.items(), *((name, figures.graph(causal_dataset(name))) for name in ("chain", "loan"))):
        figure.canvas.draw()
        hidden = {text for axes in figure.axes for text in (axes.xaxis.get_offset_text(), axes.yaxis.get_offset_text())}
        written = [(text, box) for text, box in boxes(figure) if text not in hidden and text.get_rotation() in (0, 90)]
        for text, box in boxes(figure):
            assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1, f"{name}: {text.get_text()}"
            assert figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1, f"{name}: {text.get_text()}"
        for place, (text, box) in enumerate(written):
            for other, beside in written[:place]:
                over = min(box.x1, beside.x1) - max(box.x0, beside.x0), min(box.y1, beside.y1) - max(box.y0, beside.y0)
                assert min(over) <= 1.5, f"{name}: {text.get_text()!r} over {other.get_text()!r}"
        assert figure.get_figwidth() <= 8.5 and figure.get_figheight() <= 11, f"{name} fits a page"


@pytest.mark.parametrize("name", ["triangle", "collider", "chain", "loan"])
def test_the_names_of_nodes_are_inside_their_boxes(name):
    figure = figures.graph(causal_dataset(name))
    figure.canvas.draw()
    renderer, axes = figure.canvas.get_renderer(), figure.axes[0]
    shapes = [patch.get_window_extent(renderer) for patch in axes.patches if not isinstance(patch, FancyArrowPatch)]
    for text in axes.texts:
        box = text.get_window_extent(renderer)
        assert sum(shape.x0 <= box.x0 and box.x1 <= shape.x1 and shape.y0 <= box.y0 and box.y1 <= shape.y1
                   for shape in shapes) == 1, text.get_text()  # fmt: skip
    for place, one in enumerate(shapes):
        assert not any(one.overlaps(other) for other in shapes[:place])


def test_the_same_tables_give_the_same_bytes(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        for name, figure in drawn(*made(("loan",))).items():
            save(figure, [tmp_path / folder / f"{name}.{suffix}" for suffix in ("png", "pdf")])
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(files) == 2 * len(figures.CAPTIONS)
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name
