"""A runner keeps few frozen opponents, each loaded once, and never drops one that plays."""

from __future__ import annotations

import pytest
from network_specs import masked_spec

from agents.policies.agent import policy_card, policy_tensors
from agents.policies.weights import pack
from arena.training import opponent_cache as module
from arena.training.opponent_cache import OpponentCache, agent_key
from arena.training.planner import Plan
from games import make_game
from leagues.records import Member, Pairing

GAME = make_game("kuhn_poker")
SEATS = dict.fromkeys(GAME.agent_ids, "main")
MAIN = Member("main", "learner", "main", modules=SEATS)
RANDOM = Member("random", "baseline", "baseline", agent="random")


def snapshot(number: int) -> Member:
    return Member(f"main@{number}", "snapshot", "main", number, SEATS, f"{number:064x}", None, "main")


@pytest.fixture(scope="module")
def data() -> bytes:
    """A weights file."""
    spec = masked_spec(GAME, fcnet_hiddens=[4])
    return pack(policy_tensors({"main": spec.build().get_state()}), policy_card(GAME, {"main": spec}, SEATS))


def plan(data: bytes, *members: Member, kind: str = "training") -> Plan:
    pairings = tuple(Pairing((member.id, "main"), 1, 1, 0, "training", "main") for member in members)
    weights = {member.weights: data for member in members if member.weights}
    return Plan(kind, pairings, {each.id: each for each in (*members, MAIN)}, weights, 1, 0)  # type: ignore[arg-type]


def test_opponents_are_loaded_once_and_those_at_tables_stay(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CACHED_OPPONENTS", 2)
    loaded = OpponentCache(GAME, "cpu", {})
    loaded.load(plan(data, snapshot(1), snapshot(2), snapshot(3), RANDOM), ())
    keys = [agent_key(member) for member in (snapshot(1), snapshot(2), snapshot(3), RANDOM)]
    assert list(loaded.agents) == keys, "learners are not opponents"
    first, last = loaded.agents[keys[0]], loaded.agents[keys[3]]
    loaded.load(plan(data, RANDOM, snapshot(4)), {keys[0]})
    assert list(loaded.agents) == [keys[0], keys[3], agent_key(snapshot(4))]
    assert loaded.agents[keys[0]] is first, "it sits at a table"
    assert loaded.agents[keys[3]] is last, "it is loaded already"
    loaded.close()
    assert not loaded.agents


def test_a_baseline_has_one_agent_for_training_and_another_for_evaluation(data: bytes) -> None:
    loaded = OpponentCache(GAME, "cpu", {})
    for kind in ("training", "evaluation"):
        loaded.load(plan(data, RANDOM, snapshot(1), kind=kind), ())
    assert set(loaded.agents) == {"training:random", "evaluation:random", agent_key(snapshot(1))}
