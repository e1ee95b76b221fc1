"""The session of a league in training: its evaluation plans, what its roles see, and its checkpoints."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from arena.settings import Settings
from arena.training import planner as module
from arena.training.planner import Plan, Played
from arena.training.session import LeagueSession
from games import make_game
from leagues.ratings.leaderboard import leaderboard
from leagues.records import LiveResult, Match, Member, Pairing, Tally
from leagues.results.scoring import block_scores
from leagues.store import StoreError
from leagues.store.owner import this_process

GAME = make_game("tic_tac_toe")
SETTINGS = Settings().replaced({"evaluation.anchors": ()})
MAIN = Member("main", "learner", "main", modules=dict.fromkeys(GAME.agent_ids, "main"))


@pytest.fixture
def session() -> Iterator[LeagueSession]:
    made = LeagueSession(None, GAME, SETTINGS, seed=3, learners=[MAIN], share=bytes)
    for _ in range(60):
        freeze(made)
    yield made
    made.close()


def freeze(session: LeagueSession) -> Member:
    generation = len(session.members)
    tensors = {"main/x": np.full(1, generation, np.float32)}
    member = session.freeze("main", tensors, {"game": GAME.spec}, generation, "max_steps")
    session.writer.add_members([member])
    return member


def play(session: LeagueSession, plan: Plan) -> list[Match]:
    """Whoever was frozen later wins."""
    place = {name: k for k, name in enumerate(session.members)}
    matches = [
        Match(
            pairing.seats,
            tuple(session.members[name].weights for name in pairing.seats),
            pairing.seed,
            pairing.event,
            pairing.block,
            pairing.kind,
            (),
            (1.0, -1.0) if place[pairing.seats[0]] > place[pairing.seats[1]] else (-1.0, 1.0),
            "terminated",
            9,
            "00" * 32,
            session.progress.at,
            0.1,
        )
        for pairing in plan.pairings
    ]
    session.record(matches)
    return matches


def plan_of(session: LeagueSession, games: int) -> Plan:
    plan = session.planner.evaluation(games, session.progress.iteration + 1)
    assert plan is not None
    return plan


def test_few_members_play_at_once_however_many_there_are(session: LeagueSession) -> None:
    for event in range(1, 6):
        plan = plan_of(session, 32)
        assert len(plan.pairings) == 32
        assert len(plan.members) <= 4
        assert len(plan.weights) <= 4
        assert [pairing[2:4] for pairing in plan.pairings] == [(event, 1 + k // 2) for k in range(32)]
        for first, second in zip(plan.pairings[::2], plan.pairings[1::2], strict=True):
            assert (first.seats, first.seed) == (second.seats[::-1], second.seed)


def test_all_get_their_games_in_the_end(session: LeagueSession) -> None:
    played: list[Match] = []
    while (plan := session.planner.evaluation(32, 1, below=16)) is not None:
        played += play(session, plan)
    rated = session.standings()
    assert min(standing.games for standing in rated) >= 16
    assert [replace(each, outside=None) for each in rated] == leaderboard(
        session.members.values(), block_scores(played)
    )
    assert len(played) < 2 * 61 * 16


def test_how_many_games_anchors_play_changes_no_other_match() -> None:
    anchored = SETTINGS.replaced({"evaluation.anchors": ("first",)})
    plans: list[list[Pairing]] = []
    for seconds in (0.0, 30.0):
        session = LeagueSession(None, GAME, anchored, seed=3, learners=[MAIN], share=bytes)
        for _ in range(5):
            freeze(session)
        session.planner.played(Played((), {"": (1, seconds)}))
        own: list[Pairing] = []
        anchors = 0
        while (plan := session.planner.evaluation(8, 1, below=16)) is not None:
            play(session, plan)
            own += (pairing for pairing in plan.pairings if "first" not in pairing.seats)
            anchors += sum("first" in pairing.seats for pairing in plan.pairings)
        plans.append(own)
        assert (anchors > 0) == (seconds > 0)
        session.close()
    assert plans[0] == plans[1]


def test_pairs_are_chosen_for_a_while_ahead_until_somebody_joins(
    session: LeagueSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen: list[int] = []

    def choose(members: object, scores: object, n: int, rng: object, **options: object) -> object:
        chosen.append(n)
        return choose_evaluation_pairs(members, scores, n, rng, **options)

    choose_evaluation_pairs = module.choose_evaluation_pairs
    monkeypatch.setattr(module, "choose_evaluation_pairs", choose)
    for _ in range(9):
        play(session, plan_of(session, 32))
    assert chosen == [7, 7, 7]  # of 61 frozen members, two for each plan
    newcomer = freeze(session)
    assert newcomer.id in plan_of(session, 32).members


def test_equal_leagues_make_equal_plans(session: LeagueSession) -> None:
    twin = LeagueSession(None, GAME, SETTINGS, seed=3, learners=[MAIN], share=bytes)
    for _ in range(60):
        freeze(twin)
    for _ in range(6):
        plans = [plan_of(each, 10) for each in (session, twin)]
        assert plans[0].pairings == plans[1].pairings
        for each, plan in zip((session, twin), plans, strict=True):
            play(each, plan)
    twin.close()


def commit(session: LeagueSession, iteration: int) -> None:
    progress = replace(session.progress, iteration=iteration)
    session.commit(progress=progress, tallies=[], matches=[], members=[])
    session.store_all(dict)


def test_games_of_the_learner_against_frozen_members_are_kept_for_each_iteration(session: LeagueSession) -> None:
    of_two_runners = [
        Tally("main", "random", 2, 0, 1, 1.0, -1.0, 3.0),
        Tally("random", "main", 1, 0, 2, -1.0, 1.0, 3.0),
        Tally("main", "random", 1, 0, 0, 1.0, -1.0, 1.0),
    ]
    progress = replace(session.progress, iteration=4)
    session.commit(progress=progress, tallies=of_two_runners, matches=[], members=[])
    session.store_all(dict)
    commit(session, 4)  # as at the end of a run
    assert session.writer.live_results() == [LiveResult(4, "main", "random", 3, 0, 1, 2.0, -2.0)]


def test_notes_are_stored_with_the_iteration_or_at_once(session: LeagueSession) -> None:
    commit(session, 3)
    before = session.writer.journal()
    session.note("restored", "main", reason="loss")
    assert session.writer.journal() == before
    commit(session, 4)
    session.note("stop", reason="asked")
    session.journal.write()
    commit(session, 5)
    stop, restored = session.writer.journal(limit=2)
    assert (restored.kind, restored.subject, restored.detail, restored.iteration) == (
        "restored",
        "main",
        {"reason": "loss"},
        4,
    )
    assert (stop.kind, stop.subject, stop.detail, stop.iteration) == ("stop", None, {"reason": "asked"}, 4)
    assert stop.writer == this_process()
    assert str(os.getpid()) in stop.writer


def test_what_is_noted_in_an_iteration_that_fails_is_lost_with_it(session: LeagueSession) -> None:
    commit(session, 1)
    before = session.writer.journal()
    session.note("reset", "main")
    session.commit(progress=session.progress, tallies=[Tally("main", "nobody", 1, 0, 0)], matches=[], members=[])
    with pytest.raises(StoreError):
        session.store_all(dict)
    commit(session, 2)
    assert session.writer.journal() == before


def test_the_journal_comes_back_with_a_checkpoint(session: LeagueSession) -> None:
    commit(session, 1)
    journal = session.writer.journal()
    assert [entry.subject for entry in journal[::-1]][:2] == ["main@1", "main@2"]
    session.restore(session.checkpoint())
    assert session.writer.journal() == journal


def test_roles_of_a_resumed_league_see_what_those_of_the_running_one_see(tmp_path: Path) -> None:
    running = LeagueSession(tmp_path, GAME, SETTINGS, seed=3, learners=[MAIN], share=bytes)
    for _ in range(3):
        freeze(running)
    play(running, plan_of(running, 32))
    seen = list(running.league.view("main").evaluation)
    play(running, plan_of(running, 32))
    running.close()
    resumed = LeagueSession(tmp_path, GAME, SETTINGS, seed=3, learners=[MAIN], share=bytes)
    views = [list(each.league.view("main").evaluation) for each in (running, resumed)]
    assert views[0] == views[1] != seen
    resumed.close()


def test_a_checkpoint_brings_events_that_left_no_match_and_every_progress_back(session: LeagueSession) -> None:
    for iteration in (1, 2, 3):
        session.planner.training(4, iteration)  # none of its matches is recorded
        commit(session, iteration)
    kept, progress = session.checkpoint(), session.progress
    commit(session, 4)
    session.restore(kept)
    assert session.planner.next_event == 4
    assert [each.iteration for each in session.writer.history()] == [1, 2, 3]
    assert session.progress == progress


def test_a_checkpoint_before_the_first_iteration_records_none(session: LeagueSession) -> None:
    session.restore(session.checkpoint())
    assert session.writer.history() == []


def test_a_checkpoint_of_a_league_in_memory_fills_a_new_league_in_a_folder(
    session: LeagueSession, tmp_path: Path
) -> None:
    play(session, plan_of(session, 8))
    commit(session, 1)
    in_folder = LeagueSession(tmp_path, GAME, SETTINGS, seed=4, learners=[MAIN], share=bytes)
    in_folder.restore(session.checkpoint())
    in_folder.store_state(lambda: {"weights": np.arange(3)})
    assert in_folder.members == session.members
    assert in_folder.standings() == session.standings()
    assert in_folder.seed == 4, "the settings and the seed stay its own"
    in_folder.close()
    again = LeagueSession(tmp_path, GAME, SETTINGS, seed=4, learners=[MAIN], share=bytes)
    np.testing.assert_array_equal(again.learner_state()["weights"], np.arange(3))
    assert again.progress.iteration == 1
    with pytest.raises(StoreError, match=r"has begun; restore it into a config with another folder"):
        again.restore(session.checkpoint())
    assert again.checkpoint() == {}
    again.restore(again.checkpoint())
    with pytest.raises(StoreError, match=r"of a league in a folder, but this league is in memory; .*folder"):
        session.restore(again.checkpoint())
    again.close()


def test_a_checkpoint_of_other_learners_is_refused(session: LeagueSession, tmp_path: Path) -> None:
    others = [Member(name, "learner", "main", modules=dict.fromkeys(GAME.agent_ids, name)) for name in ("main", "b")]
    two = LeagueSession(tmp_path, GAME, SETTINGS, seed=4, learners=others, share=bytes)
    with pytest.raises(StoreError, match=r"of the learners \['main'\], but .* has \['main', 'b'\]"):
        two.restore(session.checkpoint())
    two.close()
