"""The series of numbers that pictures and reports show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from small_league import new_league, play, played_league, progress

from arena.view.course.curves import MOST_POINTS
from arena.view.course.league import MOST_CELLS, course, is_thin
from leagues.ratings.outside import FEWEST_GAMES
from leagues.records import LiveResult, Member
from leagues.store import open_store


def test_ratings_are_those_of_the_leaderboard_and_payoffs_are_in_its_order(tmp_path: Path) -> None:
    with open_store(played_league(tmp_path / "league")).reader() as reader:
        found = course(reader)
    rated = {each.agent: each for each in found.standings}
    ratings = found.charts[0]
    (curve,) = ratings.curves
    (point,) = curve.points
    assert (curve.name, point.step, point.value) == ("main", 8000, rated["main@1"].rating)
    assert (point.low, point.high) == (rated["main@1"].low, rated["main@1"].high)
    assert dict(ratings.levels) == {name: rated[name].rating for name in ("random", "first")}
    heatmap = found.heatmap
    assert heatmap is not None
    assert list(heatmap.members) == [each.agent for each in found.standings]
    best, *_, worst = (row for row in heatmap.rows)
    assert best[0] is None
    assert best[-1] is not None
    assert worst[0] is not None
    assert heatmap.heat(best[-1]) == -heatmap.heat(worst[0]) > 0
    assert is_thin(best[-1])
    assert int(heatmap.digits(best[-1])) + int(heatmap.digits(worst[0])) == 100


def test_a_large_heatmap_has_those_with_the_most_games_and_says_how_many_are_missing(tmp_path: Path) -> None:
    names = [f"guest{number}" for number in range(MOST_CELLS + 5)]
    with new_league(tmp_path / "league") as writer:
        writer.record(members=[Member(name, "baseline", "baseline", agent="random") for name in names])
        matches = [match for number in play(writer, [("random", "first")]) for match in [writer.match(number)]]
        for block, name in enumerate(names, 2):
            games = 1 + (name != names[0])  # the first has played less than all others
            writer.record(
                matches=[replace(matches[0], seats=("random", name), event=block, block=block) for _ in range(games)]
            )
        heatmap = course(writer).heatmap
    assert heatmap is not None
    assert len(heatmap.members) == len(heatmap.rows) == MOST_CELLS
    assert heatmap.left_out == len(names) + 2 - MOST_CELLS
    assert names[0] not in heatmap.members


def test_curves_of_a_long_training_are_means_of_neighbours(tmp_path: Path) -> None:
    rows = [
        replace(progress(number), agent_steps=10 * number, metrics={"main": {"vf_loss": float(number % 2)}})
        for number in range(1, 4 * MOST_POINTS + 1)
    ]
    with new_league(tmp_path / "league") as writer:
        writer.record(progress=rows[-1], earlier=rows[:-1])
        chart = next(each for each in course(writer).charts if each.title == "Value loss")
    (curve,) = chart.curves
    assert len(curve.points) == MOST_POINTS
    assert {point.value for point in curve.points[:-1]} == {0.5}
    assert curve.points[-1].value == 0.0
    assert curve.points[-1].step == rows[-1].agent_steps


def test_scores_of_training_games_are_those_of_all_opponents_of_an_iteration(tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as writer:
        live = [LiveResult(1, "main", "random", 3, 0, 1), LiveResult(1, "main", "first", 0, 4, 0)]
        writer.record(progress=replace(progress(1), agent_steps=500), live=live)
        chart = next(each for each in course(writer).charts if each.title.startswith("Training games"))
    (curve,) = chart.curves
    assert [(point.step, point.value) for point in curve.points] == [(500, 5 / 8)]


def test_an_anchor_has_the_colour_of_no_learner_and_a_point_after_enough_games(tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as writer:
        writer.add_members([Member("mcts:25", "baseline", "anchor", agent="mcts:25")])
        play(writer, [("main@1", "random")])
        match = replace(writer.match(1), seats=("main@1", "mcts:25"), event=2)
        writer.record(matches=[match] * (FEWEST_GAMES - 1))
        assert "Main learners against anchors" not in [each.title for each in course(writer).charts]
        writer.record(matches=[replace(match, block=2)])
        chart = next(each for each in course(writer).charts if each.title == "Main learners against anchors")
    assert [(curve.name, curve.place) for curve in chart.curves] == [("against mcts:25", 1)]


def test_a_learner_has_the_same_colour_in_all_charts(tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as writer:
        writer.record(
            members=[Member("exploiter", "learner", "main_exploiter", modules={"player_0": "m", "player_1": "m"})]
        )
        metrics = {"exploiter": {"entropy": 1.0}, "main": {"entropy": 2.0}}
        writer.record(progress=replace(progress(1), metrics=metrics))
        chart = next(each for each in course(writer).charts if each.title == "Entropy")
    assert [(curve.name, curve.place) for curve in chart.curves] == [("main", 0), ("exploiter", 1)]
