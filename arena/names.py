"""From an agent's name to an agent: members of a league folder (``DIR:main@12``, ``DIR:best``) and all plain kinds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agents.contract import Agent, AgentError
from agents.policies import weights
from agents.registry import USAGES as KINDS
from agents.registry import is_agent_name, make_agent
from games import Game
from leagues.ratings.leaderboard import best, leaderboard
from leagues.records import Member
from leagues.store import open_reader
from leagues.store.contract import Reader

BEST = "best"
LATEST = "latest"


def load_agent(
    spec: str, game: Game, *, module_classes: Mapping[str, type[Any]] | None = None, trust_code: bool = False
) -> Agent:
    """The agent called ``spec``, ready to play ``game``.

    Args:
        spec: ``DIR:MEMBER`` for a member of the league in folder DIR, where MEMBER is an ID (``main@12``, ``random``),
            a learner (``main``: its newest snapshot), ``latest`` (the newest snapshot of the main learner) or ``best``
            (the highest-rated snapshot); else a name that :func:`agents.registry.make_agent` knows.
        game: the game to play.
        module_classes: RLModule classes of your own that snapshots may need, by the name in their weights' card:
            ``"package.module:Class"``. No other code is imported on a file's word.
        trust_code: whether a baseline of the league may run the code that its database names
            (``py:package.module:Factory``). A name that ``spec`` writes out in full is your own, and needs no trust.

    Raises:
        AgentError: no agent has this name, it cannot play this game, or it needs code that you have not named.
        StoreError: the league cannot be read, or has no such member.
        WeightsError: the member's weights are missing or altered.
    """
    place = split_name(spec)
    if place is None:
        folder_name, colon, _ = spec.rpartition(":")
        if colon and not is_agent_name(spec):
            raise AgentError(
                f"an agent {spec!r} must be a member of a league or a kind of agent ({', '.join(KINDS)}), "
                f"but there is no folder {folder_name!r}; check the path"
            )
        return make_agent(spec, game)
    folder, name = place
    with open_reader(folder) as reader:
        require_game(reader, folder, game)
        member = find_member(reader, name)
    return member_agent(folder, member, game, spec, module_classes=module_classes, trust_code=trust_code)


def split_name(spec: str) -> tuple[Path, str] | None:
    """Folder and member name of ``DIR:MEMBER``; None when ``spec`` is no name of that form."""
    if is_agent_name(spec):
        return None
    # The first colon that follows an existing folder splits: a member's name may hold colons itself (mcts:200).
    parts = spec.split(":")
    for count in range(1, len(parts)):
        folder = Path(":".join(parts[:count]))
        if folder.is_dir():
            return folder, ":".join(parts[count:])
    return None


def find_member(reader: Reader, name: str) -> Member:
    """The frozen member that ``name`` means; names as in :func:`load_agent`.

    Raises:
        StoreError: the league has no such member.
        AgentError: ``name`` needs a snapshot, and there is none yet.
    """
    members = reader.members()
    snapshots = [member for member in members if member.kind == "snapshot"]
    if name == BEST:
        strongest = best(leaderboard(members, reader.block_scores()))
        found = [member for member in snapshots if strongest in (None, member.id)]
    elif name == LATEST:
        found = [member for member in snapshots if member.role == "main"]
    else:
        member = reader.member(name)
        found = [member] if member.frozen else [snapshot for snapshot in snapshots if snapshot.learner == name]
    if not found:
        raise AgentError(f"{name!r} needs a snapshot, but the league has none of it yet; train it for longer")
    return found[-1]


def member_agent(
    folder: Path,
    member: Member,
    game: Game,
    spec: str,
    *,
    module_classes: Mapping[str, type[Any]] | None = None,
    trust_code: bool = False,
) -> Agent:
    """The agent of a frozen ``member`` of the league in ``folder``, which the caller named by ``spec``; arguments and
    errors as :func:`load_agent`."""
    if member.agent is not None:
        written_out = f":{spec}".endswith(f":{member.agent}")
        return make_agent(member.agent, game, trust_code=trust_code or written_out)
    if member.weights is None:
        raise AgentError(
            f"only frozen members can play, but {member.id!r} is still learning; name one of its snapshots"
        )
    tensors, card = weights.parse(weights.read(folder / "weights", member.weights))
    from agents.policies.agent import build_policy  # loads torch and ray

    return build_policy(tensors, card, game, module_classes=module_classes)


def require_game(reader: Reader, folder: Path, game: Game) -> None:
    """Check that the league in ``folder`` plays ``game``.

    Raises:
        AgentError: it plays another one, or with other teams.
    """
    info = reader.info()
    if info.game != game.spec:
        raise AgentError(f"the league in '{folder}' plays {info.game!r}, but got {game.spec!r}; name that game instead")
    if info.teams != game.teams:
        raise AgentError(
            f"the league in '{folder}' has teams {info.teams}, but {game.spec!r} now has {game.teams}; it can be read, "
            "not played on"
        )
