"""One network learns what a mixture does, and joins its league with an honest report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from betting import Betting, behaviour
from network_league import network_league

import arena
from agents.contract import AgentError
from agents.mixture import MixtureAgent
from agents.policies.agent import PolicyAgent
from agents.policies.network import MaskedNetwork, build_network
from arena.training import distill as module
from arena.training.distill import distill, learn
from games import make_game
from leagues.errors import LeagueError
from leagues.store import StoreError, open_store

KUHN = make_game("kuhn_poker")


@pytest.mark.slow
def test_a_network_learns_the_average_weighted_by_who_comes_there_and_not_the_plain_mean() -> None:
    mixture = MixtureAgent(KUHN, [Betting(0.9), Betting(0.1)], [0.7, 0.3])
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(1)
        network = build_network(MaskedNetwork, KUHN, {"fcnet_hiddens": [64]})
    losses: list[float] = []
    done = learn(network, KUHN, mixture, steps=30_000, seed=1, on_progress=lambda steps, loss: losses.append(loss))
    assert 30_000 <= done < 30_500
    assert losses[-1] < losses[0]
    student = behaviour(KUHN, PolicyAgent(KUHN, dict.fromkeys(range(2), network)))
    for key, policy in behaviour(KUHN, mixture).items():
        assert student[key] == pytest.approx(policy, abs=0.04)  # the plain mean differs by 0.39 after a pass


@pytest.mark.slow
def test_a_distilled_network_is_a_member_that_plays_and_its_loss_is_reported(tmp_path: Path) -> None:
    folder = network_league(tmp_path / "league", "kuhn_poker")
    found = distill(folder, mixture="average", steps=16_000, seed=1)
    assert found.agent == f"{folder}:distilled"
    assert found.snapshots == (("main@1", 0.5), ("main@2", 0.5))
    assert found.divergence < 0.01
    assert found.divergence == pytest.approx(found.cross_entropy - found.entropy, abs=1e-6)
    assert found.nash_conv is not None
    assert found.nash_conv[0] == pytest.approx(arena.exploitability(KUHN, f"{folder}:average").nash_conv)
    assert found.nash_conv[1] == pytest.approx(arena.exploitability(KUHN, found.agent).nash_conv)
    assert found.nash_conv[1] == pytest.approx(found.nash_conv[0], abs=0.1)

    assert arena.play_match(KUHN, [found.agent, "random"], games=10).games == 10
    with open_store(folder).reader() as reader:
        member = reader.member("distilled")
        assert (member.kind, member.learner, member.generation) == ("guest", None, None)
        assert str(member.origin).startswith("distilled from average of 2 snapshots on 16,")

    brief = distill(folder, mixture="average", steps=100, seed=2)
    assert brief.agent == f"{folder}:distilled-2"
    assert brief.divergence > found.divergence
    again = distill(folder, mixture="average", steps=100, seed=2)
    assert again.agent == brief.agent  # equal calls give equal weights, which are one member


def test_in_a_large_game_the_network_is_scored_against_the_mixture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SCORED_GAMES", 60)
    monkeypatch.setattr(module, "HELD_OUT", 200)
    folder = network_league(tmp_path / "league", "connect_four")
    asked: list[int] = []
    found = distill(
        folder, mixture="average", minutes=1000, on_progress=lambda steps, loss: asked.append(steps),
        should_stop=lambda: True,
    )  # fmt: skip
    assert len(asked) == 1  # stopped after the first collection, which is kept
    assert found.steps == asked[0]
    assert found.nash_conv is None
    assert (found.games, found.unit) == (60, "points per game")
    low, score, high = (float(str(value)) for value in (found.low, found.score, found.high))
    assert 0 <= low < score < high <= 1


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"mixture": "nsh"}, "there is no mixture 'nsh'; did you mean 'nash'"),
        ({"steps": 10, "minutes": 1.0}, "has one limit"),
        ({"steps": 0}, "`steps > 0` must hold"),
        ({"minutes": np.inf}, "`minutes > 0` must hold"),
        ({"seed": -1}, "`0 <= seed"),
    ],
)
def test_wrong_calls_are_refused_before_anything_is_done(
    tmp_path: Path, options: dict[str, object], reason: str
) -> None:
    folder = network_league(tmp_path / "league", "kuhn_poker")
    with pytest.raises(LeagueError, match=reason):
        distill(folder, on_start=lambda: pytest.fail("it has begun"), **options)  # type: ignore[arg-type]


def test_a_league_without_snapshots_or_one_that_trains_is_refused(tmp_path: Path) -> None:
    empty = network_league(tmp_path / "empty", "kuhn_poker", [])
    with pytest.raises(AgentError, match="snapshots"):
        distill(empty, mixture="average")
    busy = network_league(tmp_path / "busy", "kuhn_poker")
    with open_store(busy).writer(), pytest.raises(StoreError, match=r"writ|train"):
        distill(busy, mixture="average", on_start=lambda: pytest.fail("it has begun"))
    with pytest.raises(StoreError, match="does not exist"):
        distill(tmp_path / "none")
