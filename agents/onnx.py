"""The agent of an ONNX file, which :func:`arena.export` writes. It loads onnxruntime and no torch.

A file may come from a stranger. It runs no code: only the standard operators of ONNX are accepted, without control
flow, so it cannot run for ever; its tensors are in the file itself; and onnxruntime gets a limited memory.
"""

from __future__ import annotations

import json
import reprlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.contract import Agent, AgentError, Probabilities, Turn, Values
from agents.memory import Memory, States
from agents.policies import interface
from agents.policies.distributions import action_probabilities, in_bounds, sample_actions, sample_points
from agents.policies.interface import (
    LOG_PROBABILITIES,
    LOG_STD,
    LOGIT_OF_ILLEGAL,
    MEAN,
    NEXT_STATE,
    STATE,
    VALUE,
    Port,
)
from games.contract import ActionArray, FloatArray, Game, State

if TYPE_CHECKING:
    import onnx

CARD = "card"
"""The entry of an ONNX model's metadata that has the card, as JSON."""

LARGEST_DIFFERENCE = 1e-3
"""By how much an ONNX model may differ from its networks, see
:func:`agents.policies.onnx.largest_difference`."""

MEMORY = 2 << 30
"""Bytes that all ONNX models of a process may take together."""

MOST_STATE = 1 << 16
"""Numbers that the state of a model may have."""

MISSING = "ONNX models need onnx and onnxruntime, which are not installed; run pip install 'self-play-arena[onnx]'"

_DTYPES = {"tensor(float)": "float32", "tensor(bool)": "bool"}


def has_onnx() -> bool:
    """Whether the libraries of the extra ``onnx`` are installed, without importing them."""
    return all(find_spec(name) is not None for name in ("onnx", "onnxruntime", "onnxscript"))


def no_state(table: int) -> State:
    """Of rows that a network is asked for outside of any game."""
    raise AgentError("networks read no state")


class OnnxAgent(Agent):
    """Draws actions with the probabilities that an ONNX model gives.

    The model takes and gives what :mod:`agents.policies.interface` says, with any number of rows; ``value`` may be
    missing. It runs on one core. Actions that are not legal are never drawn, whatever the model says of them.

    A model with a state has one for each table and seat, which :meth:`act` moves on.

    Attributes:
        memory: the states; None for a model without.
    """

    reads_state = False

    def __init__(self, data: bytes, game: Game) -> None:
        """Load a model.

        Args:
            data: the bytes of the file.
            game: the game to play; the card must name the same.

        Raises:
            AgentError: onnx or onnxruntime is not installed; the bytes are no ONNX model with a card, or one that is
                refused; or it plays another game, or takes or gives something else.
        """
        self._game = game
        _check_model(data)
        self._session = _session(data)
        _check_card(self._session.get_modelmeta().custom_metadata_map, game)
        given = {port.name for port in self._session.get_outputs()}
        size = _state_size(self._session.get_inputs())
        self._inputs = interface.inputs(game, memory=size)
        self._outputs = interface.outputs(game, value=VALUE in given, memory=size)
        _check_ports("take", self._session.get_inputs(), self._inputs)
        _check_ports("give", self._session.get_outputs(), self._outputs)
        self.memory = Memory([lambda: np.zeros(size, np.float32)] * game.num_seats) if size else None

    @property
    def keeps_games(self) -> bool:
        return self.memory is not None

    def reset(self, tables: Sequence[int]) -> None:
        if self.memory is not None:
            self.memory.reset(tables)

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        found = self._step(turn)
        if self._game.action_bounds is None:
            return sample_actions(found[LOG_PROBABILITIES], rng)[0]
        points, _ = sample_points(np.concatenate([found[MEAN], found[LOG_STD]], 1), rng)
        return in_bounds(points, self._game.action_bounds)

    def _step(self, turn: Turn) -> dict[str, FloatArray]:
        """What the model gives for each row of games that it follows; it remembers them."""
        if self.memory is None:
            return self.run(turn)
        found = self.run(turn, self.memory.of(turn.tables, turn.seats))
        self.memory.keep(turn.tables, turn.seats, found[NEXT_STATE])
        return found

    def probabilities(self, turn: Turn) -> Probabilities | None:
        """Those of the model, ``(B, A)``; None for continuous actions, and if it has a state."""
        if self.memory is not None:
            return None
        return self._probabilities(self.run(turn))

    def values(self, turn: Turn) -> Values | None:
        """Those of the model, ``(B,)``; None if it has none, or a state."""
        return None if self.memory is not None else _values(self.run(turn))

    def consider(self, turn: Turn) -> tuple[Values | None, Probabilities | None]:
        """As :meth:`values` and :meth:`probabilities`, after what the model remembers of these tables."""
        found = self._step(turn)
        return _values(found), self._probabilities(found)

    def _probabilities(self, found: dict[str, FloatArray]) -> Probabilities | None:
        if self._game.action_bounds is not None:
            return None
        return action_probabilities(found[LOG_PROBABILITIES], deterministic=False)

    def run(self, turn: Turn, states: States | None = None) -> dict[str, FloatArray]:
        """What the model gives for each row, by name; illegal actions are at ``LOGIT_OF_ILLEGAL``.

        Args:
            turn: the rows.
            states: ``(B, S)``, those before these rows, of a model that has them.

        Raises:
            AgentError: it fails, or gives other shapes than it says, or numbers that are not finite.
        """
        seats = np.eye(self._game.num_seats, dtype=np.float32)[turn.seats]
        rows = (turn.observations, turn.masks, seats, states)[: len(self._inputs)]
        names = [port.name for port in self._outputs]
        try:
            given = self._session.run(
                names,
                {port.name: np.ascontiguousarray(row) for port, row in zip(self._inputs, rows, strict=True)},
            )
        except Exception as error:
            raise AgentError(f"the ONNX model failed: {_line(error)}") from error
        found = dict(zip(names, given, strict=True))
        if LOG_PROBABILITIES in found and found[LOG_PROBABILITIES].shape == turn.masks.shape:
            found[LOG_PROBABILITIES] = np.where(turn.masks, found[LOG_PROBABILITIES], np.float32(LOGIT_OF_ILLEGAL))
        for port in self._outputs:
            array = found[port.name]
            if array.shape != (len(seats), *port.shape) or not np.isfinite(array).all():
                raise AgentError(
                    f"an ONNX model must give finite numbers of shape {(len(seats), *port.shape)} as {port.name!r}, "
                    f"but this one gave an array of shape {array.shape} with others; export it again"
                )
        return found


