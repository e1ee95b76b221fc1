"""The doctor: sound games pass, and each fault that it looks for is found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from arena import doctor as module
from arena.doctor import Check, _even, examine_game, examine_machine
from arena.play.matches import play_match
from games import make_game
from leagues.store import open_store

pytestmark = pytest.mark.slow

GAME = make_game("tic_tac_toe")


@pytest.mark.slow
def test_a_sound_game_passes_every_check() -> None:
    sound = {check.name: check for check in examine_game("tic_tac_toe", games=200, seed=1)}
    assert list(sound) == [
        "conformance",
        "random against itself",
        "seats",
        "training",
        "network against itself",
        "same seed, same matches",
        "frozen weights",
        "illegal moves",
        "replays",
    ]
    assert [check for check in sound.values() if not check.ok] == []
    assert "200 games" in sound["random against itself"].text
    assert "player_0 +0." in sound["seats"].text  # the first seat of tic-tac-toe has the advantage
    assert sound["illegal moves"].text.startswith("0 in ")


@pytest.mark.slow
@pytest.mark.parametrize("spec", ["connect_four", "leduc_poker", "kuhn_poker(players=3)"])
def test_random_scores_evenly_against_itself_over_4000_games(spec: str) -> None:
    game = make_game(spec)
    sides = len(set(game.teams))
    matches = play_match(game, ["random"] * sides, games=4000, seed=7).matches
    ok, text = _even(game, matches)
    assert ok
    if not game.graded:
        assert abs(float(text.split()[1].rstrip(",")) - 0.5) < 0.02
    first, second = (next(examine_even(game, matches[:count])) for count in (400, 4000))
    assert second < first / 2  # the interval narrows


def examine_even(game: Any, matches: Any) -> Iterator[float]:
    words = _even(game, matches)[1].replace(",", "").split()
    at = words.index("interval")
    yield float(words[at + 3]) - float(words[at + 1])


@pytest.mark.parametrize("spec", ["tic_tac_toe", "leduc_poker"])
def test_an_uneven_match_is_no_even_one(spec: str) -> None:
    game = make_game(spec)
    matches = play_match(game, ["random", "random"], games=200, seed=1).matches
    assert _even(game, matches)[0]
    gift = 20.0  # to the first agent, whatever its seat is
    uneven = [
        replace(each, returns=tuple(gift if name == matches[0].seats[0] else -gift for name in each.seats))
        if each.block % 2
        else each
        for each in matches
    ]
    ok, text = _even(game, uneven)
    assert not ok
    assert "200 games" in text


def test_a_game_of_one_side_is_not_played_against_itself() -> None:
    checks = list(examine_game("catch"))
    assert [check.name for check in checks] == ["conformance", "self-play"]
    assert all(check.ok for check in checks)


def test_a_game_that_breaks_the_contract_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(game: object, seed: int) -> None:
        raise RuntimeError("a rule is broken:\nthis one")

    monkeypatch.setattr(module, "check_game", broken)
    first = next(examine_game("tic_tac_toe"))
    assert first == Check("conformance", False, "RuntimeError: a rule is broken: this one")


def test_weights_that_change_while_training_goes_on_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert module._train(GAME, tmp_path, 1)[0]
    train = module._train

    def trained(game: Any, folder: Path, seed: int, **arguments: Any) -> tuple[bool, str]:
        answer = train(game, folder, seed, **arguments)
        with open_store(folder).reader() as reader:
            weights = folder / "weights" / f"{reader.member('main@1').weights}.safetensors"
        weights.write_bytes(weights.read_bytes()[:-1] + b"x")
        return answer

    monkeypatch.setattr(module, "_train", trained)
    check = module._checked("frozen weights", lambda: module._frozen(GAME, tmp_path, 2, 1))
    assert not check.ok
    assert "altered" in check.text
    assert module._replays(GAME, tmp_path)[0] is False


def test_illegal_moves_and_crashes_are_counted(tmp_path: Path) -> None:
    assert module._train(GAME, tmp_path, 1)[0]
    matches = list(play_match(GAME, ["random", "random"], games=4, seed=1).matches)
    assert module._illegal(matches, tmp_path)[0]
    matches[0] = replace(matches[0], ending="illegal", fault=0)
    ok, text = module._illegal(matches, tmp_path)
    assert not ok
    assert text.startswith("1 in ")
    matches[0] = replace(matches[0], ending="crash")
    assert "1 games crashed" in module._illegal(matches, tmp_path)[1]


def test_two_trainings_that_differ_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert module._train(GAME, tmp_path / "one", 1)[0]
    train = module._train
    monkeypatch.setattr(module, "_train", lambda game, folder, seed: train(game, folder, seed + 1))
    ok, text = module._repeats(GAME, tmp_path / "one", tmp_path / "two", 1)
    assert not ok
    assert "different" in text


@pytest.mark.slow
def test_this_machine_is_fit() -> None:
    checks = {check.name: check for check in examine_machine()}
    assert list(checks) == ["versions", "cores", "GPU", "disk", "SQLite", "Ray", "terminal"]
    assert [check for name, check in checks.items() if not check.ok and name != "terminal"] == []


def test_a_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIBRARIES", ("numpy", "no-such-library"))
    ok, text = module._versions()
    assert not ok
    assert text.endswith("not installed: no-such-library")
