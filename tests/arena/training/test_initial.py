"""Learners start with the weights of another league's member, and start over with them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from network_league import network_league
from small_training import module_state, small

from agents.policies.weights import parse
from leagues.lineage import line_of_parents
from leagues.records import LeagueError
from leagues.store import open_store

pytestmark = pytest.mark.slow

NETWORK = {"fcnet_hiddens": [16]}


def old(folder: Path, game: str = "tic_tac_toe", **settings: Any) -> str:
    return f"{network_league(folder / 'old', game, **{**NETWORK, **settings})}:main@2"


def starting(folder: Path, initial: str, **league: Any) -> Any:
    return small(folder=folder / "new", initial=initial, **league).rl_module(model_config=NETWORK)


def assert_same(state: Any, member: Any, store: Any) -> None:
    tensors, _ = parse(store.weights.get(member.weights))
    for name, value in state.items():
        np.testing.assert_array_equal(value, tensors[f"main/{name}"])


def test_a_league_starts_where_another_was_and_says_so(build: Any, tmp_path: Path) -> None:
    algorithm = build(starting(tmp_path, old(tmp_path)))
    session = algorithm.session
    assert_same(module_state(algorithm)["main"], session.members["initial"], session.store)
    played = algorithm.get_module("main").get_state()
    assert_same({name: np.asarray(value) for name, value in played.items()}, session.members["initial"], session.store)
    assert session.members["initial"].origin == f"{tmp_path / 'old'}:main@2"
    [entry] = session.writer.journal(kind="copied")
    assert (entry.subject, entry.detail["origin"]) == ("main", f"{tmp_path / 'old'}:main@2")
    while "main@2" not in session.members:
        algorithm.train()
    assert line_of_parents(session.members.values(), "main@2") == ["main@1", "initial"]
    algorithm.stop()

    shutil.rmtree(tmp_path / "old")
    resumed = build(starting(tmp_path, f"{tmp_path / 'old'}:main@2"))
    resumed.train()
    assert resumed.session.progress.iteration > 2
    with pytest.raises(AssertionError):
        assert_same(module_state(resumed)["main"], resumed.session.members["initial"], resumed.session.store)
    assert len(resumed.session.writer.journal(kind="copied")) == 1


def test_learners_start_over_with_the_same_weights(build: Any, tmp_path: Path) -> None:
    algorithm = build(starting(tmp_path, old(tmp_path), roles={"main": 1, "main_exploiter": 1}))
    algorithm.train()
    algorithm.trainer._start_over(["main_exploiter"])
    initial = algorithm.session.members["initial"]
    assert_same(module_state(algorithm)["main_exploiter"], initial, algorithm.session.store)
    assert algorithm.session.league.after_snapshot("main_exploiter", np.random.default_rng(0)) == "reset"
    assert algorithm.session.league.state()["parents"]["main_exploiter"] == "initial"


def test_a_checkpoint_of_a_league_in_memory_has_the_guest(build: Any, tmp_path: Path) -> None:
    algorithm = build(small(initial=old(tmp_path)).rl_module(model_config=NETWORK))
    algorithm.train()
    algorithm.save_to_path(tmp_path / "checkpoint")
    restored = type(algorithm).from_checkpoint(tmp_path / "checkpoint")
    try:
        guest = restored.session.members["initial"]
        assert restored.session.store.weights.get(guest.weights)
    finally:
        restored.stop()


def test_seats_take_the_modules_of_their_seats(build: Any, tmp_path: Path) -> None:
    apart = old(tmp_path, module_per_seat=True)
    with pytest.raises(LeagueError, match=r"different modules .* module_per_seat=true"):
        build(starting(tmp_path, apart))
    algorithm = build(starting(tmp_path, apart, module_per_seat=True))
    tensors, _ = parse(algorithm.session.store.weights.get(algorithm.session.members["initial"].weights))
    for module, state in module_state(algorithm).items():
        for name, value in state.items():
            np.testing.assert_array_equal(value, tensors[f"{module}/{name}"])


@pytest.mark.parametrize(
    ("initial", "message"),
    [
        ("old:main@2", r"need its network, masked with .*\[24\].* but got masked with .*\[16\]"),
        ("random", "a member of another league, DIR:MEMBER, but got 'random'"),
        ("old:random", "has no network"),
        ("nowhere:main", "a member of another league, DIR:MEMBER, but got 'nowhere:main'"),
        ("old:main@9", "main@9"),
    ],
)
def test_a_wrong_start_is_refused_before_anything_is_written(
    build: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, initial: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    old(tmp_path, fcnet_hiddens=[24])
    with pytest.raises(Exception, match=message) as raised:
        build(starting(tmp_path, initial))
    assert "\n" not in str(raised.value)
    assert not open_store(tmp_path / "new").exists()
