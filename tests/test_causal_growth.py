"""The benchmark of growth in people and nodes, at sizes that take no time."""

import logging

import numpy as np
import pandas as pd

from recrec.causal import growth, methods


def test_made_up_worlds_have_the_sizes_asked_for_and_rejected_people():
    place = growth.world(9)
    assert len(place.model.nodes) == 9 and len(place.model.actionable) == 8 and place.model.linear
    asked = growth.problem(place, 50)
    assert asked.people.shape == (50, 9)
    assert (place.classifier.logit(asked.people) < 0).all()
    share = asked.profiles.mask.mean()
    assert 0.55 < share < 0.8
    again = growth.problem(growth.world(9), 50)
    np.testing.assert_array_equal(asked.people, again.people)


def test_points_and_their_figure():
    method = methods.load("exact")
    settings, log = method.Settings(largest_set=2), logging.getLogger(__name__)
    points = [
        *growth.measure("people", [10, 20, 40], "exact", method, settings, 1, log),
        *growth.measure("nodes", [3, 4, 5], "exact", method, settings, 1, log),
    ]
    sizes = [(10, 6), (20, 6), (40, 6), (1000, 3), (1000, 4), (1000, 5)]
    sizes = [(10, 6), (20, 6), (40, 6), (1000, 3), (1000, 4), (1000, 5)]
    assert [(point.people, point.nodes) for point in points] == sizes
    assert all(point.seconds > 0 and point.peak_mib > 0 and point.largest_set == 2 for point in points)
    figure = growth.figure(pd.DataFrame(points))
    assert "SYNTHETIC" in figure.get_suptitle()
    drawn = [axes.lines[0].get_ydata().tolist() for axes in figure.axes]
    assert [point.seconds for point in points[:3]] in drawn and [point.peak_mib for point in points[3:]] in drawn
