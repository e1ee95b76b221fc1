"""How far a learner is on its way to its next snapshot, from what a league stores: for people, while training runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from operator import index
from typing import Any

from leagues.pool import retired
from leagues.records import LeagueError, Member
from leagues.results.payoff_table import PayoffTable
from leagues.results.training_payoffs import TrainingPayoffs
from leagues.roles import make_role
from leagues.settings import LeagueSettings
from leagues.view import Roster, View


@dataclass(frozen=True, slots=True)
class NextSnapshot:
    """The way of a learner to its next snapshot.

    Attributes:
        learner, role: the learner.
        generation: of the next snapshot.
        steps: agent steps since the newest one.
        min_steps, max_steps: the snapshot is due from the first on if the learner passes, and at the last anyway; both
            0 where it is made only when the run ends.
        gate: the snapshot that it has to beat in a sequential test, once it has its least steps; None without a test.
        hardest: the opponent that keeps it from its snapshot most: one that it has not met often enough, or the one
            that it scores least against; None where its role goes by something else than scores.
        score: its decayed score against that one in training, 0..1.
        games: their decayed games.
        needed_score, needed_games: what both have to be: more than the first, at least the second.
        beaten: opponents that it scores enough against, of ``counted``.
        counted: number of opponents that count.
    """

    learner: str
    role: str
    generation: int
    steps: int
    min_steps: int
    max_steps: int
    gate: str | None = None
    hardest: str | None = None
    score: float = 0.5
    games: float = 0.0
    needed_score: float = 0.0
    needed_games: float = 0.0
    beaten: int = 0
    counted: int = 0


def next_snapshots(
    settings: LeagueSettings,
    members: Iterable[Member],
    state: Mapping[str, Any],
    *,
    sides: int = 0,
) -> list[NextSnapshot]:
    """The way of every learner, in the order they joined. A learner whose role is not known here, because it is the
    user's own, is left out.

    Args:
        settings: of the league.
        members: all members in the order they joined.
        state: what :meth:`leagues.league.League.state` gave, from the newest progress; empty before the first.
        sides: number of sides of a graded game; 0 in other games.

    Raises:
        LeagueError: the state cannot be read.
    """
    everyone = list(members)
    roster = Roster(everyone)
    if settings.pool_limit is not None:
        for name in retired(everyone, settings.pool_limit):
            roster.retire(name)
    try:
        steps = {str(learner): index(count) for learner, count in state.get("steps", {}).items()}
        payoffs = TrainingPayoffs.restore(
            settings.payoff_decay,
            state.get("payoffs", {}),
            sides=sides,
            score_games=settings.score_games,
            sampler_games=settings.sampler_games,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LeagueError(f"the stored state of the league cannot be read ({type(error).__name__}: {error})") from error
    newest: dict[str, int] = {}
    for member in everyone:
        if member.learner is not None:
            newest[member.learner] = max(newest.get(member.learner, 0), member.generation or 0)
    found = []
    for learner in roster.learners:
        view = View(learner, roster, payoffs, steps.get(learner, 0), settings, PayoffTable, {})
        try:
            found.append(_way(view, 1 + newest.get(learner, 0)))
        except LeagueError:
            continue
    return found


def _way(view: View, generation: int) -> NextSnapshot:
    settings, name = view.settings, view.members[view.learner].role
    role = make_role(name)
    ends = (0, 0) if role.due_by == "run_end" else (view.min_steps, view.max_steps)
    way = NextSnapshot(view.learner, name, generation, view.steps, *ends, gate=role.gated_by(view))
    to_beat = role.to_beat(view)
    if to_beat is None:
        return way
    opponents, needed = to_beat
    counted, beaten = 0, 0
    worst: tuple[float, str] | None = None
    for opponent in opponents:
        score, games = view.training.get(view.learner, opponent)
        if games >= settings.enough_games:
            passed = score > settings.snapshot_win_rate or view.has_beaten(opponent)
            beaten += passed
            place = score + passed  # those that it beats come last
        elif opponent in needed:
            place = games / settings.enough_games - 1  # nothing keeps it more than whom it has to meet
        else:
            continue
        counted += 1
        worst = min(worst or (place, opponent), (place, opponent))
    if worst is None:
        return way
    score, games = view.training.get(view.learner, worst[1])
    return replace(
        way,
        hardest=worst[1],
        score=score,
        games=games,
        needed_score=settings.snapshot_win_rate,
        needed_games=settings.enough_games,
        beaten=beaten,
        counted=counted,
    )
