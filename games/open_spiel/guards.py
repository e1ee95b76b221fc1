"""Requirements of OpenSpiel's games that OpenSpiel does not check itself.

Parameters that break one abort the process, crash it, or never return.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from games.errors import GameError

_ONE_PLAYER = ("hanabi", "tiny_bridge_2p", "tiny_hanabi")
"""The games that ``coop_to_1p`` can take; it crashes on every other game that was tried."""

_AT_LEAST_ONE = {
    "go_fish": "initial_cards",
    "repeated_game": "num_repetitions",
    "sheriff": "num_rounds",
    "yacht": "dice_sides",
}
"""Parameters that must be positive; the engine crashes otherwise."""

_MOST_PROFILES = 1_000_000
"""Most pure strategy profiles of a normal form; its matrices have one cell for each."""

_MOST_NODES = 100_000
"""Most positions that are visited to count the profiles."""


def check_requirements(name: str, parameters: Mapping[str, Any], load: Callable[[str, Mapping[str, Any]], Any]) -> None:
    """Check a game, and the games among its parameters.

    Args:
        name: short name of the game.
        parameters: its parameters as the engine takes them.
        load: loads a game from its name and parameters.

    Raises:
        GameError: a requirement is not met.
    """
    for value in parameters.values():
        if isinstance(value, dict):
            check_requirements(value["name"], parameters_within(value), load)
            _check_inner(name, value["name"], load(value["name"], parameters_within(value)), parameters)
    if name == "universal_poker":
        _check_poker(parameters)
    if name == "hanabi":
        _check_hanabi(parameters)
    if name in ("efg_game", "nfg_game") and not Path(path := parameters.get("filename", "")).is_file():
        raise GameError(f"{name} is read from a file, but there is no file at filename={path}")
    least = _AT_LEAST_ONE.get(name, "")
    if parameters.get(least, 1) < 1:
        raise GameError(f"{name} must have {least} >= 1, but got {parameters[least]}")
    if fen := parameters.get("fen"):
        _check_fen(name, str(fen), parameters.get("board_size", 8))


def parameters_within(game: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a game that is a parameter itself: a dict of them and its ``name``."""
    return {key: value for key, value in game.items() if key != "name"}


def _check_inner(name: str, within: str, engine: Any, parameters: Mapping[str, Any]) -> None:
    """Check what a game requires of the game among its parameters."""
    kind = engine.get_type()
    simultaneous, at_end = kind.dynamics.name == "SIMULTANEOUS", kind.reward_model.name == "TERMINAL"
    rules = {
        "add_noise": (at_end, "a game that pays only at its end, e.g. leduc_poker()"),
        "cached_tree": (not simultaneous, "a turn-based game, e.g. leduc_poker()"),
        "coop_to_1p": (within in _ONE_PLAYER, ", ".join(_ONE_PLAYER)),
        "repeated_game": (engine.max_game_length() == 1, "a game of one move, e.g. matrix_pd()"),
        "repeated_poker": (within == "universal_poker", "universal_poker"),
        "restricted_nash_response": (at_end, "a game that pays only at its end, e.g. leduc_poker()"),
        "turn_based_simultaneous_game": (simultaneous, "a simultaneous game, e.g. goofspiel()"),
    }
    holds, rule = rules.get(name, (True, ""))
    if not holds:
        raise GameError(f"{name} needs {rule}, but got {within}")
    if name == "start_at":
        _check_start(within, engine, parameters.get("history", ""))
    if name == "normal_form_extensive_game":
        _check_size(within, engine)
    if name == "restricted_nash_response":
        seats, fixed = engine.num_players(), parameters.get("fixed_player", 0)
        if not 0 <= fixed < seats or not 0 <= parameters.get("p", 0.5) <= 1:
            raise GameError(
                f"restricted_nash_response must have 0 <= fixed_player < {seats} and 0 <= p <= 1, but got "
                f"fixed_player={fixed} and p={parameters.get('p', 0.5)}"
            )


def _check_fen(name: str, fen: str, size: int) -> None:
    """Check a chess position. The engine reads past the end of an invalid one, and may never return."""
    board, *fields = fen.split(" ")
    ranks = [re.sub(r"\d", lambda digit: "." * int(digit[0]), rank) for rank in board.split("/")]
    squares = re.fullmatch(f"(?:[pnbrqkPNBRQK.]{{{size}}}/){{{size - 1}}}[pnbrqkPNBRQK.]{{{size}}}", "/".join(ranks))
    rest = re.fullmatch(r"[wb] (-|K?Q?k?q?) (-|[a-h][1-8]) \d{1,4} \d{1,4}", " ".join(fields))
    kings = board.count("k") == board.count("K") == 1
    if not (squares and rest and (kings or name == "antichess")):
        raise GameError(
            f"fen must have {size} ranks and five fields such as 'w KQkq - 0 1', with one king per side, but "
            f"{name} got {fen!r}"
        )


