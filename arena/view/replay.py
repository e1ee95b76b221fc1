"""Recorded matches move by move: as text, JSON, pictures, or frames for a viewer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from arena.view.outcome import result_text
from arena.view.paint import painted, seat_code
from arena.view.pictures import half_blocks, picture_of, shrunk
from arena.view.pieces import pieces
from arena.view.text import counted, duration, moment, plain
from arena.view.theme import BOLD, DIM, RESET
from games import CHANCE, Game, GameError, make_game
from games.contract import Move, PictureArray
from games.foreign import foreign_game
from leagues.ratings.leaderboard import best, leaderboard
from leagues.records import LeagueError, Match, MatchFilter
from leagues.store.contract import Reader

PICTURE = (160, 100)
"""Largest picture that a frame keeps, in columns and rows of pixels; enough for a terminal."""

_MOST_PICTURES = 200
"""Most pictures painted for one match. One takes up to 0.1 s."""

_CELLS = (79, 22)
"""Columns and rows of a terminal that a printed picture takes."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One position of a recorded match.

    Attributes:
        ply: number of steps before this position; 0 is the start.
        moves: ``(seat, name of its action)`` of every seat that acted in the step before; empty at the start. In the
            view of one seat, moves that the game may hide from it are left out.
        drawing: the position as text.
        returns: each seat's rewards so far.
        acting: the seats that act next; empty when the game is over.
        actions: ``(seat, action)`` of the same seats as ``moves``.
        picture: the position in at most :data:`PICTURE` pixels, or None where the drawing shows as much. In a long
            match not every position is painted; the frame then holds the last picture before it.
    """

    ply: int
    moves: tuple[tuple[int, str], ...]
    drawing: str
    returns: tuple[float, ...]
    acting: tuple[int, ...]
    actions: tuple[Move, ...] = ()
    picture: PictureArray | None = None


def frames(
    reader: Reader,
    match_id: int,
    *,
    game: Game | None = None,
    last: int | None = None,
    view: int | None = None,
    trust_code: bool = False,
) -> list[Frame]:
    """Every position of a match, from the start to the end (after a fault: to the last move made).

    Args:
        reader: the league.
        match_id: the match.
        game: the league's game; None to make it.
        last: only this many positions at the end; the others are not drawn, which takes most of the time.
        view: the seat whose view is shown, as far as the game can draw that; None shows everything.
        trust_code: whether a game that is the league maker's own code, ``package.module:callable``, may run.

    Raises:
        StoreError: there is no such match.
        ValueError: the match has no seat ``view``.
        UntrustedCodeError: the game is such code and is not trusted; none of it has run.
        GameError: the game cannot be replayed, or the record does not fit its rules.
    """
    match = reader.match(match_id)
    if view is not None and not 0 <= view < len(match.seats):
        raise ValueError(f"match {match_id} has seats 0 to {len(match.seats) - 1}, but got {view=}")
    if game is None:
        game = make_game(reader.info().game, trust_code=trust_code)
    return positions(game, match, last=last, view=view)


def positions(game: Game, match: Match, *, last: int | None = None, view: int | None = None) -> list[Frame]:
    """The same of a match that is no record of a league's yet.

    Args:
        game: what is played.
        match: the match, with its history.
        last, view: as of :func:`frames`.

    Raises:
        GameError: as :func:`frames`.
    """
    since = 0 if last is None else match.plies + 1 - last
    return list(_frames(game, match, pictures=game.pictorial, view=view, since=since))


def replay_text(reader: Reader, match_id: int, *, colour: bool = False, trust_code: bool = False) -> Iterator[str]:
    """A match as blocks of text: a header, every position with the moves before it, and the result.

    Args:
        reader: the league.
        match_id: the match.
        colour: whether to colour headings, seats and drawings with ANSI escapes and to mark what each step changed.
        trust_code: as in :func:`frames`.

    Raises:
        StoreError, UntrustedCodeError, GameError: as :func:`frames`.
    """
    match = reader.match(match_id)
    game = make_game(reader.info().game, trust_code=trust_code)
    marks = [f"{own.name} " for own in pieces(game.spec)] or [""] * game.num_seats
    seats = [
        f"{mark}{agent_id} ({plain(member)})"
        for mark, agent_id, member in zip(marks, game.agent_ids, match.seats, strict=True)
    ]
    if colour:
        seats = [f"{seat_code(game.spec, seat)}{name}{RESET}" for seat, name in enumerate(seats)]
    took = f" in {duration(match.duration)}" if match.duration >= 0.5 else ""
    bold, dim, reset = (BOLD, DIM, RESET) if colour else ("", "", "")
    header = [
        f"{bold}Match {match.id}{reset}: {plain(game.spec)}, {match.kind}, seed {match.seed}",
        " against ".join(seats),
        f"{dim}{moment(match.started_at)}, {counted(match.plies, 'ply', 'plies')}{took}{reset}",
    ]
    yield "\n".join(header)
    before: str | None = None
    for frame in _frames(game, match, pictures=colour and game.pictorial):
        given = " (opening)" if 0 < frame.ply <= match.opening else ""
        moves = ", ".join(f"{seats[seat]} plays {plain(name)}{given}" for seat, name in frame.moves)
        if not colour:
            drawing = plain(frame.drawing, lines=True)
        elif frame.picture is not None:
            drawing = half_blocks(frame.picture, *_CELLS)
        else:
            drawing = painted(frame.drawing, before)
        yield f"{bold}{frame.ply}.{reset} {moves or 'The start'}\n{drawing}"
        before = frame.drawing
    yield f"{bold}{result_text(match, game.teams, spec=game.spec)}{reset}"


def replay_pictures(reader: Reader, match_id: int, *, trust_code: bool = False) -> Iterator[PictureArray]:
    """Every position of a match as a picture of full size, ``(height, width, 3)`` uint8.

    Args:
        reader: the league.
        match_id: the match.
        trust_code: as in :func:`frames`.

    Raises:
        StoreError, UntrustedCodeError, GameError: as :func:`frames`; or the game draws no pictures.
    """
    match = reader.match(match_id)
    game = make_game(reader.info().game, trust_code=trust_code)
    for state in game.replay(match.seed, match.history):
        picture = state.picture()
        if picture is None:
            raise GameError(
                f"{game.spec!r} draws no pictures; only environments that draw themselves do. Print it with --text"
            )
        yield picture


def replay_json(reader: Reader, match_id: int) -> dict[str, Any]:
    """A match as one JSON object that holds all that is needed to repeat it anywhere.

    Keys: ``match`` (its ID), ``game`` (the spec), ``seed``, ``agents`` (member IDs by seat), ``actions`` (list of
    ``[player, action]``; chance is player -1, a continuous action is a list of numbers), ``opening`` (the steps that
    were given and not chosen by agents), ``returns``, ``ending``, ``fault`` (the seat at fault, else null), ``digest``
    (of the final position) and ``versions`` (of the libraries that made the league).

    Raises:
        StoreError: there is no such match.
    """
    match, info = reader.match(match_id), reader.info()
    return {
        "match": match.id,
        "game": info.game,
        "seed": match.seed,
        "agents": list(match.seats),
        "actions": [
            [player, list(action) if isinstance(action, tuple) else action] for player, action in match.history
        ],
        "opening": match.opening,
        "returns": list(match.returns),
        "ending": match.ending,
        "fault": match.fault,
        "digest": match.digest,
        "versions": dict(info.versions),
    }


def best_match(reader: Reader) -> int:
    """The newest evaluation match of the best member against the highest-rated opponent that it has met.

    Raises:
        LeagueError: no two members have met in an evaluation match yet.
    """
    scores = reader.block_scores()
    standings = leaderboard(reader.members(), scores)
    first = best(standings) or next((each.agent for each in standings if each.games), None)
    met = {name for score in scores for name in (score.member, score.opponent) if first in score}
    for each in standings:
        if first is not None and each.agent in met - {first}:
            return _newest(reader, first, each.agent)
    raise LeagueError("no evaluation match is recorded yet, so there is no best match; train longer, or play some")


def _newest(reader: Reader, member: str, opponent: str) -> int:
    found = reader.matches(MatchFilter((member, opponent), "evaluation"), limit=1)
    if found:
        return found[0].id
    raise LeagueError(f"no match of {member!r} and {opponent!r} is recorded, but the scores hold one; run arena verify")


def _frames(game: Game, match: Match, *, pictures: bool, view: int | None = None, since: int = 0) -> Iterator[Frame]:
    """The positions from the ply ``since`` on."""
    everything = view is None or game.perfect_information
    pictures = pictures and everything
    moves = [action for player, action in match.history if player != CHANCE]
    at = 0
    made: tuple[Move, ...] = ()
    names: tuple[tuple[int, str], ...] = ()
    stride = 1 + (match.plies - max(0, since)) // _MOST_PICTURES
    picture: PictureArray | None = None
    for ply, state in enumerate(game.replay(match.seed, match.history)):
        with foreign_game(game.spec, "when it is shown"):
            acting = state.acting()
            drawing, returns = (state.draw(view), state.returns()) if ply >= since else ("", ())
        if pictures and ply >= since and (ply % stride == 0 or not acting):
            whole = picture_of(state)
            pictures = whole is not None  # a picture that fails once fails again
            picture = None if whole is None else shrunk(whole, *PICTURE)
        if ply >= since:
            yield Frame(ply, names, drawing, returns, acting, made, picture)
        step = zip(acting, moves[at : at + len(acting)], strict=False)
        at += len(acting)
        made = tuple((seat, action) for seat, action in step if everything or game.public_moves or seat == view)
        # Action names may depend on the position, so they are read before the step.
        with foreign_game(game.spec, "when its actions are named"):
            names = tuple((seat, state.action_name(seat, action)) for seat, action in made)
