"""Check that a league is as it was recorded: database, weights, every match, sums and ratings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from arena.play.lockstep import UNREADABLE
from games import BrokenGameError, Game, GameError, State, UntrustedCodeError, make_game
from leagues.ratings.leaderboard import leaderboard
from leagues.records import FAULTS, Match
from leagues.results import scoring
from leagues.results.blocks import BlockScore
from leagues.store import open_store
from leagues.store.contract import BlobStore, Reader, Store, StoreError

PAGE = 1000
"""Matches fetched at once, and matches between two reports of progress."""

SHOWN = 5
"""Most wrong sums that are reported one by one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was recorded.

    Attributes:
        subject: what it is, such as ``match 12`` or ``main@3``.
        problem: what is wrong with it.
    """

    subject: str
    problem: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked, and what is wrong.

    Attributes:
        matches: number of matches that were played again.
        skipped: number of matches that cannot be played again, because their game cannot repeat its chance.
        weights: number of weights and learner states whose SHA-256 was checked.
        findings: what is wrong; empty if all is well.
    """

    matches: int
    skipped: int
    weights: int
    findings: tuple[Finding, ...]


def verify(
    where: str | Path,
    *,
    limit: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    trust_code: bool = False,
) -> Verification:
    """Check the league at ``where``. It is only read, so a training that runs there is not disturbed.

    The checks are: the database itself; the SHA-256 of every snapshot's weights, and of the learner state from which a
    training would resume; every match, played again from its record (moves, returns, ending, plies, final position);
    the block scores, counted again from the matches; and that every rating is a number.

    Args:
        where: its folder, or a URL as :func:`leagues.store.open_store` takes it.
        limit: number of matches to play again, the newest ones; None for all.
        progress: called now and then with (matches played again, matches to play again).
        trust_code: whether the code that the league's game names, ``package.module:callable``, may run.

    Raises:
        StoreError: there is no league at ``where``, or it cannot be read.
        UntrustedCodeError: its game is such code, and is not trusted. None of it has run.
    """
    store = open_store(where)
    with store.reader() as reader:
        findings = [Finding("database", problem) for problem in store.check()]
        if findings:
            return Verification(0, 0, 0, tuple(findings))  # the records of a damaged database mean nothing
        game: Game | None = None
        try:
            game = make_game(reader.info().game, trust_code=trust_code)
        except UntrustedCodeError:
            raise
        except GameError as error:
            findings.append(Finding("game", str(error)))
        files, problems = _check_blobs(reader, store)
        findings += [*problems, *_check_scores(reader)]
        if game is None:
            return Verification(0, 0, files, tuple(findings))
        total = reader.count_matches() if limit is None else min(limit, reader.count_matches())
        if not game.replayable:
            return Verification(0, total, files, tuple(findings))
        checked = 0
        try:
            for match in _recorded(reader, limit):
                problem = match_problem(game, match)
                if problem is not None:
                    findings.append(Finding(f"match {match.id}", problem))
                checked += 1
                if progress is not None and (checked % PAGE == 0 or checked == total):
                    progress(checked, total)
        except Exception as error:  # a record that was altered can fail in any way
            findings.append(Finding("matches", f"the one after {checked} others cannot be read: {_line(error)}"))
        return Verification(checked, 0, files, tuple(findings))


def match_problem(game: Game, match: Match) -> str | None:
    """Play a recorded match again and say how it differs from its record; None if it does not.

    Only as many digits of the digest are compared as the record has.
    """
    plies = -1
    state: State | None = None
    try:
        for state in game.replay(match.seed, match.history):  # noqa: B007
            plies += 1
    except (GameError, LookupError, ValueError) as error:
        broke_at_its_reset = match.void and not match.history and isinstance(error, BrokenGameError)
        if not broke_at_its_reset:
            return f"its moves break the rules of {game.spec!r}: {_line(error)}"
    ending, acting = (None, ()) if state is None else (state.ending(), state.acting())
    if match.fault is not None and match.fault not in acting:
        return f"seat {match.fault} is recorded as at fault, but seats {acting} act after its last move"
    if ending != (None if match.ending in (*FAULTS, "adjudicated") else match.ending):
        return f"it is recorded as {match.ending}, but played again it is {ending or 'not over'}"
    returns = (0.0,) * game.num_seats if state is None else state.returns()
    if match.fault is not None:
        returns = scoring.forfeited(game, returns, match.fault)
    elif match.ending == "adjudicated":
        returns = scoring.adjudicated(game, returns)
    if returns != match.returns:
        return f"its returns are recorded as {match.returns}, but by its moves they are {returns}"
    if match.opening > max(plies, 0):
        return f"it is recorded with an opening of {match.opening} plies, but played again it has {max(plies, 0)}"
    if max(plies, 0) != match.plies:
        return f"it is recorded with {match.plies} plies, but played again it has {max(plies, 0)}"
    digest = _digest(state)
    if not match.digest or not digest.startswith(match.digest):
        return f"its final position is recorded as {match.digest!r}, but played again it is {digest!r}"
    return None


