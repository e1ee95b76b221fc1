"""How far a learner is on its way to its next snapshot, from what a league stores: for people, while training runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from operator import index
from typing import Any

from leagues.pool import retired
from leagues.records import LeagueError, Member
from leagues.results.payoff_table import PayoffTable
from leagues.results.training_payoffs import TrainingPayoffs
from leagues.roles import make_role
from leagues.roles.contract import Role
from leagues.settings import LeagueSettings
from leagues.view import Roster, View


@dataclass(frozen=True, slots=True)
class NextSnapshot:
    """The way of a learner to its next snapshot.

    Attributes:
        learner, role: the learner.
        generation: of the next snapshot.
        steps: agent steps since the newest one.
        min_steps, max_steps: the snapshot is due from the first on if the learner passes, and at the last anyway. They
            are equal where only steps count, as in pure self-play, and 0 where it is made only when the run ends.
        gate: the snapshot that it has to beat in a sequential test, once it has its least steps; None without a test.
        hardest: the opponent that keeps it from its snapshot most: one that it has not met often enough, or the one
            that it scores least against; None where no scores count.
        score: its decayed score against that one in training, 0..1.
        games: their decayed games.
        needed_score, needed_games: what both have to be: more than the first, at least the second.
        beaten: opponents that it scores enough against, of ``counted``.
        counted: number of opponents that count.
        seconds_left: seconds of training after which it is due whatever the rest is; None without a limit of time.
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
    seconds_left: float | None = None


def next_snapshots(
    settings: LeagueSettings,
    members: Iterable[Member],
    state: Mapping[str, Any],
    *,
    sides: int = 0,
    seconds: float = 0.0,
) -> list[NextSnapshot]:
    """The way of every learner, in the order they joined. A learner whose role is not known here, because it is the
    user's own, is left out.

    Args:
        settings: of the league.
        members: all members in the order they joined.
        state: what :meth:`leagues.league.League.state` gave, from the newest progress; empty before the first.
        sides: number of sides of a graded game; 0 in other games.
        seconds: of training so far.

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
        frozen_at = {str(learner): float(then) for learner, then in state.get("frozen_at", {}).items()}
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
    found, most = [], settings.snapshot_max_seconds
    for learner in roster.learners:
        view = View(learner, roster, payoffs, steps.get(learner, 0), settings, PayoffTable, {})
        try:
            way = _way(view, 1 + newest.get(learner, 0))
        except LeagueError:
            continue
        if most is not None:
            way = replace(way, seconds_left=max(0.0, most - (seconds - frozen_at.get(learner, 0.0))))
        found.append(way)
    return found


def _way(view: View, generation: int) -> NextSnapshot:
    settings, name = view.settings, view.members[view.learner].role
    role = make_role(name)
    ends = (0, 0) if role.due_by == "run_end" else (view.min_steps, view.max_steps)
    way = NextSnapshot(view.learner, name, generation, view.steps, *ends, gate=role.gated_by(view))
    if way.gate is not None:
        return way
    by_steps = replace(way, min_steps=way.max_steps)
    to_beat = role.to_beat(view)
    if to_beat is None:
        return by_steps
    opponents, needed = to_beat
    known = {opponent: view.training.get(view.learner, opponent) for opponent in opponents}
    met = [opponent for opponent, (_, games) in known.items() if games >= settings.enough_games]
    # It has to meet all that are needed; where none is, one opponent is enough.
    missing = [opponent for opponent in needed if opponent not in met] or ([] if met else list(opponents))
    may_meet = _may_meet(role, view) if missing else ()
    coming = [opponent for opponent in missing if opponent in may_meet]
    if len(coming) < len(missing) if needed else not (met or coming):
        return by_steps  # as in pure self-play
    passed = {each: known[each][0] > settings.snapshot_win_rate or view.has_beaten(each) for each in met}
    if coming:  # nothing keeps it more than whom it has to meet
        hardest = (min if needed else max)(coming, key=lambda each: known[each][1])
    else:  # those that it beats come last
        hardest = min(met, key=lambda each: known[each][0] + passed[each])
    score, games = known[hardest]
    return replace(
        way,
        hardest=hardest,
        score=score,
        games=games,
        needed_score=settings.snapshot_win_rate,
        needed_games=settings.enough_games,
        beaten=sum(passed.values()),
        counted=len(met) + len(coming),
    )


def _may_meet(role: Role, view: View) -> Collection[str]:
    """Whom a learner may meet in its training matches as the league stands now."""
    try:
        branches = role.opponents(view)
    except LeagueError:  # a sampler of the user's own is not known here, so it may be anybody
        return {member.id for member in view.members}
    return {
        opponent
        for branch in branches
        for opponent, probability in zip(branch.names, branch.probabilities, strict=True)
        if branch.share * probability > 0
    }
