"""Openings: moves that are made before any agent is asked, so that agents that draw nothing do not repeat one game.

All matches of a block have the same opening, so no agent gains by it.
"""

from __future__ import annotations

import hashlib
import json
import re
import reprlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from agents.contract import AgentError
from arena.seeds import Purpose, stream
from games import Game, GameError, IllegalActionError, State
from games.contract import CHANCE, Action, Move
from games.legality import continuous_action
from leagues.store import Reader

Opening = tuple[Move, ...]
Openings = Callable[[int, int], Opening]
"""``(number, seed) -> opening``: of the block with this seed, which is the ``number``-th of its series, from 0."""

MAX_FILE = 2**26
"""Most bytes of a file of openings."""

ATTEMPTS = 100
"""Recorded openings tried for a block, where the chance of its seed may not allow the moves."""

USAGE = "openings are random:PLIES, recorded:PLIES, or a file of JSON lines"


def no_openings(number: int, seed: int) -> Opening:
    """Every match begins with the game's first position."""
    return ()


def make_openings(spec: str | None, game: Game, reader: Reader | None = None, before: int = 2**63) -> Openings:
    """The openings called ``spec``.

    ``random:8`` makes 8 uniformly drawn steps, of those that do not end the game. A game that cannot go on for so long
    has fewer. ``recorded:8`` takes the first 8 steps of recorded matches, each different beginning equally often. A
    file has one opening on each line, a JSON list, and the blocks take the lines in turn. An entry is an action's
    number or name, or ``[player, action]`` as ``arena replay --export json`` writes it; entries of chance are skipped.

    Args:
        spec: the name; None for no openings.
        game: the game that is played.
        reader: of the league whose matches are used; None without one.
        before: only matches of earlier events are used, so that an event that is taken up finds the same ones.

    Raises:
        AgentError: there are no such openings, the file cannot be read, or an opening in it breaks the rules.
    """
    if spec is None:
        return no_openings
    kind, _, argument = spec.partition(":")
    if _is_drawn(spec):
        if not re.fullmatch("[1-9][0-9]{0,5}", argument):
            raise AgentError(f"{kind} openings need a number of plies, but got {spec!r}; write {kind}:8")
        if kind == "random":
            return lambda number, seed: _random(game, seed, int(argument))
        return _recorded(game, int(argument), reader, before)
    return _of_file(game, Path(spec))


def openings_key(spec: str | None) -> str | None:
    """What names the openings of a call that can be taken up: ``spec``, for a file with the hash of its content.

    Raises:
        AgentError: the file cannot be read.
    """
    if spec is None or _is_drawn(spec):
        return spec
    return f"{spec} {hashlib.sha256(_read(Path(spec))).hexdigest()[:16]}"


def _is_drawn(spec: str) -> bool:
    return spec.partition(":")[0] in ("random", "recorded") and not Path(spec).exists()


def _random(game: Game, seed: int, plies: int) -> Opening:
    rng = stream(seed, Purpose.OPENING)
    state, moves = game.new_state(seed), list[Move]()
    for _ in range(plies):
        step = _random_step(game, state, rng)
        if not step:
            break
        state.apply([action for _, action in step])
        moves += step
    return tuple(moves)


def _random_step(game: Game, state: State, rng: np.random.Generator) -> list[Move]:
    """A joint action after which the game goes on; empty if none is found."""
    seats = state.acting()
    legal = {seat: _legal(game, state, seat) for seat in seats}
    one_by_one = len(seats) == 1 and game.action_bounds is None
    left = rng.permutation(legal[seats[0]]).tolist() if one_by_one else None
    for attempt in range(ATTEMPTS if left is None else len(left)):
        if left is None:
            step = [(seat, _drawn(game, legal[seat], rng)) for seat in seats]
        else:
            step = [(seats[0], int(left[attempt]))]
        after = state.clone()
        after.apply([action for _, action in step])
        if after.acting():
            return step
    return []


def _legal(game: Game, state: State, seat: int) -> np.ndarray[Any, Any]:
    observation, mask = np.empty(game.observation_shape, np.float32), np.empty(game.num_actions, np.bool_)
    state.observe(seat, observation, mask)
    return np.flatnonzero(mask)


def _drawn(game: Game, legal: np.ndarray[Any, Any], rng: np.random.Generator) -> Action:
    if game.action_bounds is None:
        return int(rng.choice(legal))
    low, high = game.action_bounds
    return tuple(np.clip(rng.uniform(low, high).astype(np.float32), low, high).tolist())


