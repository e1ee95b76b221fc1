"""A member of a league as a file that other programs can use: an ONNX model, or weights, each with a card."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from agents import tabular
from agents.basic import RandomAgent
from agents.contract import AgentError, Turn
from agents.onnx import LARGEST_DIFFERENCE, OnnxAgent, no_state
from agents.policies import weights
from arena.mixtures import MIXTURES
from arena.names import find_member
from arena.play.recording import LIBRARIES
from arena.play.referee import Trusting
from arena.play.rounds import Rounds
from arena.play.source import Observer, Seating
from arena.seeds import Purpose, stream
from arena.view.files import replacing
from games import Game, make_game
from games.contract import ActionArray
from leagues.ratings.leaderboard import leaderboard
from leagues.records import LeagueError, Member, Pairing
from leagues.store import open_store
from leagues.store.contract import Reader

FORMATS = (".onnx", ".safetensors")

POSITIONS = 512
"""Positions of random games in which an ONNX model is compared with its networks, at least."""

TABLES = 32
"""Random games that are played at once."""


@dataclass(frozen=True, slots=True)
class Exported:
    """An agent as a file.

    Attributes:
        agent: the member, as :func:`arena.load_agent` takes it.
        file: the file.
        name: what :func:`arena.load_agent` calls the file.
        card: what the file says about itself.
        positions: positions in which an ONNX model was compared with its networks; 0 for weights.
        difference: the largest difference there, see :data:`agents.onnx.LARGEST_DIFFERENCE`; None for weights.
    """

    agent: str
    file: str
    name: str
    card: Mapping[str, Any]
    positions: int = 0
    difference: float | None = None


def export(
    league: Path | str,
    agent: str,
    output: Path | str,
    *,
    module_classes: Mapping[str, type[Any]] | None = None,
    trust_code: bool = False,
) -> Exported:
    """Write a member of a league to a file.

    - ``FILE.onnx`` is one ONNX model for all seats, which any ONNX runtime runs. Its inputs and outputs are those of
      :mod:`agents.policies.interface`, and its card is JSON under ``card`` in the metadata. In positions of random
      games it is compared with PyTorch.
    - ``FILE.safetensors`` has the weights, and its card under ``card`` in the metadata.

    The card says how to call the network, what the game's observations and actions are, and where the agent comes from,
    with its rating.

    Args:
        league: the folder.
        agent: a member with weights, as in ``DIR:MEMBER``: an ID, a learner, ``best`` or ``latest``.
        output: the file; it is replaced.
        module_classes, trust_code: code that the member and its game may need, as in :func:`arena.load_agent`.

    Raises:
        LeagueError: the name of the file ends in no known format.
        AgentError: the agent has no weights or is a mixture; it needs code that was not passed; the model cannot be
            written or differs from its networks; or a library of the extra ``onnx`` is not installed.
        GameError: the game cannot be made.
        StoreError: there is no league, or it has no such member, or its weights are missing or altered.
        OSError: the file cannot be written.
    """
    path = Path(output)
    if path.suffix.lower() not in FORMATS:
        raise LeagueError(f"an agent is written to a file that ends in {' or '.join(FORMATS)}, but got '{path}'")
    store = open_store(league)
    with store.reader() as reader:
        info = reader.info()
        game = make_game(info.game, trust_code=trust_code)
        if agent in MIXTURES:
            raise AgentError(
                f"{agent!r} mixes several networks, and a file has one; distill it first: arena distill "
                f"{store.name} --mixture {agent}, then export 'distilled'"
            )
        member = find_member(reader, agent)
        if member.weights is None:
            raise AgentError(f"{member.id!r} has no weights: it is made by its name, {member.agent}; name a snapshot")
        tensors, stored = weights.parse(store.weights.get(member.weights))
        turn, names = _random_positions(game, info.seed)
        card = {
            **stored,
            "spaces": _spaces(game, names),
            "provenance": {"league": Path(store.name).resolve().name, **_provenance(reader, member)},
        }
    place = f"{store.name}:{member.id}"
    if path.suffix.lower() == ".safetensors":
        data = weights.pack(tensors, card)
        written = Exported(place, str(path), f"weights:{path}", card)
    else:
        if card.get("policy") == tabular.KIND:
            raise AgentError(
                f"{member.id!r} is a table of information states and no network; write .safetensors instead"
            )
        from agents.policies.onnx import OPSET, exportable, largest_difference, to_onnx  # PyTorch takes seconds

        network = exportable(tensors, stored, game, module_classes=module_classes)
        ports = {
            "inputs": [asdict(port) for port in network.inputs],
            "outputs": [asdict(port) for port in network.outputs],
        }
        card |= {"opset": OPSET, **ports}
        data = to_onnx(network, card)
        difference = largest_difference(network, OnnxAgent(data, game), turn)
        if not difference <= LARGEST_DIFFERENCE:
            raise AgentError(
                f"the ONNX model of {member.id!r} differs from its network by {difference:.2g}, and at most "
                f"{LARGEST_DIFFERENCE:g} is allowed; write .safetensors instead"
            )
        written = Exported(place, str(path), f"onnx:{path}", card, len(turn.seats), difference)
    with replacing(path) as fresh:
        fresh.write_bytes(data)
    return written


def _provenance(reader: Reader, member: Member) -> dict[str, Any]:
    """Where a member comes from, and how strong it was then."""
    standings = leaderboard(reader.members(), reader.block_scores())
    standing = next((each for each in standings if each.agent == member.id and each.games), None)
    rated = ("rating", "low", "high", "unit", "games")
    return {
        "member": member.id,
        "role": member.role,
        "generation": member.generation,
        "agent_steps": member.step,
        "origin": member.origin,
        "weights": member.weights,
        "rating": None if standing is None else {name: getattr(standing, name) for name in rated},
        "versions": {name: version(name) for name in LIBRARIES},
    }


def _spaces(game: Game, names: list[str | None] | None) -> dict[str, Any]:
    """What seats see and do, as plain JSON."""
    if game.action_bounds is None:
        actions: dict[str, Any] = {"kind": "discrete", "number": game.num_actions, "names": names}
    else:
        low, high = game.action_bounds
        actions = {"kind": "continuous", "low": low.tolist(), "high": high.tolist()}
    observation = {"shape": list(game.observation_shape), "dtype": "float32"}
    return {"seats": list(game.agent_ids), "observation": observation, "actions": actions}


class _Scout(RandomAgent, Observer):
    """Plays at random, and notes the rows and what actions are called."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.names: defaultdict[int, set[str]] = defaultdict(set)

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        """Note the rows, and act on them."""
        every = np.arange(len(turn.seats))
        self.turns.append(turn.part(every))
        if turn.action_bounds is None:
            for row, action in np.argwhere(turn.masks).tolist():
                known = self.names[action]
                if len(known) < 2:
                    known.add(turn.state(int(turn.tables[row])).action_name(int(turn.seats[row]), action))
        return super().act(turn, rng)

    def enough(self) -> bool:
        """Whether there are enough rows."""
        return sum(len(turn.seats) for turn in self.turns) >= POSITIONS

    def called(self, game: Game) -> list[str | None] | None:
        """The names of the actions, None for one that was never legal; None if a name depends on the position."""
        if game.action_bounds is not None or any(len(known) > 1 for known in self.names.values()):
            return None
        return [next(iter(self.names[action]), None) for action in range(game.num_actions)]


def _random_positions(game: Game, seed: int) -> tuple[Turn, list[str | None] | None]:
    """Rows of random games, and the names of the actions.

    Raises:
        AgentError: nobody acts in these games.
    """
    rng, scout = stream(seed, Purpose.EXPORT), _Scout()
    names = ("random",) * game.num_seats
    pairings = (Pairing(names, int(rng.integers(2**53)), event=0, block=0, kind="training") for _ in range(POSITIONS))
    seatings = (Seating(names, pairing, (None,) * game.num_seats) for pairing in pairings)
    Rounds(game, TABLES, Trusting()).run(lambda: next(seatings, None), {"random": scout}, lambda player: rng, scout)
    if not scout.turns:
        raise AgentError(f"nobody acts in {POSITIONS} games of {game.spec!r}, so there is nothing to compare")
    rows = (
        np.concatenate([getattr(turn, name) for turn in scout.turns]) for name in ("observations", "masks", "seats")
    )
    observations, masks, seats = rows
    tables = np.arange(len(seats))
    return Turn(observations, masks, seats, tables, no_state, game.action_bounds), scout.called(game)
