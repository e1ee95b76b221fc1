"""Card games as text: pure functions from what each seat knows.

A drawing for a seat uses only the text of that seat, so no card can leak. Hidden cards are ``?``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

_RANKS = "A23456789TJQK"  # small decks have the last ones
_SUITS = {"s": "♠", "h": "♥", "d": "♦", "c": "♣"}
_LEDUC_BETS = ("fold", "call", "raise")
_KUHN_BETS = {"p": "pass", "b": "bet"}
_COUNTLESS = 2**30
"""A stack from this size on stands for unlimited chips, and is not shown."""


def draw_cards(name: str, known: Mapping[int, str], agents: Sequence[str], *, one_suit: bool = False) -> str:
    """A position of one of :data:`CARDS`.

    Args:
        name: the game.
        known: OpenSpiel's information state string of each seat whose cards are shown.
        agents: agent ID of every seat.
        one_suit: whether leduc poker numbers its cards by rank alone (``suit_isomorphism``).
    """
    return CARDS[name](known, agents, one_suit)


def table(
    agents: Sequence[str], hands: Mapping[int, str], facts: Mapping[str, str], stacks: Mapping[int, str] | None = None
) -> str:
    """The hand of every seat, then the public facts.

    Args:
        agents: agent ID of every seat.
        hands: the hand of each seat that is shown; other hands are ``?``.
        facts: the public facts by name; empty ones are left out.
        stacks: what else each seat has, such as its chips.
    """
    left = max(map(len, (*agents, *(name for name, fact in facts.items() if fact))))
    right = max(map(len, hands.values()), default=1)
    seats = [
        (agent, f"{hands.get(seat, '?'):<{right}}  {(stacks or {}).get(seat, '')}") for seat, agent in enumerate(agents)
    ]
    return "\n".join(f"{name:<{left}}  {fact}".rstrip() for name, fact in (*seats, *facts.items()) if fact)


def numbered(rounds: Sequence[str]) -> dict[str, str]:
    """The betting rounds as facts of a :func:`table`."""
    return {f"round {at}": bets for at, bets in enumerate(rounds, 1)}


def suited(cards: Sequence[str]) -> str:
    """Cards such as ``Ah`` with the symbol of their suit: ``A♥``."""
    return " ".join(f"{card[0]}{_SUITS[card[1]]}" for card in cards)


def _ranks(players: int) -> str:
    """The ranks of kuhn and leduc poker, one more than there are players: J, Q, K for two."""
    return _RANKS[-players - 1 :]


def _kuhn(known: Mapping[int, str], agents: Sequence[str], one_suit: bool) -> str:
    matches = {seat: re.fullmatch(r"(\d+)([pb]*)", text) for seat, text in known.items()}
    hands = {seat: _ranks(len(agents))[int(found[1])] for seat, found in matches.items() if found}
    bets = next((found[2] for found in matches.values() if found), "")
    return table(agents, hands, {"bets": " ".join(_KUHN_BETS[bet] for bet in bets)})


def _leduc(known: Mapping[int, str], agents: Sequence[str], one_suit: bool) -> str:
    fields_of, public = _fields(known)
    rounds = [" ".join(_LEDUC_BETS[int(bet)] for bet in public[key].split()) for key in ("Round1", "Round2")]
    hands = {seat: _leduc_card(fields["Private"], len(agents), one_suit) for seat, fields in fields_of.items()}
    board = _leduc_card(public["Public"], len(agents), one_suit) if "Public" in public else ""
    return _poker(agents, public, hands, board, rounds)


def _universal(known: Mapping[int, str], agents: Sequence[str], one_suit: bool) -> str:
    fields_of, public = _fields(known)
    rounds = [_bets(letters) for letters in public["Sequences"].split("|")]
    hands = {seat: suited(re.findall("..", fields["Private"])) for seat, fields in fields_of.items()}
    return _poker(agents, public, hands, suited(re.findall("..", public["Public"])), rounds)


def _fields(known: Mapping[int, str]) -> tuple[dict[int, dict[str, str]], dict[str, str]]:
    """What each seat's text says, by name, and that of the first seat for what is public."""
    fields_of = {seat: dict(re.findall(r"\[(\w+): ?([^\]]*)\]", text)) for seat, text in known.items()}
    return fields_of, next(iter(fields_of.values()))


def _poker(
    agents: Sequence[str], public: Mapping[str, str], hands: Mapping[int, str], board: str, rounds: Sequence[str]
) -> str:
    money = enumerate(public["Money"].split())  # a split pot may leave half chips
    stacks = {seat: f"{chips} chips" for seat, chips in money if float(chips) < _COUNTLESS}
    pot = "" if public["Pot"] == "0" else public["Pot"]
    return table(agents, hands, {"board": board, "pot": pot, **numbered(rounds)}, stacks)


def _leduc_card(number: str, players: int, one_suit: bool) -> str:
    card = int(number)
    return _ranks(players)[card] if one_suit else _ranks(players)[card // 2] + "♠♥"[card % 2]


def _bets(letters: str) -> str:
    """The bets of a round from the notation of the ACPC: ``r300f`` is a raise to 300 and a fold."""
    words = {"f": "fold", "c": "call", "r": "raise", "a": "all-in"}
    return " ".join(f"{words.get(bet, bet)} {size}".strip() for bet, size in re.findall(r"(\w)(\d*)", letters))


def _goofspiel(known: Mapping[int, str], agents: Sequence[str], one_suit: bool) -> str:
    fields: dict[str, str] = {}
    for text in known.values():
        fields |= {key.strip(): fact.strip() for key, _, fact in (line.partition(":") for line in text.splitlines())}
    prizes = fields.get("Point card sequence", "").split()
    winners = [int(seat) for seat in fields.get("Win sequence", "").split()]
    won = list(zip(prizes, winners, strict=False))
    hands = {seat: fields[key] or "-" for seat in range(len(agents)) if (key := f"P{seat} hand") in fields}
    stacks = {}
    for seat, points in enumerate(fields.get("Points", "").split()):
        taken = " ".join(prize for prize, winner in won if winner == seat)
        stacks[seat] = f"{points} points" + (f": {taken}" if taken else "")
    facts = {
        "prize": " ".join(prizes[len(winners) :]),
        "tied": " ".join(prize for prize, winner in won if winner < 0),
    }
    return table(agents, hands, facts, stacks)


CARDS: Mapping[str, Callable[[Mapping[int, str], Sequence[str], bool], str]] = {
    "goofspiel": _goofspiel,
    "kuhn_poker": _kuhn,
    "leduc_poker": _leduc,
    "universal_poker": _universal,
}
"""OpenSpiel's card games by name, and how they are drawn; arguments as of :func:`draw_cards`."""
