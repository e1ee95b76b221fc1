"""How strong the learners are, as every result of ``train()`` says it."""

from __future__ import annotations

import math
import time

from arena.training.measures import NASH_CONV, SELF_PLAY_RETURN
from arena.training.session import LeagueSession
from leagues.ratings.leaderboard import Standing
from leagues.ratings.outside import ladder_scores
from leagues.records import Member

PAUSE = 50.0
"""The leaderboard is made anew after a pause of so many times what it takes, which is 2% of the time at most."""


class Strength:
    """The recent leaderboard of a league, and what it says of each learner.

    Attributes:
        standings: the leaderboard.

    Args:
        session: the league.
    """

    standings: list[Standing]

    def __init__(self, session: LeagueSession) -> None:
        self._session = session
        self.forget()

    def forget(self) -> None:
        """The league is another one now."""
        self.standings = []
        self._scores: dict[str, float] = {}
        self._measured: dict[tuple[str, str], float] = {}
        self._again_at = 0.0

    def refresh(self, *, now: bool = False) -> None:
        """Make the leaderboard anew, if it is time again or ``now``."""
        began = time.monotonic()
        if began < self._again_at and not now:
            return
        session = self._session
        self.standings = session.standings()
        self._scores = ladder_scores(session.members.values(), session.writer.block_scores())
        self._measured = {(each.name, each.member): each.value for each in session.writer.measures()}
        ended = time.monotonic()
        self._again_at = ended + PAUSE * (ended - began)

    def of_all(self) -> dict[str, dict[str, float]]:
        """What is known of each learner, see :meth:`of`."""
        return {learner.id: self.of(learner) for learner in self._session.learners}

    def of(self, learner: Member) -> dict[str, float]:
        """What is known of a learner; NaN where it is not known yet. A learner always has the same keys.

        Returns:
            - ``rating``, ``rating_low``, ``rating_high``: of its newest snapshot that has played, with its 95%
              interval;
            - ``score``: against the anchors, see :func:`leagues.ratings.outside.ladder_scores`;
            - ``exploitability``, where it is measured: newest NashConv by the number of seats, 0 is perfect;
            - ``self_play_return``, where it is measured: newest mean return of a seat when it plays all of them.
        """
        rows = [each for each in self.standings if each.games and self._learner(each.agent) == learner.id]
        newest = max(rows, key=lambda each: each.generation or 0, default=None)
        found = {
            "rating": math.nan if newest is None else newest.rating,
            "rating_low": math.nan if newest is None else newest.low,
            "rating_high": math.nan if newest is None else newest.high,
            "score": self._scores.get(learner.id, math.nan),
        }
        settings = self._session.settings.evaluation
        if learner.role != "main":
            return found
        if settings.exploitability_every:
            found["exploitability"] = self._newest(NASH_CONV, learner.id) / self._session.game.num_seats
        if settings.return_every:
            found["self_play_return"] = self._newest(SELF_PLAY_RETURN, learner.id)
        return found

    def _learner(self, agent: str) -> str | None:
        member = self._session.members.get(agent)
        return None if member is None else member.learner

    def _newest(self, name: str, learner: str) -> float:
        measured = {(each.name, each.member): each.value for each in self._session.measures}
        return (self._measured | measured).get((name, learner), math.nan)
