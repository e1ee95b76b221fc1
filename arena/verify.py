"""Check that a league is as it was recorded: database, weights, matches, sums and ratings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from arena.play.lockstep import UNREADABLE
from arena.recount import recount
from arena.seeds import Purpose, stream
from games import BrokenGameError, Game, GameError, State, UntrustedCodeError, make_game
from leagues.ratings.leaderboard import leaderboard
from leagues.records import FAULTS, Match
from leagues.results import scoring
from leagues.store import open_store
from leagues.store.contract import BlobStore, Reader, Store, StoreError

PAGE = 1000
"""Matches fetched at once, and matches between two reports of progress."""

SHOWN = 5
"""Most missing matches in a row that are reported one by one."""

MISSING = "it is missing: matches are numbered without gaps"


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
        weights: number of weights files and learner states that are there with the right SHA-256.
        findings: what is wrong; empty if all is well.
    """

    matches: int
    skipped: int
    weights: int
    findings: tuple[Finding, ...]


def verify(
    where: str | Path,
    *,
    sample: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    trust_code: bool = False,
) -> Verification:
    """Check the league at ``where``. It is only read, so a training that runs there is not disturbed.

    The checks are: the database itself; that no row is missing from tables that only grow; the SHA-256 of all weights,
    and of the learner state from which a training would resume; matches, played again from their records (moves,
    returns, ending, plies, final position); what is derived from matches, computed again from them
    (:mod:`arena.recount`); and that every rating is a number.

    Args:
        where: its folder, or a URL as :func:`leagues.store.open_store` takes it.
        sample: number of matches to play again, drawn at random; None for all.
        seed: of the sample. Equal seeds give equal samples of equal leagues.
        progress: called now and then with (matches played again, matches to play again).
        trust_code: whether the code that the league's game names, ``package.module:callable``, may run.

    Raises:
        StoreError: there is no league at ``where``, or it cannot be read; or ``sample`` is below 1.
        UntrustedCodeError: its game is such code, and is not trusted. None of it has run.
    """
    if sample is not None and not (sample >= 1 and 0 <= seed < 2**64):
        raise StoreError(f"`sample >= 1` and `0 <= seed < 2**64` must hold, but got ({sample=}, {seed=})")
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
        findings += _lost_rows(reader)
        findings += _hidden_matches(reader)
        files, problems = _check_blobs(reader, store)
        findings += [*problems, *(Finding(*found) for found in recount(reader)), *_check_ratings(reader)]
        if game is None:
            return Verification(0, 0, files, tuple(findings))
        total = reader.count_matches()
        if sample is not None:
            total = min(sample, total)
        if not game.replayable:
            return Verification(0, total, files, tuple(findings))
        checked = 0
        try:
            for match in _recorded(reader, sample, seed):
                if isinstance(match, Finding):
                    findings.append(match)
                    continue
                if (problem := match_problem(game, match)) is not None:
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
    failed_at_once = match.plies == 0  # an agent that fails when its game begins need not be the first to act
    if match.fault is not None and match.fault not in acting and not failed_at_once:
        return f"seat {match.fault} is recorded as at fault, but seats {acting} act after its last move"
    if ending != (None if match.ending in (*FAULTS, "adjudicated") else match.ending):
        return f"it is recorded as {match.ending}, but played again it is {ending or 'not over'}"
    so_far = returns = (0.0,) * game.num_seats if state is None else state.returns()
    if match.fault is not None:
        returns = scoring.forfeited(game, so_far, match.fault)
    elif match.ending == "adjudicated":
        returns = scoring.adjudicated(game, so_far)
    kept = match.ending == "crash" and match.returns == so_far  # as leagues recorded crashes before they were forfeits
    if returns != match.returns and not kept:
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


def _hidden_matches(reader: Reader) -> list[Finding]:
    try:
        hidden = reader.hidden_matches()
    except Exception as error:  # a record that was altered can fail in any way
        return [Finding("filters", f"what finds matches cannot be computed again: {type(error).__name__}: {error}")]
    return [Finding("filters", f"match {match} is not found by what it is") for match in hidden]


def _lost_rows(reader: Reader) -> Iterator[Finding]:
    for table, lost in reader.lost_rows().items():
        what = f"{lost} of its rows {'is' if lost == 1 else 'are'} missing"
        yield Finding(f"table {table}", what if lost > 0 else f"it has {-lost} more rows than were recorded")


def _check_blobs(reader: Reader, store: Store) -> tuple[int, list[Finding]]:
    """The number of blobs that are as the records name them, and what is wrong with the others."""
    named = {member.weights: member.id for member in reversed(reader.members()) if member.weights is not None}
    findings = [found for digest, name in named.items() for found in _check_blob(name, store.weights, digest)]
    sound = len(named) - len(findings)
    while (newest := reader.progress()) is not None and newest.state is not None:
        found = list(_check_blob("learner state", store.states, newest.state))
        # A training that runs may have replaced the state meanwhile: then there is a newer one to check.
        if not found or reader.progress() == newest:
            return sound + (not found), findings + found
    return sound, findings


def _check_blob(subject: str, blobs: BlobStore, digest: str) -> Iterator[Finding]:
    try:
        blobs.get(digest)
    except StoreError as error:
        yield Finding(subject, str(error))


def _check_ratings(reader: Reader) -> Iterator[Finding]:
    try:
        standings = leaderboard(reader.members(), reader.block_scores())
    except Exception as error:  # a record that was altered can fail in any way
        yield Finding("ratings", f"they cannot be computed: {_line(error)}")
        return
    for standing in standings:
        if not all(map(math.isfinite, (standing.rating, standing.low, standing.high))):
            yield Finding(standing.agent, f"its rating is {standing.rating}, which is not a number")


def _recorded(reader: Reader, sample: int | None, seed: int) -> Iterator[Match | Finding]:
    """The matches to play again, with their moves; a finding in the place of one that is missing."""
    newest = max((match.id for match in reader.matches(limit=1)), default=0)
    if sample is None or sample >= newest:
        wanted = 1
        for match in reader.iter_matches():
            yield from (Finding(f"match {lost}", MISSING) for lost in range(wanted, min(match.id, wanted + SHOWN)))
            wanted = match.id + 1
            yield match
        return
    rng = stream(seed, Purpose.VERIFIED_SAMPLE)
    for number in sorted((1 + rng.choice(newest, sample, replace=False)).tolist()):
        try:
            yield reader.match(number)
        except StoreError as error:
            yield Finding(f"match {number}", str(error))


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