def _recorded(game: Game, plies: int, reader: Reader | None, before: int) -> Openings:
    if reader is None:
        raise AgentError("recorded openings come from the matches of a league; name one that has matches")
    if not game.replayable:
        raise AgentError(f"{game.spec!r} cannot be replayed, so it has no recorded openings; use random:{plies}")
    long = (match for match in reader.iter_matches() if match.plies > plies and not match.void and match.event < before)
    beginnings = (_beginning(game, match.seed, match.history, plies) for match in long)
    pool = {opening for opening in beginnings if opening is not None}
    if not pool:
        raise AgentError(
            f"the league has no match of more than {plies} plies to take openings from; use random:{plies}"
        )
    openings = sorted(pool)

    def chosen(number: int, seed: int) -> Opening:
        rng = stream(seed, Purpose.OPENING)
        for _ in range(ATTEMPTS):
            opening = openings[int(rng.integers(len(openings)))]
            if _problem(game, seed, opening) is None:
                return opening
        raise AgentError(f"the chance of seed {seed} allows none of {ATTEMPTS} recorded openings; use random:{plies}")

    return chosen


def _beginning(game: Game, seed: int, history: Sequence[Move], plies: int) -> Opening | None:
    """The moves of the first steps; None if the game was over by then."""
    moves = tuple(move for move in history if move[0] != CHANCE)
    if game.dynamics == "turn_based":
        return moves[:plies] if len(moves) > plies else None
    state, at = game.new_state(seed), 0
    for _ in range(plies):
        seats = state.acting()
        step = moves[at : at + len(seats)]
        if not seats or len(step) < len(seats):
            return None
        state.apply([action for _, action in step])
        at += len(seats)
    return moves[:at]


def _of_file(game: Game, path: Path) -> Openings:
    openings = []
    for number, line in enumerate(_read(path).decode("utf-8", "replace").splitlines(), 1):
        if line.strip():
            where = f"line {number} of the openings in '{path}'"
            try:
                entries = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise AgentError(f"{where} is not JSON: {error}; write a list of actions, such as [3, 3, 2]") from error
            if not isinstance(entries, list):
                raise AgentError(f"{where} is no list; write a list of actions, such as [3, 3, 2]")
            openings.append((where, entries))
    if not openings:
        raise AgentError(f"'{path}' has no openings; write one on each line, such as [3, 3, 2]")
    for where, entries in openings:
        _parse(game, 0, where, entries)

    def chosen(number: int, seed: int) -> Opening:
        return _parse(game, seed, *openings[number % len(openings)])

    return chosen


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise AgentError(f"{USAGE}, but there is no file '{path}'")
        if path.stat().st_size > MAX_FILE:
            raise AgentError(f"a file of openings has at most {MAX_FILE} bytes, but '{path}' has more")
        return path.read_bytes()
    except OSError as error:
        raise AgentError(f"the openings in '{path}' cannot be read: {error.strerror}; {USAGE}") from error


def _parse(game: Game, seed: int, where: str, entries: Sequence[Any]) -> Opening:
    """The moves of a line under the chance of ``seed``.

    Raises:
        AgentError: they break the rules, or end the game.
    """
    state, moves = game.new_state(seed), list[Move]()
    step: list[Move] = []
    for entry in entries:
        player, given = None, entry
        if game.action_bounds is None and isinstance(entry, list) and len(entry) == 2:
            if entry[0] == CHANCE:
                continue
            player, given = entry
        seats = state.acting()
        if not seats:
            raise AgentError(f"{where} goes on after the end of the game; shorten it")
        seat = seats[len(step)]
        if player not in (None, seat):
            raise AgentError(f"{where} has a move of player {player!r} where seat {seat} acts; correct the player")
        step.append((seat, _action(game, state, seat, given, where)))
        if len(step) == len(seats):
            try:
                state.apply([action for _, action in step])
            except GameError as error:
                raise AgentError(f"{where} breaks the rules: {error}") from error
            moves, step = moves + step, []
    if step:
        raise AgentError(f"{where} ends within a step in which seats {state.acting()} act; give all their actions")
    if not state.acting():
        raise AgentError(f"{where} ends the game; shorten it")
    return tuple(moves)


def _action(game: Game, state: State, seat: int, given: Any, where: str) -> Action:
    legal = _legal(game, state, seat).tolist()
    if game.action_bounds is not None:
        with suppress(IllegalActionError):
            return continuous_action(game, seat, given)
    elif isinstance(given, str):
        for action in legal:
            if state.action_name(seat, action).casefold() == given.casefold():
                return int(action)
    elif isinstance(given, int) and not isinstance(given, bool) and given in legal:
        return given
    named = [state.action_name(seat, action) for action in legal] if game.action_bounds is None else []
    known = f"; legal are {', '.join(named[:8])}{', ...' if len(named) > 8 else ''}" if named else ""
    raise AgentError(f"{where} has {reprlib.repr(given)}, which is no legal action of seat {seat} there{known}")


def _problem(game: Game, seed: int, opening: Opening) -> str | None:
    """Why an opening cannot be played on a seed; None if it can."""
    try:
        _parse(game, seed, "the opening", [action for _, action in opening])
    except AgentError as error:
        return str(error)
    return None
