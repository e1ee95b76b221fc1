"""Leagues over players of known strength: what matchmaking leads to over many iterations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from league_play import EXPLOITER, MODULES, generator, league_of
from leaguekit import MAIN, RANDOM, snapshot

from leagues.league import League
from leagues.records import Member
from leagues.results.scoring import tallies

ALPHASTAR = {"pfsp_hard": 0.5, "self_play": 0.35, "verification": 0.15}
HUNTERS = [Member(name, "learner", "league_exploiter") for name in ("league_exploiter", "league_exploiter-2")]


def play(
    league: League, chance: Callable[[str, str], float], rng: np.random.Generator, *, matches: int = 64
) -> Counter[tuple[str, str]]:
    """One iteration of games of two seats.

    Args:
        league: it plans the games and receives their results.
        chance: the probability that the first member beats the second.
        rng: the only source of chance.
        matches: number of games.

    Returns:
        How often each learner met whom; itself, in self-play.
    """
    met: Counter[tuple[str, str]] = Counter()
    finished = []
    for pairing in league.ask(matches, rng):
        a, b = pairing.seats
        assert pairing.learner is not None
        met[pairing.learner, b if a == pairing.learner else a] += 1
        won = rng.random() < chance(a, b)
        finished.append(((a, b), (1.0, -1.0) if won else (-1.0, 1.0)))
    league.tell(tallies(finished), {})
    return met


@pytest.mark.parametrize("sampler", ["pfsp_hard", "pfsp_linear", "thompson"])
def test_on_rock_paper_scissors_the_learner_visits_who_beats_it(sampler: str) -> None:
    rock, paper, scissors = (snapshot(k) for k in (1, 2, 3))
    beaten_by = {rock.id: scissors.id, paper.id: rock.id, scissors.id: paper.id}  # winner -> loser
    # Without `uniform`, results against those that it has always beaten would grow old.
    mix = {sampler: 0.8, "uniform": 0.2}
    league, rng = league_of(MAIN, rock, paper, scissors, opponents=mix, opponents_at_once=64), generator()
    for plays_as, enemy in ((rock.id, paper.id), (scissors.id, rock.id), (paper.id, scissors.id)):

        def chance(a: str, b: str, own: str = plays_as) -> float:
            a, b = own if a == "main" else a, own if b == "main" else b
            return 0.5 if a == b else float(beaten_by[a] == b)

        for _ in range(60):  # old results fade
            play(league, chance, rng)
        met = sum((play(league, chance, rng) for _ in range(10)), Counter[tuple[str, str]]())
        assert met["main", enemy] > 0.55 * met.total()


def test_a_forgotten_opponent_comes_back_until_it_is_beaten_again() -> None:
    past = [snapshot(k) for k in range(1, 5)]
    league, rng = league_of(MAIN, RANDOM, *past, opponents={"self_play": 0.5, "verification": 0.5}), generator()
    strength = {"main@1": 0.95, "main@2": 0.9, "main@3": 0.8, "main@4": 0.6, "random": 1.0}

    def chance(a: str, b: str) -> float:
        return 0.5 if a == b else strength[b] if a == "main" else 1 - strength[a]

    def met(iterations: int) -> Counter[str]:
        counts: Counter[str] = Counter()
        for _ in range(iterations):
            for (_, opponent), games in play(league, chance, rng).items():
                counts[opponent] += games
        return counts

    for opponent, share in strength.items():  # as other samplers would have found out
        wins = round(100 * share)
        league.tell(tallies([(("main", opponent), (1, -1) if k < wins else (-1, 1)) for k in range(100)]), {})
    assert met(5).keys() == {"main"}
    strength["main@2"] = 0.2
    league.tell(tallies([(("main", "main@2"), (-1, 1))] * 60), {})  # it turns out in some game or other
    assert met(5)["main@2"] > 50
    strength["main@2"] = 0.9
    for _ in range(20):
        met(1)
    assert met(5).keys() == {"main"}


@pytest.mark.parametrize("mix", [ALPHASTAR, {"pfsp_hard": 0.25, "latest": 0.25, "uniform": 0.5}])
def test_a_league_of_all_roles_starves_nobody(mix: dict[str, float]) -> None:
    """Learners gain strength with every step, exploiters are reset to none, and snapshots keep what they had."""
    learners = [MAIN, EXPLOITER, *HUNTERS]
    league = league_of(
        *learners,
        RANDOM,
        opponents=mix,
        snapshot_min_steps=2_000,
        snapshot_max_steps=6_000,
        role_max_steps={"main_exploiter": 9_000},
    )
    rng = generator()
    skill = {member.id: 0.0 for member in (*learners, RANDOM)}
    age = dict(skill)
    turns: Counter[str] = Counter()
    opponents: Counter[str] = Counter()
    frozen: dict[str, list[int]] = {member.id: [] for member in learners}

    def chance(a: str, b: str) -> float:
        return float(1 / (1 + np.exp(skill[b] - skill[a])))

    for iteration in range(400):
        for (learner, opponent), games in play(league, chance, rng).items():
            turns[learner] += games
            opponents[opponent] += games
        league.tell([], {learner.id: 160 for learner in learners})
        for learner in learners:
            age[learner.id] += 160
            skill[learner.id] = np.log1p(age[learner.id] / 500)
        for name in league.due():
            snapshot_id = league.snapshot(name, "ab" * 32, int(age[name]), MODULES).id
            skill[snapshot_id] = skill[name]
            frozen[name].append(iteration)
            if league.after_snapshot(name, rng) == "reset":
                age[name] = skill[name] = 0.0
    assert set(turns.values()) == {400 * 16}, "every learner has its turn"
    for name, times in frozen.items():
        limit = 9_000 if name == "main_exploiter" else 6_000
        assert times, name
        assert max(b - a for a, b in pairwise([0, *times])) <= limit // 160 + 1, "nobody waits beyond its time-out"
    older = [member.id for member in league.members if member.frozen and frozen_before(member, frozen, 380)]
    assert len(older) > 20
    assert all(opponents[name] for name in older), "every snapshot is met"


def frozen_before(member: Member, frozen: dict[str, list[int]], iteration: int) -> bool:
    """Whether a member was there before an iteration."""
    return member.learner is None or frozen[member.learner][(member.generation or 1) - 1] < iteration
