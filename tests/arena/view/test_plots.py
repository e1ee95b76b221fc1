"""The course of a league as a picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from small_league import HOSTILE, new_league, play, played_league, progress

import arena
from arena.view import plots
from leagues.errors import LeagueError
from leagues.records import Measure, Member
from leagues.store import open_store

MEASURES = [Measure("nash_conv", "main", number, 1000 * number, 2.0 / number) for number in (1, 11, 21)]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are saved."""
    figures: list[Figure] = []
    save = plots._save
    monkeypatch.setattr(plots, "_save", lambda figure, path: (figures.append(figure), save(figure, path)))
    return figures


def full_league(folder: Path) -> Path:
    """A league with ratings, measures, and games against an anchor that has a hostile name."""
    played_league(folder)
    with open_store(folder).writer() as writer:
        writer.record(members=[Member(HOSTILE, "baseline", "anchor", agent="random")], measures=MEASURES)
        for block in range(20, 26):
            play(writer, [("main@1", HOSTILE), (HOSTILE, "main@1")], block=block)
    return folder


def test_a_league_is_drawn_with_a_panel_for_all_that_it_has(tmp_path: Path, drawn: list[Figure]) -> None:
    with arena.open_league(full_league(tmp_path / "league")) as league:
        league.plot(tmp_path / "course.png")
        rating = next(each.rating for each in league.leaderboard() if each.agent == "main@1")
    (figure,) = drawn
    ratings, measures, anchors, _, payoffs = figure.axes
    assert ratings.get_ylabel() == "rating, 95% intervals (Elo)"
    assert [line.get_ydata()[0] for line in ratings.lines if line.get_marker() == "."] == [pytest.approx(rating)]
    assert measures.get_ylabel() == "NashConv"
    (curve,) = measures.lines
    assert list(curve.get_xdata()) == [1000, 11_000, 21_000]
    assert list(curve.get_ydata()) == pytest.approx([2.0, 2 / 11, 2 / 21])
    assert measures.get_yscale() == "log"
    assert anchors.get_ylabel() == "score, 95% intervals"
    (name,) = [text.get_text() for text in anchors.get_legend().get_texts()]
    assert name.startswith("against")
    assert name.isprintable()
    assert payoffs.get_title("left").startswith("Payoffs: scores in percent")
    assert len(payoffs.texts) == 8  # main@1 has met all three others, and they one each
    assert (tmp_path / "course.png").read_bytes().startswith(b"\x89PNG")


def test_curves_of_training_are_drawn(tmp_path: Path, drawn: list[Figure]) -> None:
    with new_league(tmp_path / "league") as writer:
        for number in (1, 2, 3):
            metrics = {"main": {"entropy": 1.0 / number, "mean_kl_loss": 0.1}}
            writer.record(progress=replace(progress(number), agent_steps=100 * number, metrics=metrics))
        plots.plot_league(writer, tmp_path / "course.png")
    entropy, divergence, speed = drawn[0].axes
    assert [axes.get_title("left") for axes in (entropy, divergence, speed)] == ["Entropy", "KL divergence", "Speed"]
    assert list(entropy.lines[0].get_xdata()) == [100, 200, 300]
    assert list(entropy.lines[0].get_ydata()) == [1.0, 0.5, 1 / 3]


@pytest.mark.parametrize(("suffix", "start"), [("svg", b"<?xml"), ("PDF", b"%PDF"), ("png", b"\x89PNG")])
def test_the_format_goes_by_the_name_and_equal_leagues_give_equal_files(
    suffix: str, start: bytes, tmp_path: Path
) -> None:
    folder = full_league(tmp_path / "league")
    files = [tmp_path / f"{name}.{suffix}" for name in ("one", "two")]
    files[1].write_bytes(b"old")
    with arena.open_league(folder) as league:
        for file in files:
            league.plot(file)
    assert files[0].read_bytes().startswith(start)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"league", *(file.name for file in files)}


def test_long_names_leave_room_for_the_payoffs(tmp_path: Path, drawn: list[Figure]) -> None:
    folder, name = played_league(tmp_path / "league"), "\u4e16" * 80
    with open_store(folder).writer() as writer:
        writer.record(members=[Member(name, "baseline", "baseline", agent="random")])
        match = replace(writer.match(1), seats=("first", name), event=50, block=1)
        writer.record(matches=[match])
        plots.plot_league(writer, tmp_path / "names.png")
    assert drawn[0].axes[-1].get_position().width > 0.5


def test_names_are_text_and_no_formulas(tmp_path: Path, drawn: list[Figure]) -> None:
    with new_league(tmp_path / "league") as writer:
        names = ["$x^{$", "_hidden", "gr\u00fc\u00df\u4e16"]
        writer.record(
            members=[Member(name, "learner", "main", modules={"player_0": "m", "player_1": "m"}) for name in names],
            measures=[Measure("nash_conv", name, 1, 10, 0.5) for name in names],
        )
        plots.plot_league(writer, tmp_path / "names.svg")
    (axes,) = drawn[0].axes
    shown = [text.get_text() for text in axes.get_legend().get_texts()]
    assert shown == ["$x^{$", " _hidden", "gr\\xfc\\xdf\\u4e16"]


def test_what_cannot_be_drawn_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as writer:
        with pytest.raises(LeagueError, match="nothing to draw"):
            plots.plot_league(writer, tmp_path / "course.png")
        with pytest.raises(LeagueError, match=r"ends in \.pdf, \.png, \.svg"):
            plots.plot_league(writer, tmp_path / "course.jpg")
        writer.record(measures=MEASURES)
        with pytest.raises(OSError, match="No such file") as caught:
            plots.plot_league(writer, tmp_path / "missing" / "course.png")
        assert caught.value.filename == str(tmp_path / "missing" / "course.png")
    assert [path.name for path in tmp_path.iterdir()] == ["league"]


def test_numbers_without_bound_are_left_out(tmp_path: Path, drawn: list[Figure]) -> None:
    with new_league(tmp_path / "league") as writer:
        writer.record(measures=[*MEASURES, Measure("nash_conv", "main", 9, 9, -1e308)])
        plots.plot_league(writer, tmp_path / "course.svg")
    lowest = min(float(y) for axes in drawn[0].axes for line in axes.get_lines() for y in line.get_ydata())
    assert lowest > -1e9


def test_the_command_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from arena.cli.app import run

    folder, picture = full_league(tmp_path / "league"), tmp_path / "course.svg"
    assert run(["plot", str(folder), "-o", str(picture)]) == 0
    assert str(picture) in capsys.readouterr().out
    assert "<svg" in picture.read_text()
    assert run(["plot", str(folder), "-o", str(tmp_path / "course.gif")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
