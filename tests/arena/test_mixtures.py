"""The mixtures of a league's snapshots, as agents and as plans."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from leaguekit import match, progress
from network_league import network_league

import arena
from agents.contract import AgentError
from agents.mixture import MixtureAgent
from arena.mixtures import mixture, mixture_parts
from arena.play.exploitability import realization_plans
from arena.play.game_tree import game_tree
from games import make_game
from leagues.errors import LeagueError
from leagues.store import StoreError, open_store

KUHN = make_game("kuhn_poker")


def record(folder: Path, results: dict[tuple[str, str], float]) -> None:
    """Blocks of evaluation matches in which the first of each pair has this return at both seats."""
    with open_store(folder).writer() as writer:
        weights = {member.id: member.weights for member in writer.members()}
        for block, ((first, second), paid) in enumerate(results.items(), 1):
            for seats, returns in (((first, second), (paid, -paid)), ((second, first), (-paid, paid))):
                files = tuple(weights[name] for name in seats)
                played = match(
                    seats, returns, weights=files, kind="evaluation", event=1, block=block, iteration=0, history=()
                )
                writer.record(matches=[played] * 50)


def parts(folder: Path, name: str) -> dict[str, float]:
    with open_store(folder).reader() as reader:
        return {member.id: weight for member, weight in mixture_parts(reader, name)}


def test_the_average_is_uniform_over_the_snapshots_of_main_learners(tmp_path: Path) -> None:
    folder = network_league(tmp_path / "league", "kuhn_poker", ["main@1", "main_exploiter@1", "main@2"])
    assert parts(folder, "average") == {"main@1": 0.5, "main@2": 0.5}


def test_the_nash_mixture_is_that_of_a_circle_without_the_member_that_all_beat(tmp_path: Path) -> None:
    names = ["main@1", "main@2", "main_exploiter@1", "main@3"]
    folder = network_league(tmp_path / "league", "kuhn_poker", names)
    one, two, three, worst = names
    circle = {(one, two): 1.0, (two, three): 1.0, (three, one): 1.0}
    record(folder, circle | {(each, worst): 1.0 for each in (one, two, three)})
    assert parts(folder, "nash") == pytest.approx({one: 1 / 3, two: 1 / 3, three: 1 / 3}, abs=1e-3)


def test_mixtures_need_snapshots_that_have_played(tmp_path: Path) -> None:
    empty = network_league(tmp_path / "empty", "kuhn_poker", [])
    for name in ("average", "nash"):
        with pytest.raises(AgentError, match="no"):
            parts(empty, name)
    alone = network_league(tmp_path / "alone", "kuhn_poker", ["main@1"])
    assert parts(alone, "nash") == {"main@1": 1.0}
    unplayed = network_league(tmp_path / "unplayed", "kuhn_poker")
    with pytest.raises(LeagueError, match="have played"):
        parts(unplayed, "nash")


def test_a_mixture_plays_and_is_measured_by_its_name(tmp_path: Path) -> None:
    folder = network_league(tmp_path / "league", "kuhn_poker")
    agent = arena.load_agent(f"{folder}:average", KUHN)
    assert isinstance(agent, MixtureAgent)
    assert agent.weights.tolist() == [[0.5, 0.5], [0.5, 0.5]]

    tree = game_tree(KUHN)
    plans = [realization_plans(tree, arena.load_agent(f"{folder}:{name}", KUHN), name) for name in ("main@1", "main@2")]
    means = [(plans[0][seat] + plans[1][seat]) / 2 for seat in range(2)]
    best = sum(tree.best_response(seat, means)[0] for seat in range(2))
    assert arena.exploitability(KUHN, f"{folder}:average").nash_conv == pytest.approx(best)
    assert best < np.mean([arena.exploitability(KUHN, f"{folder}:{name}").nash_conv for name in ("main@1", "main@2")])

    result = arena.play_match(KUHN, [f"{folder}:average", "random"], games=20)
    assert result.agents == (f"{folder}:average", "random")
    assert result.games == 20


def test_a_mixture_cannot_be_recorded(tmp_path: Path) -> None:
    folder = network_league(tmp_path / "league", "kuhn_poker")
    for league in (folder, tmp_path / "new"):
        with pytest.raises(AgentError, match="cannot be recorded"):
            arena.play_match(KUHN, [f"{folder}:average", "random"], league=league, games=2)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "kept",
    [
        [],
        {"nobody": [1.0, 1.0]},
        {"main@1": [1.0]},
        {"main@1": [1.0, 1.0], "main@2": [0.5]},
        {"main@1": [0.5, 1.0]},
        {"main@1": [2.0, 2.0], "main@2": [-1.0, -1.0]},
        {"main@1": ["x", 1.0]},
        {"main@1": [float("nan"), 1.0]},
        "main@1",
    ],
)
def test_a_kept_mixture_that_is_none_is_refused(tmp_path: Path, kept: object) -> None:
    folder = network_league(tmp_path / "league", "kuhn_poker")
    with open_store(folder).writer() as writer:
        writer.record(progress=progress(1, league={"mixtures": {"nash": kept}}))
    with pytest.raises(StoreError, match="mixture 'nash' of the league"):
        parts(folder, "nash")


def test_a_kept_mixture_has_different_probabilities_for_each_seat(tmp_path: Path) -> None:
    folder = network_league(tmp_path / "league", "kuhn_poker")
    kept = {"main@1": [0.25, 1.0], "main@2": [0.75, 0.0]}
    with open_store(folder).writer() as writer:
        writer.record(progress=progress(1, league={"mixtures": {"nash": kept}}))
        found = mixture(writer, "nash")
    assert [member.id for member in found.members] == ["main@1", "main@2"]
    assert found.weights.tolist() == [[0.25, 0.75], [1.0, 0.0]]
    with pytest.raises(AgentError, match="different probabilities for each seat"):
        parts(folder, "nash")
    tree = game_tree(KUHN)
    plans = [realization_plans(tree, arena.load_agent(f"{folder}:{name}", KUHN), name) for name in kept]
    mixed = realization_plans(tree, arena.load_agent(f"{folder}:nash", KUHN), "nash")
    np.testing.assert_allclose(mixed[0], 0.25 * plans[0][0] + 0.75 * plans[1][0])
    np.testing.assert_allclose(mixed[1], plans[0][1])


def test_without_main_learners_the_average_is_of_all_snapshots(tmp_path: Path) -> None:
    folder = network_league(tmp_path / "league", "kuhn_poker", ["main_exploiter@1", "main_exploiter@2"])
    assert parts(folder, "average") == {"main_exploiter@1": 0.5, "main_exploiter@2": 0.5}
