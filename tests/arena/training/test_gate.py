"""The gate in training: a learner is frozen only when it beats its newest snapshot."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_training import small

from agents.policies import weights
from arena.settings import Settings
from arena.training.gate import Gate
from arena.training.planner import Plan
from arena.training.session import LeagueSession
from games import make_game
from leagues.records import Match, Member

GATE = {"gate": "sprt", "gate_elo": 100.0, "gate_games": 400, "snapshot_min_steps": 500, "snapshot_max_steps": 4000}


class Parts:
    """Runners and snapshots of a learner that wins a stated share of its games.

    Attributes:
        plans: those that were played.
    """

    def __init__(self, session: LeagueSession, wins: float) -> None:
        self.session, self.wins, self.plans = session, wins, list[Plan]()
        self.rng = np.random.default_rng(5)
        self.gone = False

    def packed(self, learner: str) -> bytes:
        return weights.pack({f"{learner}/w": np.full(1, 7, np.float32)}, {})

    def evaluation_matches(self) -> list[Match]:
        return []

    def play(self, plan: Plan) -> list[Match]:
        self.plans.append(plan)
        if self.gone:
            return []
        matches = []
        for p in plan.pairings:
            sign = (1 if p.seats[0] == "main" else -1) * (1 if self.rng.random() < self.wins else -1)
            matches.append(
                Match(
                    seats=p.seats,
                    weights=(None, None),
                    seed=p.seed,
                    event=p.event,
                    block=p.block,
                    kind=p.kind,
                    history=(),
                    returns=(3.0 * sign, -3.0 * sign),
                    ending="terminated",
                    plies=5,
                    digest="00" * 32,
                    started_at=datetime(2026, 1, 1, tzinfo=UTC),
                    duration=0.1,
                )
            )
        return matches[::-1]  # in any order


def session_of(game: str) -> LeagueSession:
    made = make_game(game)
    changes = {f"league.{name}": value for name, value in GATE.items()} | {"evaluation.anchor_share": 0.0}
    settings = Settings().replaced(changes)
    learner = Member("main", "learner", "main", modules=dict.fromkeys(made.agent_ids, "main"))
    session = LeagueSession(None, made, settings, seed=3, learners=[learner], share=bytes)
    session.writer.add_members([session.freeze("main", {"main/w": np.ones(1, np.float32)}, {}, 10, "max_steps")])
    session.tell([], {"main": 600})
    return session


@pytest.mark.parametrize("game", ["tic_tac_toe", "leduc_poker"])
@pytest.mark.parametrize(("wins", "passes"), [(0.8, True), (0.5, False), (0.3, False)])
def test_a_learner_passes_if_it_is_better(game: str, wins: float, passes: bool) -> None:
    session = session_of(game)
    assert list(session.league.due()) == ["main"]
    parts: Any = Parts(session, wins)
    admitted, matches = Gate(session, parts, parts).admitted(session.league.due())
    assert admitted == ({"main": "sprt"} if passes else {})
    assert matches == []
    assert list(session.league.due()) == (["main"] if passes else []), "a learner that fails is due later"
    games = sum(len(plan.pairings) for plan in parts.plans)
    assert 0 < games <= 400
    (plan, *_) = parts.plans
    assert set(plan.members) == {"main", "main@1"}
    assert plan.weights[str(plan.members["main"].weights)] == parts.packed("main")
    assert len({pairing.seed for plan in parts.plans for pairing in plan.pairings}) == games / 2
    assert session.writer.tallies() == []
    assert list(session.writer.iter_matches()) == []
    session.journal.write()
    verdict = session.writer.journal(subject="main")[0]
    assert verdict.kind == ("gate_passed" if passes else "gate_failed")
    assert verdict.detail["opponent"] == "main@1"
    assert 0 < verdict.detail["games"] <= games
    assert (verdict.detail["llr"] > 0) == passes
    session.close()


def test_without_runners_the_test_is_put_off() -> None:
    session = session_of("tic_tac_toe")
    parts: Any = Parts(session, 1.0)
    parts.gone = True
    assert Gate(session, parts, parts).admitted({"main": "win_rate"}) == ({}, [])
    assert list(session.league.due()) == ["main"]
    session.close()


def test_without_the_gate_nobody_plays() -> None:
    session = session_of("tic_tac_toe")
    session.league.settings = session.league.settings.replaced({"gate": "win_rate"})
    parts: Any = Parts(session, 0.0)
    assert Gate(session, parts, parts).admitted({"main": "max_steps"}) == ({"main": "max_steps"}, [])
    assert parts.plans == []
    session.close()


@pytest.mark.slow
@pytest.mark.parametrize("game", ["tic_tac_toe", "leduc_poker"])
def test_training_freezes_what_passes_and_goes_on_after_a_stop(game: str, build: Any, tmp_path: Path) -> None:
    config = small(game, tmp_path / "league", **GATE, snapshot_win_rate=0.5, enough_games=5)
    first = build(config)
    for _ in range(4):
        first.train()
    before = first.session.league.state()
    first.stop()
    second = build(config)
    assert second.session.league.state() == before
    for _ in range(6):
        second.train()
    snapshots = [member for member in second.session.members.values() if member.kind == "snapshot"]
    verdicts = [entry for entry in second.session.writer.journal(limit=None) if entry.kind.startswith("gate")]
    passed = [entry for entry in verdicts if entry.kind == "gate_passed"]
    forced = [
        old
        for old, new in pairwise(snapshots)
        if new.step - old.step >= second.session.settings.league.snapshot_max_steps
    ]
    assert verdicts, "the gate was tried"
    assert len(snapshots) == 1 + len(passed) + len(forced)
    rated = {
        seat for match in second.session.writer.iter_matches() if match.kind == "evaluation" for seat in match.seats
    }
    assert "main" not in rated, "the games of the gate are recorded nowhere"
