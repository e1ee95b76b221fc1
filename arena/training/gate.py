"""The gate ``sprt``: a learner is frozen only when it beats its newest snapshot in a sequential test."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from itertools import groupby

from arena.seeds import Purpose, stream
from arena.training.runners import Requests
from arena.training.session import LeagueSession
from arena.training.snapshots import Snapshots
from leagues.ratings.pairing import evaluation_pairings
from leagues.ratings.sprt import Hypotheses, SequentialTest
from leagues.records import Match, Member
from leagues.results.crosstable import mean_score

BLOCKS_AT_ONCE = 64
"""Blocks that are sent to the runners at once; the test is looked at after each block among them."""


class Gate:
    """Plays the games of the gate on the env runners. They are recorded nowhere: ratings and payoffs never see them.

    Args:
        session: the league.
        requests: plays the games.
        snapshots: gives the averaged weights of a learner, which are those that would be frozen.
    """

    def __init__(self, session: LeagueSession, requests: Requests, snapshots: Snapshots) -> None:
        self._session, self._requests, self._snapshots = session, requests, snapshots

    def admitted(self, due: Mapping[str, str]) -> tuple[dict[str, str], list[Match]]:
        """The learners among those due that are to be frozen, each with the reason, and evaluation matches that have
        ended meanwhile.

        A learner that fails is due again after half of ``snapshot_min_steps``. The journal says who passed and failed.
        """
        league, matches = self._session.league, list[Match]()
        admitted = {}
        for learner, reason in due.items():
            opponent = None if reason == "time" else league.gated_by(learner)
            if opponent is None:
                admitted[learner] = reason
                continue
            # Runners answer in order: what they were asked for before comes first.
            matches += self._requests.evaluation_matches()
            passed = self._passes(learner, self._session.members[opponent])
            if passed:
                admitted[learner] = "sprt"
            elif passed is not None:
                league.gate_failed(learner)
        return admitted, matches

    def _passes(self, learner: str, opponent: Member) -> bool | None:
        """Whether the test accepts that the learner is better; None if no runner played."""
        session, settings, game = self._session, self._session.settings.league, self._session.game
        sides, iteration = len(set(game.teams)), session.progress.iteration + 1
        data = self._snapshots.packed(learner)
        source = session.members[learner]
        candidate = Member(
            learner, "snapshot", source.role, modules=source.modules, weights=hashlib.sha256(data).hexdigest()
        )
        hypotheses = Hypotheses(0.0, settings.gate_elo, "normalized")
        test = SequentialTest(hypotheses, games=sides, sides=sides, graded=game.graded)
        place = [member.id for member in session.learners].index(learner)
        rng = stream(session.seed, Purpose.GATE, iteration, place)
        left = max(1, settings.gate_games // sides)
        while test.accepted is None and left > 0:
            pairs = [(learner, opponent.id)] * min(left, BLOCKS_AT_ONCE)
            left -= len(pairs)
            pairings = evaluation_pairings(pairs, teams=game.teams, event=0, rng=rng)
            plan = session.planner.gate(candidate, session.share(data), opponent, pairings, iteration)
            matches = self._requests.play(plan)
            if not matches:
                return None
            ordered = sorted(matches, key=lambda match: match.block)
            for _, block in groupby(ordered, key=lambda match: match.block):
                of_block = list(block)
                score = mean_score(game, of_block, learner)
                if score is not None and len(of_block) == sides and not any(match.void for match in of_block):
                    test.add(score)
        passed = test.accepted == "H1"
        session.note(
            "gate_passed" if passed else "gate_failed",
            learner,
            opponent=opponent.id,
            accepted=test.accepted,
            llr=round(test.llr, 3),
            games=test.blocks * sides,
        )
        return passed
