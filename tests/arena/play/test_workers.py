"""Matches on several processes, and matches whose process is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from slow_play import DEATHS, SECONDS

from agents.basic import RandomAgent
from agents.contract import AgentError
from arena.play.matches import play_match
from arena.play.source import Limits
from arena.play.workers import WorkerError
from arena.verify import verify
from leagues.store import StoreError, open_store

GAME = "tic_tac_toe"
AGENTS = ["py:slow_play:Slow", "mcts:3"]
SUPPORT = Path(__file__).parents[2] / "support"


def recorded(folder: Path) -> list[tuple[object, ...]]:
    with open_store(folder).reader() as reader:
        return [
            (match.id, match.event, match.block, match.seats, match.seed, match.history, match.returns)
            for match in reader.iter_matches()
        ]


def kill_in_the_middle(folder: Path, *options: str) -> None:
    """Start ``arena match`` in a process of its own, and kill it once it has recorded some games."""
    command = [sys.executable, "-m", "arena", "match", GAME, *AGENTS, "--games", "20", "--league", str(folder)]
    search = os.pathsep.join([str(SUPPORT), os.getcwd()])
    environment = os.environ | {SECONDS: "0.1", "PYTHONPATH": search, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen([*command, *options], env=environment, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 120
        while count(folder) < 4:
            assert process.poll() is None, "the match ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL


def count(folder: Path) -> int:
    try:
        with open_store(folder).reader() as reader:
            return reader.count_matches()
    except StoreError:  # there is none yet
        return 0


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--workers", "2")])
def test_a_match_that_was_killed_goes_on_and_ends_like_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.syspath_prepend(SUPPORT)
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    kill_in_the_middle(killed, *options)
    begun = recorded(killed)
    assert 4 <= len(begun) < 20
    assert len(begun) % 2 == 0  # whole blocks
    resumed = play_match(GAME, AGENTS, games=20, league=killed, resume=True)
    uninterrupted = play_match(GAME, AGENTS, games=20, league=whole)
    assert recorded(killed) == recorded(whole)
    assert recorded(killed)[: len(begun)] == begun
    assert (resumed.score, resumed.low, resumed.high) == (
        uninterrupted.score,
        uninterrupted.low,
        uninterrupted.high,
    )
    assert [match.history for match in resumed.matches] == [match.history for match in uninterrupted.matches]
    assert verify(killed).findings == ()


@pytest.mark.slow
@pytest.mark.usefixtures("local_ray")
def test_several_processes_play_the_same_games_as_one(tmp_path: Path) -> None:
    agents = ["random", "mcts:3"]
    options = {"games": 30, "openings": "random:1", "seed": 3}
    one = play_match(GAME, agents, league=tmp_path / "one", **options)  # type: ignore[arg-type]
    many = play_match(GAME, agents, league=tmp_path / "many", workers=2, **options)  # type: ignore[arg-type]
    assert recorded(tmp_path / "many") == recorded(tmp_path / "one")
    assert (many.score, many.low, many.high, many.distinct) == (one.score, one.low, one.high, one.distinct)
    # Agents that are asked in batches, in several batches; a limit, and an agent that is at fault.
    batched = [
        play_match(GAME, ["random", "py:slow_play:giving_up"], games=60, tables=4, workers=workers)
        for workers in (0, 2)
    ]
    assert [match.history for match in batched[0].matches] == [match.history for match in batched[1].matches]
    assert batched[0].faults == batched[1].faults
    assert {fault.agent for fault in batched[1].faults} == {"py:slow_play:giving_up"}
    short = play_match(GAME, ["random", "first"], games=4, workers=1, limits=Limits(max_plies=3))
    assert short.endings == {"adjudicated": 4}


@pytest.mark.slow
def test_a_worker_that_dies_is_started_again_but_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local_ray: Any
) -> None:
    monkeypatch.chdir(tmp_path)  # workers run in the directory of the call
    deaths = Path(DEATHS)
    deaths.mkdir()
    agents = ["py:slow_play:Mortal", "first"]
    for number in range(2):
        (deaths / f"{number}").touch()
    result = play_match(GAME, agents, games=8, workers=2)
    assert not list(deaths.iterdir())
    assert [match.history for match in result.matches] == [
        match.history for match in play_match(GAME, ["py:slow_play:Slow", "first"], games=8).matches
    ]
    for number in range(20):
        (deaths / f"{number}").touch()
    with pytest.raises(WorkerError, match="died again and again"):
        play_match(GAME, agents, games=8, workers=1, league="arena")
    for file in deaths.iterdir():
        file.unlink()
    assert play_match(GAME, agents, games=8, league="arena", resume=True).games == 8
    assert local_ray.is_initialized()  # matches leave it as they found it


@pytest.mark.parametrize(("agent", "words"), [(RandomAgent(), "agent object"), ("human", "a person plays")])
def test_agents_that_no_other_process_can_make_are_refused(agent: object, words: str) -> None:
    with pytest.raises(AgentError, match=words):
        play_match(GAME, ["random", agent], games=2, workers=2)  # type: ignore[list-item]


def test_the_number_of_workers_is_checked() -> None:
    with pytest.raises(AgentError, match="workers"):
        play_match(GAME, ["random", "first"], games=2, workers=-1)