def _values(found: dict[str, FloatArray]) -> Values | None:
    return found[VALUE].astype(np.float64) if VALUE in found else None


def _state_size(inputs: Sequence[Any]) -> int:
    """Numbers of the state that a model takes; 0 for a model without. What else it says of it is checked later."""
    shape = next((list(port.shape) for port in inputs if port.name == STATE), [0, 0])
    size = shape[1] if len(shape) == 2 else None
    if not isinstance(size, int) or size > MOST_STATE:
        told = reprlib.repr(tuple(shape))
        raise AgentError(
            f"the state of an ONNX model has shape ('rows', S), where S is at most {MOST_STATE:,}, but this one's has "
            f"{told}; export it again"
        )
    return size


def _check_model(data: bytes) -> None:
    """Refuse what is no ONNX model, and what could do more than compute.

    Raises:
        AgentError: it is such a file, or onnx is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise AgentError(MISSING) from error
    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:
        raise AgentError(f"the file is no ONNX model: {_line(error)}; export it again") from error
    if model.functions or any(each.domain not in ("", "ai.onnx") for each in (*model.opset_import, *model.graph.node)):
        raise AgentError("an ONNX model may have the standard operators of ONNX only, but this one has others")
    for node in model.graph.node:
        if any(part.HasField("g") or part.graphs for part in node.attribute):
            raise AgentError(f"an ONNX model may have no control flow, but this one has the operator {node.op_type!r}")
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in _tensors(model.graph)):
        raise AgentError("an ONNX model must have its tensors in the file, but this one names another file for them")


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for part in (part for node in graph.node for part in node.attribute):
        yield from (part.t, *part.tensors)
        for sparse in (part.sparse_tensor, *part.sparse_tensors):
            yield from (sparse.values, sparse.indices)


def _session(data: bytes) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise AgentError(MISSING) from error
    _limit_memory()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # errors are raised, and printed nowhere
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.use_env_allocators", "1")
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise AgentError(f"the ONNX model cannot be loaded: {_line(error)}; export it again") from error


@lru_cache(maxsize=1)
def _limit_memory() -> None:
    """Give all ONNX models of this process :data:`MEMORY` bytes together."""
    import onnxruntime

    place = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    limits = onnxruntime.OrtArenaCfg({"max_mem": MEMORY, "arena_extend_strategy": 1})  # 1: by as much as is needed
    onnxruntime.create_and_register_allocator(place, limits)


def _check_card(metadata: Mapping[str, str], game: Game) -> None:
    try:
        played = json.loads(metadata[CARD])["game"]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise AgentError(
            f"an ONNX model must have a {CARD!r} in its metadata, JSON with a 'game', but this one has none; write it "
            "with arena export"
        ) from error
    if played != game.spec:
        raise AgentError(f"this policy plays {played!r}, the game it was trained on, but got {game.spec!r}")


def _check_ports(does: str, found: Sequence[Any], wanted: Sequence[Port]) -> None:
    """Check what a model says about its inputs or outputs; only the number of rows is free."""
    shown = {port.name: port for port in found}
    for port in wanted:
        rule = f"an ONNX model must {does} {port.name!r} of {port.dtype} and shape {('rows', *port.shape)}"
        given = shown.pop(port.name, None)
        if given is None:
            raise AgentError(f"{rule}, but this one has no {port.name!r}; export it again")
        rows, *shape = given.shape or [0]
        if _DTYPES.get(given.type) != port.dtype or isinstance(rows, int) or tuple(shape) != port.shape:
            told = reprlib.repr(tuple(given.shape))
            raise AgentError(f"{rule}, but this one has {given.type} of shape {told}; export it again")
    if shown:
        raise AgentError(f"an ONNX model must not {does} {reprlib.repr(min(shown))}; export it again")


def _line(error: Exception) -> str:
    """The first line of a library's message, as short as it may be."""
    return (str(error).strip() or type(error).__name__).partition("\n")[0][:200]