def _digest(state: State | None) -> str:
    """The digest that a match's record has for this final position; see :meth:`Lockstep.record`."""
    try:
        return UNREADABLE if state is None else state.digest()
    except BrokenGameError:
        return UNREADABLE


def _check_blobs(reader: Reader, store: Store) -> tuple[int, list[Finding]]:
    """The number of blobs that the records name, and what is wrong with them."""
    snapshots = [member for member in reader.members() if member.kind == "snapshot"]
    findings = [found for member in snapshots for found in _check_blob(member.id, store.weights, member.weights or "")]
    while (newest := reader.progress()) is not None and newest.state is not None:
        found = list(_check_blob("learner state", store.states, newest.state))
        # A training that runs may have replaced the state meanwhile: then there is a newer one to check.
        if not found or reader.progress() == newest:
            return len(snapshots) + 1, findings + found
    return len(snapshots), findings


def _check_blob(subject: str, blobs: BlobStore, digest: str) -> Iterator[Finding]:
    try:
        blobs.get(digest)
    except StoreError as error:
        yield Finding(subject, str(error))


def _check_scores(reader: Reader) -> Iterator[Finding]:
    """Compare the block scores with the matches, and check that every rating is a number."""
    try:
        stored, newest = _moment(reader)
        counted = scoring.block_scores(_results(reader, newest), reader.info().teams)
    except Exception as error:  # a record that was altered can fail in any way
        yield Finding("block scores", f"they cannot be counted again: {_line(error)}")
        return
    by_key = {score[:4]: score for score in counted}
    same = {score[:4] for score in stored if score[:4] in by_key and score.agrees(by_key[score[:4]])}
    wrong = sorted((score for score in {*stored, *counted} if score[:4] not in same), key=lambda score: score[:4])
    for score in wrong[:SHOWN]:
        wrong_where = (
            "stored, but not what the matches say" if score in stored else "what the matches say, but not stored"
        )
        result = f"{score.wins} wins, {score.draws} draws, {score.losses} losses"
        yield Finding(
            f"block {score.block} of event {score.event}",
            f"{score.member} against {score.opponent}: {result} is {wrong_where}",
        )
    if len(wrong) > SHOWN:
        yield Finding("block scores", f"{len(wrong) - SHOWN} more differ from the matches")
    for standing in leaderboard(reader.members(), stored):
        if not all(map(math.isfinite, (standing.rating, standing.low, standing.high))):
            yield Finding(standing.agent, f"its rating is {standing.rating}, which is not a number")


def _moment(reader: Reader) -> tuple[Sequence[BlockScore], int]:
    """The block scores and the ID of the newest match, both of the same moment, also while a training writes."""
    while True:
        version = reader.version()
        stored = reader.block_scores()
        newest = max((match.id for match in reader.matches(limit=1)), default=0)
        if reader.version() == version:
            return stored, newest


def _results(reader: Reader, newest: int) -> Iterator[Match]:
    """Every evaluation match up to ID ``newest`` without its moves, in bounded memory."""
    before = newest + 1
    while page := reader.matches(kind="evaluation", before=before, limit=PAGE):
        yield from page
        before = page[-1].id


def _recorded(reader: Reader, limit: int | None) -> Iterator[Match]:
    """The matches to play again, with their moves."""
    if limit is None:
        yield from reader.iter_matches()
    else:
        for match in reader.matches(limit=limit):
            yield reader.match(match.id)


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
