"""From an agent's name to the agent: members of a league (``DIR:main@12``, ``DIR:best``) and all other kinds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from agents.basic import GreedyAgent
from agents.contract import Agent, AgentError
from agents.frozen import frozen_agent
from agents.mixture import MixtureAgent
from agents.registry import GREEDY, is_agent_name, make_agent
from arena.mixtures import MIXTURES, mixture
from games import Game, as_game
from leagues.ratings.leaderboard import Standing, best, leaderboard
from leagues.records import Member
from leagues.store import open_store
from leagues.store.contract import BlobStore, Reader
from leagues.store.url import split_place

BEST = "best"
LATEST = "latest"


def load_agent(
    spec: str, game: Game | str, *, module_classes: Mapping[str, type[Any]] | None = None, trust_code: bool = False
) -> Agent:
    """The agent called ``spec``, ready to play ``game``.

    Args:
        spec: ``DIR:MEMBER`` for a member of the league in folder DIR (or at a URL, ``sqlite:DIR:MEMBER``). MEMBER is an
            ID (``main@12``, ``random``), a learner (``main`` means its newest snapshot), ``latest`` (the newest
            snapshot of a main learner, or of any where no main has one) or ``best``
            (:func:`leagues.ratings.leaderboard.best`; the newest snapshot while none is rated). ``average`` and
            ``nash`` are mixtures (:func:`arena.mixtures.mixture`), which draw one member for each game. ``DIR`` alone
            means ``DIR:best``. Otherwise a name that :func:`agents.registry.make_agent` knows. ``greedy:`` before
            the name of an agent that tells its probabilities, such as a snapshot, means its most likely actions
            (:class:`agents.basic.GreedyAgent`).
        game: the game to play, or its spec.
        module_classes: your own RLModule classes that snapshots need, by ``"package.module:Class"``. No other code is
            imported because a file names it.
        trust_code: whether a baseline or guest of the league may run what its database names: Python code
            (``py:package.module:Factory``) or a program (``exec:``, ``uci:``). A name that ``spec`` spells out in full
            needs no trust.

    Raises:
        AgentError: no agent has this name, it cannot play this game, or it needs code that was not passed.
        GameError: the game cannot be made.
        StoreError: the league cannot be read, has no such member, or the member's weights are missing or altered.
        WeightsError: the weights are not a weights file.
    """
    game = as_game(game)
    if spec.startswith(GREEDY):
        agent = load_agent(spec.removeprefix(GREEDY), game, module_classes=module_classes, trust_code=trust_code)
        return greedy(agent, game, spec)
    place = split_name(spec)
    if place is None:
        return make_agent(spec, game, module_classes=module_classes)
    where, name = place
    store = open_store(where)
    with store.reader() as reader:
        require_game(reader, store.name, game)
        mixed = mixture(reader, name) if name in MIXTURES else None
        members = (find_member(reader, name),) if mixed is None else mixed.members
    agents = [
        member_agent(store.weights, member, game, spec, module_classes=module_classes, trust_code=trust_code)
        for member in members
    ]
    return agents[0] if mixed is None else MixtureAgent(game, agents, mixed.weights)


def greedy(agent: Agent, game: Game, spec: str) -> GreedyAgent:
    """``agent`` by its most likely actions. It is closed if that cannot be.

    Raises:
        AgentError: as :class:`agents.basic.GreedyAgent`; the message names ``spec``.
    """
    try:
        return GreedyAgent(agent, game)
    except AgentError as error:
        agent.close()
        raise AgentError(f"{spec!r} cannot be made: {error}") from error


@contextmanager
def opened(
    agent: str | Agent,
    game: Game,
    *,
    module_classes: Mapping[str, type[Any]] | None = None,
    trust_code: bool = False,
) -> Iterator[tuple[Agent, str]]:
    """An agent and what to call it. One that is given by its name is made, and closed at the end.

    Args:
        agent: a name as :func:`load_agent` takes it, or an agent.
        game, module_classes, trust_code: as of :func:`load_agent`, also for errors.
    """
    if isinstance(agent, Agent):
        yield agent, type(agent).__name__
        return
    made = load_agent(agent, game, module_classes=module_classes, trust_code=trust_code)
    try:
        yield made, agent
    finally:
        made.close()


def split_name(spec: str) -> tuple[str, str] | None:
    """Place and member of ``DIR:MEMBER``, or of ``DIR``, which means its best; None for any other name."""
    place = None if is_agent_name(spec) or spec.startswith(GREEDY) else split_place(spec)
    return place and (place[0], place[1] or BEST)


def find_member(reader: Reader, name: str, *, standings: Sequence[Standing] | None = None) -> Member:
    """The frozen member called ``name``, as in :func:`load_agent`.

    Args:
        reader: of the league.
        name: the name.
        standings: its leaderboard, where that is known already; None to compute it.

    Raises:
        StoreError: the league has no such member.
        AgentError: ``name`` means a snapshot, and there is none yet.
    """
    members = reader.members()
    if name == BEST and standings is None:
        standings = leaderboard(members, reader.block_scores())
    found = named_snapshots(members, name, standings or ())
    if not found and name not in (BEST, LATEST):
        member = reader.member(name)
        found = [member] if member.frozen else []
    if not found:
        if all(member.frozen for member in members):
            raise AgentError(f"{name!r} means a snapshot, but the league has no learner that makes any; name a member")
        raise AgentError(f"{name!r} means a snapshot, but the league has none of it yet; train it for longer")
    return found[-1]


def named_snapshots(members: Sequence[Member], name: str, standings: Sequence[Standing]) -> list[Member]:
    """The snapshots that ``best``, ``latest`` or the name of a learner may mean, the one that is meant last.

    Args:
        members: those of the league, in the order in which they joined.
        name: the name.
        standings: the leaderboard; only ``best`` asks for it.
    """
    snapshots = [member for member in members if member.kind == "snapshot"]
    if name == BEST:
        strongest = best(standings)
        return snapshots if strongest is None else [member for member in members if member.id == strongest]
    if name == LATEST:
        return [member for member in snapshots if member.role == "main"] or snapshots
    return [snapshot for snapshot in snapshots if snapshot.learner == name]


def member_agent(
    blobs: BlobStore,
    member: Member,
    game: Game,
    spec: str,
    *,
    module_classes: Mapping[str, type[Any]] | None = None,
    trust_code: bool = False,
) -> Agent:
    """The agent of a frozen ``member`` of a league.

    Args:
        blobs, member, game: the league's weights, its member, its game.
        spec: the name by which the caller asked for the member.
        module_classes, trust_code: as in :func:`load_agent`, also for errors.
    """
    if member.agent is not None:
        spelled_out = f":{spec}".endswith(f":{member.agent}")
        return make_agent(member.agent, game, module_classes=module_classes, trust_code=trust_code or spelled_out)
    if member.weights is None:
        raise AgentError(f"{member.id!r} is a learner, and only frozen members can play; name one of its snapshots")
    return frozen_agent(blobs.get(member.weights), game, module_classes=module_classes)


def require_game(reader: Reader, place: str, game: Game) -> None:
    """Check that the league in ``place`` plays ``game``.

    Raises:
        AgentError: it plays another game, or the same one with other teams.
    """
    info = reader.info()
    if info.game != game.spec:
        raise AgentError(
            f"the league in '{place}' plays {info.game!r}, but the game here is {game.spec!r}; name the game of the "
            "league, or another league"
        )
    if info.teams != game.teams:
        raise AgentError(
            f"the league in '{place}' has teams {info.teams}, but {game.spec!r} now has {game.teams}; it can be "
            "read, but not played on"
        )