def _check_hanabi(given: Mapping[str, Any]) -> None:
    """Check the deck. The engine aborts the process if it has too few cards, and crashes if there are no hands.

    Each color has three cards of its first rank, one of its last and two of every other; with one rank, three.
    """
    players, colors, ranks = (
        given.get(name, default) for name, default in (("players", 2), ("colors", 5), ("ranks", 5))
    )
    hand = given.get("hand_size", 5 if players < 4 else 4)
    deck = colors * (3 if ranks == 1 else 2 * ranks)
    rules = (
        (1 <= colors <= 5, "1 <= colors <= 5", f"colors={colors}"),
        (1 <= ranks <= 5, "1 <= ranks <= 5", f"ranks={ranks}"),
        (hand >= 1, "hand_size >= 1", f"hand_size={hand}"),
        (
            players * hand <= deck,
            f"players x hand_size <= {deck}, its number of cards",
            f"players={players}, hand_size={hand}",
        ),
    )
    for holds, rule, value in rules:
        if not holds:
            raise GameError(f"hanabi must have {rule}, but got {value}")


def _check_poker(given: Mapping[str, Any]) -> None:
    """Check a poker table. The engine aborts the process if the parameters do not fit together."""
    import pyspiel

    known = next(game for game in pyspiel.registered_games() if game.short_name == "universal_poker")
    parameters = {**known.parameter_specification, **given}
    players, rounds = parameters["numPlayers"], parameters["numRounds"]
    cards = parameters["numRanks"] * parameters["numSuits"]
    board = _numbers(parameters, "numBoardCards", rounds)
    dealt = players * parameters["numHoleCards"] + sum(board)
    limit = parameters["betting"] == "limit"
    first = _numbers(parameters, "firstPlayer", rounds)
    blinds = _numbers(parameters, "blind", players)
    stacks = [max(blinds) + 1] * players if limit else _numbers(parameters, "stack", players)
    for name in ("raiseSize", "maxRaises") if limit else ():
        if parameters[name]:
            _numbers(parameters, name, rounds)
    rules = (
        (2 <= players <= 10, "2 <= numPlayers <= 10", players),
        (1 <= rounds <= 4, "1 <= numRounds <= 4", rounds),
        (1 <= parameters["numRanks"] <= 13, "1 <= numRanks <= 13", parameters["numRanks"]),
        (1 <= parameters["numSuits"] <= 4, "1 <= numSuits <= 4", parameters["numSuits"]),
        (1 <= parameters["numHoleCards"] <= 3, "1 <= numHoleCards <= 3", parameters["numHoleCards"]),
        (dealt <= cards, f"at most {cards} cards dealt, the size of its deck", dealt),
        (sum(board) <= 7, "at most 7 board cards", sum(board)),
        (all(s > b for s, b in zip(stacks, blinds, strict=True)), "a stack above each blind", parameters["stack"]),
        (all(1 <= seat <= players for seat in first), f"1 <= firstPlayer <= {players}", parameters["firstPlayer"]),
    )
    for holds, rule, value in rules:
        if not holds:
            raise GameError(f"universal_poker must have {rule}, but got {value}")


def _numbers(parameters: Mapping[str, Any], name: str, count: int) -> list[int]:
    """The numbers of a parameter such as ``100 50``: one for each player or round."""
    parts = str(parameters[name]).split()
    if len(parts) != count or not all(part.isdigit() for part in parts):
        raise GameError(
            f"{name} of universal_poker must be {count} numbers >= 0, one for each player or round, but got "
            f"{name}={parameters[name]}"
        )
    return [int(part) for part in parts]


def _check_start(name: str, engine: Any, history: str) -> None:
    """Check the moves of a start. The engine applies them unchecked, impossible chance outcomes included."""
    state = engine.new_initial_state()
    for at, text in enumerate(history.split(";") if history else []):
        action = int(text) if text.strip().lstrip("-").isdigit() else None
        if state.is_terminal() or action not in state.legal_actions():
            legal = [] if state.is_terminal() else state.legal_actions()
            raise GameError(
                f"the history of start_at must be legal actions such as 4;0, but {text!r} at place {at} is not legal "
                f"in {name}; legal are {legal[:10]}{'...' * (len(legal) > 10)}"
            )
        state.apply_action(action)
    if state.is_terminal():
        raise GameError(f"{name} is over after the history {history} of start_at; shorten it")


def _check_size(name: str, engine: Any) -> None:
    """Check the size of a normal form: it has a row for each pure strategy, a choice at every information state."""
    profiles, nodes = 1, 0
    seen: set[tuple[int, str]] = set()
    todo = [engine.new_initial_state()]
    while todo:
        state, nodes = todo.pop(), nodes + 1
        if profiles > _MOST_PROFILES or nodes > _MOST_NODES:
            raise GameError(
                f"normal_form_extensive_game must have at most {_MOST_PROFILES:,} pure strategy profiles, but {name} "
                "has more; name a smaller game, e.g. kuhn_poker()"
            )
        if state.is_terminal():
            continue
        for seat in () if state.is_chance_node() else range(engine.num_players()):
            legal = state.legal_actions(seat)
            if legal and (key := (seat, state.information_state_string(seat))) not in seen:
                seen.add(key)
                profiles *= len(legal)
        todo += [state.child(action) for action in state.legal_actions()]
