"""The public face of the package."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest
from inflated_league import inflated_league
from played_league import make_league
from small_league import played_league

import arena


@pytest.mark.parametrize("name", arena.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(arena, name).__name__ == name


def test_the_version_is_the_installed_one() -> None:
    assert arena.__version__ == importlib.metadata.version("self-play-arena")
    with pytest.raises(AttributeError, match="no attribute 'versoin'"):
        _ = arena.versoin


def test_train_is_the_function_behind_the_command() -> None:
    from arena.training.run import train

    assert arena.train is train


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, arena; print(*{'torch', 'ray', 'sqlalchemy', 'textual', 'pyspiel'} & sys.modules.keys())"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"


def test_a_league_gives_its_payoffs_of_both_kinds(tmp_path: Path) -> None:
    with arena.open_league(make_league(tmp_path / "league")) as league:
        payoff = league.payoffs().get("main@2", "first")
        assert payoff is not None
        assert league.matches(where="main@2 evaluation", limit=3) == league.matches("main@2", "evaluation", limit=3)
        played = [match for match in league.matches(kind="evaluation") if {"main@2", "first"} == set(match.seats)]
        assert payoff.games == len(played) == 6
        assert payoff.wins == sum(match.returns[match.seats.index("main@2")] > 0 for match in played)
        assert payoff.low <= payoff.score <= payoff.high
        assert league.payoffs().get("first", "main@1") is None
        assert {(each.member, each.opponent) for each in league.payoffs("training")} == {
            ("main", "main@1"),
            ("main@1", "main"),
        }
    with arena.open_league(played_league(tmp_path / "trained")) as league:
        payoff = league.payoffs("training").get("random", "main")
        assert payoff is not None
        assert (payoff.wins, payoff.draws, payoff.losses, payoff.low) == (20, 10, 30, None)


def test_a_league_says_when_its_ratings_are_inflated(tmp_path: Path) -> None:
    with arena.open_league(inflated_league(tmp_path / "league")) as league:
        assert "inflation" in {note.kind for note in league.notes()}
    with arena.open_league(inflated_league(tmp_path / "better", better=True)) as league:
        assert "inflation" not in {note.kind for note in league.notes()}
