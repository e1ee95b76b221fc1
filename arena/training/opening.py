"""Opens the league of a training run: makes a new one, or checks that an existing one is the one asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from agents.registry import names_code
from arena.play.recording import league_info
from arena.settings import Settings, groups
from games.contract import Game
from leagues.league import League
from leagues.records import Member
from leagues.setting_groups import rules, shown
from leagues.store import LeagueInfo, Store, StoreError, Writer

WRITTEN = ("training.trace", "offline_data.output")
"""Settings that name folders to write to. A run that resumes a league takes them anew: a stored one may be a
stranger's choice."""

OF_A_RUN = (
    "training.tables",
    "training.checkpoint_every",
    "offline_data.input_",
    "offline_data.output_max_rows_per_file",
    *WRITTEN,
)
"""Settings that may change from run to run, beside the resources."""

FREE = (
    "resources",
    *OF_A_RUN,
    "evaluation.anchor",
    "evaluation.exploitability_every",
    "evaluation.return_every",
)
"""Beginnings of the settings that a league need not have stored so. Nobody trains against anchors, or on measures."""

MOST_DIFFERENCES = 3
"""Different settings that a message names."""


def open_league(store: Store, game: Game, settings: Settings, *, seed: int, members: Sequence[Member]) -> Writer:
    """Open the league of a store for training, or make it.

    Args:
        store: where the league is.
        game: its game.
        settings: those of the run; a new league stores them.
        seed: seed of a new league.
        members: learners and baselines of a new league.

    Raises:
        LeagueError: a new league cannot be made of these settings. Nothing is written then.
        StoreError: the league has another game, other learners, other settings, baselines with code that ``settings``
            do not name, or lacks the weights of a snapshot; or the store cannot be written.
    """
    if not store.exists():
        # Refuses what cannot play, such as an unknown sampler, before anything is written.
        League(settings.league, members, num_seats=game.num_seats, agent_ids=game.agent_ids, teams=game.teams)
        writer = store.create(league_info(game, settings, seed))
        try:
            writer.add_members(members)
        except BaseException:
            writer.close()
            raise
        return writer
    writer = store.writer()
    try:
        _check_game(store.name, writer.info(), game)
        stored = writer.members()
        if stored:
            _check_members(store.name, stored, members, settings)
        _check_settings(store.name, Settings.from_dict(writer.info().settings), settings)
        if not stored:  # the run that made the league was killed before it added them
            writer.add_members(members)
        for member in stored:
            if member.weights is not None and not store.weights.has(member.weights):
                store.weights.get(member.weights)  # raises, and names what is missing
    except BaseException:
        writer.close()
        raise
    return writer


def _check_game(store: str, info: LeagueInfo, game: Game) -> None:
    if info.game != game.spec:
        raise StoreError(f"{store} has a league of {info.game!r}, but got {game.spec!r}")
    if info.teams != game.teams:  # made when this game had no teams yet
        raise StoreError(
            f"the league in {store} has the teams {info.teams}, but {game.spec!r} now has {game.teams}; "
            "start a new league"
        )


def _check_members(store: str, stored: Sequence[Member], members: Sequence[Member], settings: Settings) -> None:
    wanted = [member for member in members if not member.frozen]
    learners = [member for member in stored if not member.frozen]
    if not learners:
        raise StoreError(
            f"the league in {store} has no learner, because matches or a double oracle made it; train in another folder"
        )
    if learners != wanted:
        raise StoreError(
            f"the league in {store} has the learners {_names(learners)}, but got {_names(wanted)}; "
            "use the settings it was made with, or another folder"
        )
    agents = [member.agent for member in stored if member.kind == "baseline" and member.agent is not None]
    trusted = {*settings.league.baselines, *(settings.evaluation.anchors or ())}
    if own := [agent for agent in agents if names_code(agent) and agent not in trusted]:
        raise StoreError(
            f"the league in {store} has baselines that run code, {own}, and stored names never run code; "
            "if you trust its maker, name them in `baselines` or `anchors`"
        )


def _check_settings(store: str, stored: Settings, given: Settings) -> None:
    """A league trains with the settings that it stores."""
    if stored.algorithm != given.algorithm:
        raise StoreError(f"the league in {store} trains with the algorithm {stored.algorithm}, not {given.algorithm}")
    differences = list(_differences(stored, given))
    if differences:
        more = len(differences) - MOST_DIFFERENCES
        listed = "; ".join(differences[:MOST_DIFFERENCES]) + (f"; and {more} more" if more > 0 else "")
        raise StoreError(
            f"the league in {store} trains with {listed}; use the settings it was made with, or another folder"
        )


def _differences(stored: Settings, given: Settings) -> Iterator[str]:
    for group, kind in groups(stored.algorithm).items():
        for name, rule in rules(kind).items():
            ours, theirs = (getattr(getattr(settings, group), name) for settings in (stored, given))
            fitted = rule.fitted and None in (ours, theirs)
            if ours != theirs and not fitted and not f"{group}.{name}".startswith(FREE):
                yield f"{group}.{name} = {shown(ours)}, but got {shown(theirs)}"


def _names(members: Iterable[Member]) -> str:
    return ", ".join(f"{member.id} {sorted(set(member.modules.values()))}" for member in members)
