"""PSRO with learned best responses: a league of an oracle is trained, resumed, and plays its mixture."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_training import small

import arena
from agents.mixture import MixtureAgent


@pytest.mark.slow
def test_an_oracle_trains_against_its_mixture_and_the_league_is_mixed(tmp_path: Path) -> None:
    folder = tmp_path / "league"
    algorithm = small(
        "kuhn_poker", folder, roles={"oracle": 1}, snapshot_min_steps=1000, snapshot_max_steps=1000
    ).build()
    for _ in range(5):
        algorithm.train()
    algorithm.stop()
    with arena.open_league(folder) as league:
        snapshots = [member.id for member in league.members() if member.kind == "snapshot"]
        assert snapshots[:2] == ["oracle@1", "oracle@2"]
        met = {payoff.opponent for payoff in league.payoffs("training") if payoff.member == "oracle"}
        assert {"random", "oracle@1"} <= met
        assert "oracle" not in met  # no self-play
    for name in ("nash", "average"):
        agent = arena.load_agent(f"{folder}:{name}", "kuhn_poker")
        assert isinstance(agent, MixtureAgent)
        assert 0 < arena.exploitability("kuhn_poker", f"{folder}:{name}").nash_conv < 2
