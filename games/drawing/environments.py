"""PettingZoo's environments as text: boards, hands, and the names of actions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from games.contract import Action, FloatArray, Move
from games.drawing import boards, cards

_LIMIT = ("call", "raise", "fold", "check")
_MPE = (
    "simple_adversary_v3",
    "simple_formation_v1",
    "simple_line_v1",
    "simple_push_v3",
    "simple_spread_v3",
    "simple_tag_v3",
    "simple_v3",
)  # the ones whose agents only move and do not communicate
_ACTIONS: Mapping[str, Sequence[str]] = {
    "cooperative_pong_v6": ("stay", "up", "down"),
    "knights_archers_zombies_v11": ("forward", "backward", "turn left", "turn right", "attack", "stay"),
    "leduc_holdem_v4": _LIMIT,
    "pursuit_v5": ("left", "right", "up", "down", "stay"),
    "rps_v2": ("rock", "paper", "scissors", "spock", "lizard"),
    "texas_holdem_no_limit_v6": ("fold", "check/call", "raise half-pot", "raise pot", "all-in"),
    "texas_holdem_v4": _LIMIT,
    **dict.fromkeys(_MPE, ("stay", "left", "right", "down", "up")),
}
_HOLDEM = ("leduc_holdem_v4", "texas_holdem_v4", "texas_holdem_no_limit_v6")
_TEXTS = ("chess_v6", "connect_four_v3", "go_v5", "rps_v2", "tictactoe_v3", *_HOLDEM)
_RECENT = 8
"""How many rounds are listed; long games have far too many for a screen."""

_WIDTH = 42
"""Columns that actions take at most, as the board has them in a terminal of 80."""

_MOST_SEEN = 4
"""With more seats than this, observations are summarized instead of printed."""


def drawn_as_text(name: str) -> bool:
    """Whether :func:`draw_environment` knows the game, so that its text shows the whole position."""
    return name in _TEXTS


def draw_environment(
    name: str,
    env: Any,
    agents: Sequence[str],
    views: Mapping[int, FloatArray],
    moves: Sequence[Move],
    *,
    everything: bool,
) -> str:
    """Draw the position of an environment.

    Args:
        name: the game's name in PettingZoo.
        env: the running environment. In games that hide something, only what seats of ``views`` know is read.
        agents: agent ID of each seat.
        views: observation of each seat to show.
        moves: the history to show; empty if the viewer must not know it.
        everything: whether nothing is hidden from the viewer, so that the environment's own text may be shown.
    """
    if name == "connect_four_v3":
        return boards.connect_four(_rows(np.reshape(env.unwrapped.board, (6, 7)), "xo"))
    if name == "tictactoe_v3":
        return boards.tic_tac_toe(_rows(np.reshape(env.unwrapped.board.squares, (3, 3)), "xo"))
    if name == "chess_v6":
        return boards.chess(env.unwrapped.board.fen())
    if name == "go_v5":
        return boards.go("\n".join(f"1 {row}" for row in _rows(np.array(env.unwrapped._go.board) % 3, "XO", "+")))
    if name in _HOLDEM:
        bets = ", ".join(environment_action(name, env, seat, action) for seat, action in moves)
        return _holdem(env.unwrapped.env, agents, views, bets)
    if everything and getattr(env, "render_mode", None) == "ansi":
        return str(env.render()).strip("\n") or "(nothing on the table yet)"
    played = _played(name, agents, moves)
    if name == "rps_v2":
        return "\n".join(played) or "(nothing played yet)"
    seen = [f"{agents[seat]} sees {_sight(view, brief=len(views) > _MOST_SEEN)}" for seat, view in views.items()]
    return "\n".join([*played, *seen])


def environment_action(name: str, env: Any, seat: int, action: Action) -> str:
    """The name that players use for an action in a running environment."""
    if isinstance(action, tuple):
        return " ".join(f"{part:.3g}" for part in action)
    if name == "connect_four_v3":
        return f"column {action}"
    if name == "tictactoe_v3":
        return f"square {action}"
    if name == "go_v5":
        size = len(env.unwrapped._go.board)
        row, column = divmod(action, size)
        return "pass" if row == size else f"{'ABCDEFGHJKLMNOPQRST'[column]}{size - row}"
    if name == "chess_v6":
        return str(env.unwrapped.board.san(_chess_move(env, seat, action)))
    names = _ACTIONS.get(name, ())
    return names[action] if action < len(names) else f"action {action}"


def environment_route(name: str, env: Any, seat: int, action: Action) -> str:
    """The name of an action with the cells from and to which a piece moves."""
    if name == "chess_v6" and isinstance(action, int):
        return str(_chess_move(env, seat, action).uci())
    return environment_action(name, env, seat, action)


def _chess_move(env: Any, seat: int, action: int) -> Any:
    from pettingzoo.classic.chess.chess_utils import action_to_move

    return action_to_move(env.unwrapped.board, action, seat)


def _rows(board: Any, marks: str, empty: str = ".") -> list[str]:
    """Rows of a board of 0 (empty), 1 and 2."""
    return ["".join(f"{empty}{marks}"[int(cell)] for cell in row) for row in board]


def _holdem(game: Any, agents: Sequence[str], seats: Iterable[int], bets: str) -> str:
    """Poker from what RLCard shows each seat."""
    shown = {seat: game.get_state(seat)["raw_obs"] for seat in seats}
    public = next(iter(shown.values()))
    hands = {seat: _suited(seen["hand"]) for seat, seen in shown.items()}
    board = public["public_cards"] if "public_cards" in public else public["public_card"]
    stakes = {seat: f"{chips} in the pot" for seat, chips in enumerate(public["all_chips"])}
    return cards.table(agents, hands, {"board": _suited(board or ()), "bets": bets}, stakes)


def _suited(hand: str | Sequence[str]) -> str:
    """RLCard's cards, which have the suit first; a single card is no list."""
    return cards.suited([card[1] + card[0].lower() for card in ([hand] if isinstance(hand, str) else hand)])


def _played(name: str, agents: Sequence[str], moves: Sequence[Move]) -> list[str]:
    """The newest actions: a table with a line for each round where it is narrow, otherwise a line for each seat."""
    made = [[action for player, action in moves if player == seat] for seat in range(len(agents))]
    rounds = range(max(map(len, made), default=0))[-_RECENT:]
    named = [
        {at: environment_action(name, None, seat, own[at]) for at in rounds if at < len(own)}
        for seat, own in enumerate(made)
    ]
    rows = [["", *agents], *([str(at + 1), *(own.get(at, "") for own in named)] for at in rounds)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if not rounds:
        return []
    if sum(widths) + 2 * len(agents) <= _WIDTH:
        return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return [_newest(agent, [*own.values()]) for agent, own in zip(agents, named, strict=True) if own]


def _newest(agent: str, named: Sequence[str]) -> str:
    """As many of an agent's actions as fit on a line, the newest last."""
    line = named[-1]
    for before in named[-2::-1]:
        if len(f"{agent}: ... {before}, {line}") > _WIDTH:
            return f"{agent}: ... {line}"
        line = f"{before}, {line}"
    return f"{agent}: {line}"


def _sight(view: FloatArray, *, brief: bool) -> str:
    """An observation in a few lines, or its shape and range if it is longer."""
    if brief or view.size > 100:
        return f"{' x '.join(map(str, view.shape))} numbers from {view.min():.3g} to {view.max():.3g}"
    text = np.array2string(view, precision=3, suppress_small=True, max_line_width=76)
    return text if "\n" not in text else f"\n{text}"
