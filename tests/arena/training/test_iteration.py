"""The order of an iteration, a run without runners, and the end of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ray.rllib.utils.metrics.metrics_logger import MetricsLogger

from arena.settings import Settings
from arena.training import iteration as module
from arena.training.iteration import Trainer
from arena.training.planner import Plan
from arena.training.samples import TrainingSample
from arena.training.session import LeagueSession
from games import make_game
from leagues.records import Match, Member, Tally

GAME = make_game("tic_tac_toe")
MAIN, EXPLOITER = (
    Member(name, "learner", name, modules=dict.fromkeys(GAME.agent_ids, name)) for name in ("main", "main_exploiter")
)
SAMPLE = TrainingSample(
    trajectories={},
    tallies=(Tally("main_exploiter", "main", 2, 0, 1),),
    matches=(),
    games=3,
    env_steps=60,
    agent_steps=50,
    broken=0,
    seconds=0.1,
)


TOLERATED = 3
"""Iterations without a living runner that the trainers of these tests tolerate."""


class Parts:
    """Sampling, learning, freezing and gathering the state that only note their calls, and a trainer around them.

    Attributes:
        calls: names of the calls, in order.
        samples: what sampling gives.
        matches: evaluation matches that each :meth:`play` gives; None plays the plan.
    """

    def __init__(self, session: LeagueSession) -> None:
        self.session = session
        self.calls: list[str] = []
        self.samples = [SAMPLE]
        self.seeds: list[int] = []
        self.discarded: Mapping[str, Any] = {}
        self.averages: dict[str, Any] = {}
        self.restored: dict[str, str] = {}
        self.rounds = 0
        self.planned: list[int] = []
        parts: tuple[Any, ...] = (session, self, self, self, self, MetricsLogger())
        self.trainer = Trainer(
            *parts,
            modules=["main"],
            learning_metrics=["loss"],
            time_left=lambda: 9.0,
            share=lambda: 0.5,
            failures_tolerated=TOLERATED,
        )

    # Sampling

    def sample(self) -> tuple[list[tuple[TrainingSample, Any]], list[Match]]:
        self.calls.append("sample")
        return [(sample, {}) for sample in self.samples], []

    def discard(self, learners: Mapping[str, Any]) -> None:
        self.calls.append("discard")
        self.discarded = learners

    def evaluation_matches(self, timeout: float) -> list[Match]:
        return []

    def play(self, plan: Plan) -> list[Match]:
        self.rounds += 1
        self.planned.append(plan.iteration)
        at = self.session.progress.at
        return [
            Match(
                p.seats,
                (None, None),
                p.seed,
                p.event,
                p.block,
                p.kind,
                (),
                (0.0, 0.0),
                "terminated",
                9,
                "00" * 32,
                at,
                1,
            )
            for p in plan.pairings
        ]

    # Learning

    def update(self, *arguments: Any) -> dict[str, int]:
        if len(arguments) == 1:  # of the averages
            self.calls.append("average")
            return {}
        self.calls.append("learn")
        self.seeds.append(arguments[2])
        return {"main": 40, "main_exploiter": 10**9}

    def state(self, learners: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return {"rl_module": {}}

    def reset(self, weights: Mapping[str, Any]) -> None:
        self.calls.append(f"reset {sorted(weights)}")

    def broadcast(self) -> None:
        self.calls.append("broadcast")

    def metrics(self, modules: Sequence[str], wanted: Sequence[str]) -> dict[str, dict[str, float]]:
        return {"main": {"loss": 0.5}}

    # Freezing

    def freeze(self, learner: str, agent_steps: int, reason: str) -> Member:
        self.calls.append(f"freeze {learner}")
        return self.session.freeze(learner, {f"{learner}/w": np.ones(1, np.float32)}, {}, agent_steps, reason)

    def new_weights(self, learners: Sequence[str]) -> dict[str, Any]:
        return {learner: {} for learner in learners}


def made(folder: Path | None, checkpoint_every: int = 1) -> LeagueSession:
    settings = Settings().replaced(
        {
            "league.roles": {"main": 1, "main_exploiter": 1},
            "evaluation.games_at_end": 40,
            "league.baselines": ["random"],
            "training.checkpoint_every": checkpoint_every,
        }
    )
    return LeagueSession(folder, GAME, settings, seed=3, learners=[MAIN, EXPLOITER], share=bytes)


@pytest.fixture
def parts() -> Iterator[Parts]:
    with closing(made(None)) as session:
        yield Parts(session)


def test_the_journal_says_why_and_what_followed(parts: Parts) -> None:
    parts.trainer.iterate()
    reset, frozen = parts.session.writer.journal()
    assert (frozen.kind, frozen.subject, frozen.detail) == ("snapshot", "main_exploiter@1", {"reason": "max_steps"})
    assert (reset.kind, reset.subject, reset.iteration, reset.agent_steps) == ("reset", "main_exploiter", 1, 10**9 + 40)
    parts.trainer.finish(lambda: True)
    last = parts.session.writer.journal(kind="snapshot", subject="main@1")
    assert [entry.detail for entry in last] == [{"reason": "run_end"}]
    assert parts.planned == [1], "the last matches belong to the last iteration"


def test_an_iteration_in_order(parts: Parts) -> None:
    parts.trainer.iterate()
    assert parts.calls == [
        "sample",
        "learn",
        "average",
        "freeze main_exploiter",
        "reset ['main_exploiter']",
        "discard",
        "broadcast",
    ]
    assert parts.discarded == {"main_exploiter": {"main_exploiter"}}
    progress, reader = parts.session.progress, parts.session.writer
    assert (progress.iteration, progress.env_steps, progress.games) == (1, 60, 3)
    assert progress.agent_steps == 40 + 10**9, "what was learnt from, not what was sampled"
    assert (progress.remaining, progress.metrics) == (9.0, {"main": {"loss": 0.5}})
    assert reader.progress() == progress
    assert reader.member("main_exploiter@1").step == progress.agent_steps
    assert parts.session.planner.reset_modules == ("main_exploiter",)


def test_every_iteration_has_an_order_of_rows_of_its_own(parts: Parts) -> None:
    for _ in range(3):
        parts.trainer.iterate()
    assert len(set(parts.seeds)) == 3


def test_a_run_without_runners_waits_and_then_gives_up(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(module.time, "sleep", waits.append)
    parts.samples = []
    for _ in range(TOLERATED):
        parts.trainer.iterate()
    assert len(waits) == TOLERATED
    parts.samples = [SAMPLE]
    parts.trainer.iterate()
    assert parts.session.progress.iteration == 1, "no iteration without samples"
    parts.samples = []
    for _ in range(TOLERATED):
        parts.trainer.iterate()
    with pytest.raises(RuntimeError, match=r"none came back within 3 iterations.*see Ray's logs"):
        parts.trainer.iterate()


def test_iterations_that_wait_are_stored_when_no_runner_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.time, "sleep", lambda seconds: None)
    with closing(made(tmp_path / "league", checkpoint_every=5)) as session:
        parts = Parts(session)
        parts.trainer.iterate()
        assert session.writer.progress() is None
        parts.samples = []
        parts.trainer.iterate()
        parts.trainer.store_all()
        assert session.writer.progress() == session.progress


def test_a_crash_names_no_member_and_no_iteration_that_is_not_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(made(tmp_path / "league", checkpoint_every=2)) as session:
        parts = Parts(session)
        session.journal.begin()
        for _ in range(3):
            parts.trainer.iterate()
        session.note("reset", "main")
        monkeypatch.setattr(parts, "update", lambda *arguments: 1 / 0)
        with pytest.raises(ZeroDivisionError), session.journal.watched():
            parts.trainer.iterate()
        parts.trainer.store_all()  # as at the end of the process
        assert session.progress.iteration == 3
        journal, members = session.writer.journal(), {member.id for member in session.writer.members()}
        assert [(entry.kind, entry.iteration) for entry in journal[:2]] == [("stop", 2), ("crash", 2)]
        assert {entry.subject for entry in journal} - {None} <= members
        assert [each.iteration for each in session.writer.history()] == [1, 2]


def test_the_end_freezes_learners_and_evaluates_every_member(parts: Parts) -> None:
    parts.trainer.iterate()
    parts.calls.clear()
    parts.trainer.finish(lambda: False)
    assert parts.calls == ["freeze main"], "the other has just been frozen"
    played = parts.session.writer.block_scores().games()
    assert min(played[name] for name in ("random", "main@1", "main_exploiter@1")) >= 40
    assert not played.get("main"), "a learner has no evaluation matches"
    assert parts.rounds > 1


def test_an_end_that_is_asked_to_stop_or_out_of_time_plays_one_round(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts.trainer.iterate()
    parts.trainer.finish(lambda: True)
    assert parts.rounds == 1
    clock = iter([0.0, 10**6])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    parts.trainer.finish(lambda: False)
    assert parts.rounds == 2
