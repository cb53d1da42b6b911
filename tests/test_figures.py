"""What is drawn: the numbers of the table, nothing averaged over that is not said, readable without colours."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb

from recrec import drawing
from recrec.reporting import figures

pytestmark = pytest.mark.slow

SAMPLINGS = (1.0, 10.0, 100.0)
#: Machado, Oliveira and Fernandes (2009): colours as seen with no deutan, protan or tritan cones, in linear RGB.
VISIONS = {
    "normal": np.eye(3),
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def cells(dataset="films", recommender="content", method="recrec", worse=0.0):
    """Two groups, whose labels do not sort as they do, two original ranks, three samplings, three items."""
    rows = [
        {
            "dataset": dataset, "recommender": recommender, "method": method, "group": group, "group_label": label,
            "rank": rank, "sampling": sampling, "mean_rank_before": rank + item, "iterations": 10 * (item + 1),
            "success_before_thresholding": 1 - 0.1 * item - worse, "success": 0.8 - 0.1 * item * group - worse,
            "rbo": 0.99 - 0.02 * item - worse, "changed": (0, 1, 40)[item], "changed_share": (0, 0.001, 0.04)[item],
            "l1": 1.0 + item + worse, "queries": "" if method == "recrec" else str(100 * (item + 1)),
        }
        for group, label in ((1, "under 40"), (2, "40 and over"))
        for rank in (11, 101)
        for sampling in SAMPLINGS
        for item in range(3)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def heights(axes):
    return [line.get_ydata() for line in axes.lines if len(line.get_ydata()) == len(SAMPLINGS)]


def drawn():
    return {
        "success": figures.success(cells(), "Films", True, 10),
        "rbo": figures.overlap(cells(), "Films", True),
        "changes": figures.changes(cells(), "Films", True),
        "comparison": figures.comparison(cells(), "Films", True, 10),
    }


def test_success_is_the_mean_of_each_group_before_and_after_thresholding():
    figure = figures.success(cells(), "Films", False, 10)
    panels = np.array(figure.axes).reshape(2, 2)
    for row in panels:
        assert [list(line) for line in heights(row[0])] == [pytest.approx([90.0] * 3)] * 2
        assert [list(line) for line in heights(row[1])] == [pytest.approx([70.0] * 3), pytest.approx([60.0] * 3)]
    assert "before" in panels[0, 0].get_title() and "after" in panels[0, 1].get_title()
    [legend] = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["under 40", "40 and over"]
    assert "original rank 11\n(mean rank 11 to 13)" in panels[0, 0].get_ylabel()


def test_bars_reach_from_the_10th_to_the_90th_percentile():
    axes = figures.success(cells(), "Films", False, 10).axes[0]
    expected = np.quantile([100, 90, 80], (0.1, 0.9))
    for collection in axes.collections:
        for bar in collection.get_segments():
            assert bar[:, 1] == pytest.approx(expected)


def test_points_of_one_sampling_stand_beside_each_other_around_it():
    one, other = figures.success(cells(), "Films", False, 10).axes[0].lines[:2]
    assert (one.get_xdata() < other.get_xdata()).all()
    assert np.sqrt(one.get_xdata() * other.get_xdata()) == pytest.approx(SAMPLINGS)


def test_a_method_without_thresholding_has_one_column():
    figure = figures.success(cells(), "Films", False, 10, thresholded=False)
    assert len(figure.axes) == 2
    assert all(list(line) == pytest.approx([90.0] * 3) for axes in figure.axes for line in heights(axes))
    for draw in (figures.changes, figures.overlap):
        assert "thresholding" not in draw(cells(), "Films", False, thresholded=False).axes[0].get_ylabel()
        assert "after hard thresholding" in draw(cells(), "Films", False).axes[0].get_ylabel()


def test_changes_are_means_and_not_means_of_logarithms():
    axes = figures.changes(cells(), "Films", False).axes[0]
    lines = heights(axes)
    assert len(lines) == 2
    for line in lines:
        assert line == pytest.approx([100 * 0.041 / 3] * 3)


def test_no_change_stands_on_the_lower_edge():
    table = cells().assign(changed=0, changed_share=0.0)
    axes = figures.changes(table, "Films", False).axes[0]
    assert all(line == pytest.approx([figures.CHANGED[0]] * 3) for line in heights(axes))


def test_the_axis_of_changes_counts_features_too_and_has_more_than_two_labels():
    figure = figures.changes(cells(), "Films", False)
    figure.canvas.draw()
    axes, [counted] = figure.axes[0], figure.axes[0].child_axes
    assert len([label for label in axes.get_yticklabels() if label.get_text()]) >= 4
    assert counted.get_ylim() == pytest.approx(10 * np.array(axes.get_ylim())), "1,000 features"


@pytest.mark.parametrize("name", ["success", "rbo", "changes"])
def test_axes_are_the_same_for_every_data_set(name):
    near = cells().assign(success=1.0, success_before_thresholding=1.0, rbo=0.99999, changed_share=0.0001)
    far = cells().assign(success=0.01, success_before_thresholding=0.2, rbo=0.4, changed_share=0.9)
    draw = {"success": lambda table: figures.success(table, "Films", False, 10)}
    draw |= {"rbo": lambda table: figures.overlap(table, "Films", False)}
    draw |= {"changes": lambda table: figures.changes(table, "Films", False)}
    one, other = (draw[name](table).axes[0] for table in (near, far))
    assert one.get_ylim() == other.get_ylim()
    assert list(one.get_yticks()) == list(other.get_yticks())


def test_rarer_changes_than_the_axis_has_room_for_are_shown():
    table = cells().assign(changed=1, changed_share=1e-7)
    axes = figures.changes(table, "Films", False).axes[0]
    assert axes.get_ylim()[0] < 1e-5
    assert all(line == pytest.approx([1e-5] * 3) for line in heights(axes))


def test_boxes_are_of_one_sampling_each():
    table = cells()
    table["rbo"] = np.where(table["sampling"] == 10, 0.5, table["rbo"])
    axes = figures.overlap(table, "Films", False).axes[0]
    boxes = [patch.get_path().vertices[:, 1] for patch in axes.patches]
    assert [box.min() for box in boxes] == pytest.approx([95.0, 50.0, 95.0]), "lower quartiles"
    assert [text.get_text() for text in axes.get_xticklabels()] == ["1", "10", "100"]
    [mean] = [line for line in axes.lines if list(line.get_xdata()) == [0, 1]]
    assert mean.get_ydata()[0] == pytest.approx((97 + 50 + 97) / 3)


def test_whiskers_leave_a_twentieth_on_either_side_to_dots():
    table = cells().query("sampling == 10").assign(rbo=np.linspace(0.50, 0.61, 12))
    axes = figures.overlap(table, "Films", False).axes[0]
    dots = [line.get_ydata() for line in axes.lines if line.get_marker() == "."]
    assert [sorted(each) for each in dots] == [pytest.approx([50.0, 61.0])]


def test_the_papers_mean_is_drawn_where_it_is_given_only():
    def texts(figure):
        return [text.get_text() for text in figure.legends[0].get_texts()]

    assert texts(figures.overlap(cells(), "Films", False)) == ["mean over all samplings: 97.00 %"]
    assert texts(figures.overlap(cells(), "Films", False, 0.9943))[1:] == ["mean in the paper: 99.43 %"]


def test_titles_say_synthetic_and_which_recommender_and_method():
    for name, figure in drawn().items():
        title = figure.get_suptitle()
        assert title.startswith("Films (SYNTHETIC data)"), name
        assert name == "comparison" or title.endswith("method recrec on recommender content")
    assert "SYNTHETIC" not in figures.changes(cells(), "Films", False).get_suptitle()


@pytest.mark.parametrize("other", [{"dataset": "books"}, {"recommender": "ridge"}, {"method": "greedy"}])
def test_nothing_is_averaged_over_data_sets_recommenders_or_methods(other):
    both = pd.concat([cells(), cells(**other)])
    for draw in (lambda: figures.success(both, "Films", False, 10), lambda: figures.overlap(both, "Films", False),
                 lambda: figures.changes(both, "Films", False)):  # fmt: skip
        with pytest.raises(ValueError, match="not 2 combinations"):
            draw()


def test_a_comparison_has_a_line_for_each_recommender_and_method():
    pairs = [("content", "recrec"), ("content", "greedy"), ("ridge", "recrec")]
    table = pd.concat([cells("films", *pair, worse=0.1 * place) for place, pair in enumerate(pairs)])
    figure = figures.comparison(table, "Films", False, 10)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["greedy on content", "recrec on content", "recrec on ridge"]
    panels = {axes.get_title(): heights(axes) for axes in figure.axes}
    assert len(panels) == 6
    success = [line[0] for line in panels["item in the top 10 (% of users)"]]
    assert success == pytest.approx([55.0, 65.0, 45.0]), "greedy is 0.1 worse, ridge 0.2"
    assert [line[0] for line in panels["size of the change (L1)"]] == pytest.approx([2.1, 2.0, 2.2])
    assert len(panels["iterations"]) == 3
    assert [list(line) for line in panels["queries"]] == [[200.0] * 3], "the others have none"


def test_a_comparison_says_where_a_pair_has_fewer_recourses():
    fewer = cells(method="greedy").query("rank == 11")
    figure = figures.comparison(pd.concat([cells(), fewer]), "Films", False, 10)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "greedy on content (18 recourses)",
        "recrec on content (36 recourses)",
    ]


def test_a_place_without_a_panel_stays_empty_and_the_one_above_has_the_labels():
    figure = figures.comparison(cells().drop(columns="queries"), "Films", False, 10)
    figure.canvas.draw()
    panels = np.array(figure.axes).reshape(2, 3)
    assert [axes.get_visible() for axes in panels.flat] == [True] * 5 + [False]
    assert (
        panels[0, 2].xaxis.get_tick_params()["labelbottom"] and not panels[0, 1].xaxis.get_tick_params()["labelbottom"]
    )


def test_data_sets_are_not_compared():
    with pytest.raises(ValueError, match="one data set"):
        figures.comparison(pd.concat([cells(), cells("books")]), "Films", False, 10)


def test_groups_of_one_label_stay_apart():
    figure = figures.success(cells().assign(group_label="all"), "Films", False, 10)
    assert all(len(heights(axes)) == 2 for axes in figure.axes)


def test_one_sampling_can_be_drawn():
    table = cells().query("sampling == 10")
    figures.comparison(table, "Films", False, 10).canvas.draw()
    assert [tick.get_text() for tick in figures.changes(table, "Films", False).axes[0].get_xticklabels()] == ["10"]


def test_every_figure_has_a_caption():
    assert set(figures.CAPTIONS) == set(drawn())


def test_nothing_is_drawn_outside_the_page():
    """The places of titles, legends and labels are computed, not found by drawing."""
    long = cells(method="a_method_of_a_long_name").assign(group_label="users of between 1,000 and 100,000 ratings")
    for figure in (
        *drawn().values(),
        figures.success(long, "A data set of a name that is longer than a line of the figure has room for", True, 10),
        figures.changes(long, "A data set of a name that is longer than a line of the figure has room for", True),
    ):
        figure.canvas.draw()
        renderer, page = figure.canvas.get_renderer(), figure.bbox
        for artist in (*figure.axes, *figure.legends, *figure.texts):
            if artist.get_visible():
                box = artist.get_tightbbox(renderer)
                assert box.x0 >= page.x0 and box.x1 <= page.x1 and box.y0 >= page.y0 and box.y1 <= page.y1, artist
        tops = [axes.get_tightbbox(renderer).y1 for axes in figure.axes if axes.get_visible()]
        assert max(tops) <= figure.legends[0].get_window_extent().y0 + 1, "the legend is above all panels"
        title = next(text for text in figure.texts if text.get_text() == figure.get_suptitle())
        assert figure.legends[0].get_window_extent().y1 <= title.get_window_extent().y0 + 1, "and below the title"


def test_the_same_table_gives_the_same_bytes(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        for name, figure in drawn().items():
            drawing.save(figure, [tmp_path / folder / f"{name}.{suffix}" for suffix in ("png", "pdf")])
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(files) == 8
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def seen(colours, vision):
    """Colours in CIE L*a*b*, by a kind of vision."""
    encoded = np.array([to_rgb(colour) for colour in colours])
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ np.array(VISIONS[vision]).T, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ to_xyz.T / [0.9505, 1.0, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


@pytest.mark.parametrize("vision", VISIONS)
def test_colours_stay_apart_in_grey_and_for_the_colour_blind(vision):
    for number in range(2, len(drawing.COLOURS) + 1):
        colours = seen(drawing.palette(number), vision)
        assert np.diff(colours[:, 0]).min() > 10, "each is lighter than the one before"
        distances = np.linalg.norm(colours[:, None] - colours[None], axis=-1)[np.triu_indices(number, 1)]
        assert distances.min() > 25
        assert colours[-1, 0] < 80, "none vanishes on white"


@given(st.integers(1, 40))
def test_no_two_lines_look_alike(number):
    looks = drawing.looks_of({level: str(level) for level in range(number)}).values()
    assert len({(look["marker"], str(look["linestyle"])) for look in looks}) == number
    assert len({tuple(to_rgb(look["color"])) for look in looks}) == number


@given(st.floats(0, 100), st.floats(0, 100))
def test_the_axis_stretched_towards_all_keeps_order_and_has_room_for_all(one, other):
    figure, axes = plt.subplots()
    figures._overlap_axis(axes)
    transform = axes.transData
    low, high = (transform.transform((0, value))[1] for value in sorted((one, other)))
    assert low <= high
    assert np.isfinite([low, high]).all()
    assert transform.inverted().transform((0, high))[1] == pytest.approx(max(one, other), abs=1e-6)
    plt.close(figure)
