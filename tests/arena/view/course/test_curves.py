"""Curves are smoothed and thinned."""

from __future__ import annotations

import pytest

from arena.view.course.curves import Chart, Curve, Point, smoothed, steps_text, thinned


def chart(*values: tuple[float, ...]) -> Chart:
    """A chart of curves with these values at the steps 1, 2, ..., with intervals."""
    curves = [
        Curve(str(place), tuple(Point(step, value, 0.0, 9.0) for step, value in enumerate(own, 1)), place)
        for place, own in enumerate(values)
    ]
    return Chart("training", "Loss", "loss", tuple(curves))


def test_smoothing_keeps_a_constant_and_the_first_value() -> None:
    given = chart((4.0, 4.0, 4.0), (1.0, 3.0, 3.0))
    constant, rising = ([point.value for point in curve.points] for curve in smoothed(given, 0.5).curves)
    assert constant == pytest.approx([4, 4, 4])
    assert rising[0] == 1
    assert 1 < rising[1] < rising[2] < 3
    assert smoothed(given, 0.0) is given


def test_thinning_gives_means_of_neighbours_and_the_newest_value() -> None:
    given = chart((1.0, 3.0, 5.0, 7.0, 9.0, 5.0))
    (thin,) = thinned(given, 3).curves
    assert thin.points == (Point(2, 2.0), Point(4, 6.0), Point(6, 5.0))
    assert thinned(given, 6) == given


@pytest.mark.parametrize(
    ("steps", "shown"), [(0, "0"), (950, "950"), (250_000, "250k"), (1_500_000, "1.5M"), (2e9, "2G")]
)
def test_steps_are_short(steps: float, shown: str) -> None:
    assert steps_text(steps) == shown
