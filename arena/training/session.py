"""The league beside a training run: makes the plans, takes the results, freezes snapshots, and keeps it all."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from agents.policies import weights
from agents.registry import make_agent, names_code
from arena.seeds import Purpose, stream
from arena.training import learner_state
from arena.training.planner import Plan
from games.contract import Game
from leagues.league import League
from leagues.ratings.leaderboard import Standing, leaderboard
from leagues.ratings.pairing import choose_rating_pairs, rating_pairings
from leagues.records import Match, Member, Tally
from leagues.results.payoff_table import PayoffTable
from leagues.results.scoring import tallies as sums
from leagues.settings import EvaluationSettings, LeagueSettings
from leagues.store import LeagueInfo, Progress, StoreError, Writer, open_store

CACHED_WEIGHTS = 64
"""Weights files kept at hand to send to runners."""

LIBRARIES = ("ray", "torch", "numpy", "open_spiel", "pettingzoo", "self-play-arena")


class Keeper:
    """A league that is being trained.

    Attributes:
        members: every member by ID.
        league: matchmaking and snapshots.
        progress: of the newest iteration that was committed.
        writer: the database.
        store: where the league lives: records, weights and states.
        seed: of the league.

    A league in a folder is locked for its one writer until :meth:`close`.

    Args:
        folder: the league's folder; None keeps all of it in memory.
        game: its game.
        config: matchmaking and snapshots.
        seed: of the whole league; an existing league keeps its own.
        settings: the training settings as plain JSON, stored once.
        learners: the learners as members.
        share: makes bytes cheap to send, e.g. ``ray.put``.

    Raises:
        StoreError: the folder holds a league of another game, of other learners or of another network, or one with
            baselines of its maker's own code that ``config`` does not name, or a snapshot's weights are missing, or no
            league can be there. Nothing is written then.
        AgentError: a baseline cannot play this game. Nothing is written then.
    """

    members: dict[str, Member]
    league: League
    progress: Progress
    _rating_pairs: list[tuple[str, str]]
    _next_event: int

    def __init__(
        self,
        folder: Path | None,
        game: Game,
        config: LeagueSettings,
        *,
        seed: int,
        settings: Mapping[str, Any],
        learners: Sequence[Member],
        share: Callable[[bytes], Any],
    ) -> None:
        self.game = game
        self._config = config
        self._evaluation = EvaluationSettings()
        self._share = share
        self._shared: OrderedDict[str, Any] = OrderedDict()
        self._fresh: tuple[str, ...] = ()
        for baseline in config.baselines:
            make_agent(baseline, game).close()
        members = [*learners, *(Member(name, "baseline", "baseline", agent=name) for name in config.baselines)]
        self.store = open_store(folder)
        self._in_memory = folder is None
        self.writer = self._open(seed, settings)
        try:
            self._join(members, settings)
            for member in self.writer.members():
                if member.weights is not None and not self.store.weights.has(member.weights):
                    self.store.weights.get(member.weights)  # raises, and names what is missing
            self.seed = self.writer.info().seed
            self._load()
        except BaseException:
            self.close()
            raise

    def training_plan(self, count: int, *, iteration: int) -> Plan:
        """``count`` training pairings for an iteration: the coming one, or one after it that is sampled ahead."""
        rng = stream(self.seed, Purpose.TRAINING_PLAN, iteration)
        pairings, event = self.league.ask(count, rng), self._begin_event()
        # Shuffled, so that dealing them out among runners deals every learner and seat to each.
        plan = self._plan(tuple(pairings[index]._replace(event=event) for index in rng.permutation(len(pairings))))
        fresh, self._fresh = self._fresh, ()
        return replace(plan, iteration=iteration, fresh=fresh)

    def started_over(self, learners: Iterable[str]) -> None:
        """Say that learners have new weights: the next plan tells the runners."""
        self._fresh = tuple(
            sorted({module for learner in learners for module in self.members[learner].modules.values()})
        )

    def rating_plan(self, games: int, *, below: int | None = None) -> Plan | None:
        """About ``games`` rating matches between frozen members, in whole blocks; None while there are too few.

        Args:
            games: how many.
            below: give None, too, once every frozen member has had so many games.
        """
        frozen = [member for member in self.members.values() if member.frozen]
        if len(frozen) < 2 or not games:
            return None
        if below is not None:
            played = self.writer.block_scores().games()
            if min(played.get(member.id, 0) for member in frozen) >= below:
                return None
        event = self._begin_event()
        rng = stream(self.seed, Purpose.EVALUATION_PLAN, event)
        teams = self.game.teams
        blocks = max(1, games // len(set(teams)))
        at_once = -(-blocks // self._evaluation.blocks_in_a_row)
        if len(self._rating_pairs) < at_once:
            count = max(at_once, int(self._evaluation.pairs_ahead * len(frozen)))
            self._rating_pairs = choose_rating_pairs(frozen, self.writer.block_scores(), count, rng, self._evaluation)
        pairs, self._rating_pairs = self._rating_pairs[:at_once], self._rating_pairs[at_once:]
        in_turn = [pairs[block % len(pairs)] for block in range(blocks)]
        return self._plan(tuple(rating_pairings(in_turn, teams=teams, event=event, rng=rng)))

    def worth_keeping(self) -> list[str]:
        """Learners without a snapshot, or that have trained on for long enough since their last."""
        with_snapshots = {member.learner for member in self.members.values()}
        return [
            member.id
            for member in self.members.values()
            if member.kind == "learner"
            and (
                member.id not in with_snapshots or self.league.view(member.id).steps >= self._config.snapshot_min_steps
            )
        ]

    def tell(self, tallies: Iterable[Tally], steps: Mapping[str, int]) -> list[str]:
        """Take an iteration's results; returns the learners whose snapshot is due."""
        self.league.tell(tallies, steps)
        return self.league.due()

    def snapshot(self, learner: str, tensors: weights.Tensors, card: Mapping[str, Any], step: int) -> Member:
        """Freeze a learner: its weights file first; the row follows with :meth:`commit`."""
        digest = self.store.weights.put(weights.pack(tensors, card))
        member = self.league.snapshot(learner, digest, step, self.members[learner].modules)
        self.members[member.id] = member
        self._rating_pairs = []  # the newcomer comes first
        return member

    def commit(
        self,
        *,
        progress: Progress,
        state: Mapping[str, Any],
        tallies: Sequence[Tally],
        matches: Sequence[Match],
        members: Sequence[Member],
    ) -> None:
        """Store an iteration in one transaction: the learner's state as a file first, then all rows."""
        progress = replace(progress, league=self.league.state())
        before = self.progress.state
        if not self._in_memory:
            progress = replace(progress, state=self.store.states.put(learner_state.pack(state)))
        try:
            self.writer.record(matches=matches, tallies=tallies, members=members, progress=progress)
        except BaseException:
            given_out = self._next_event
            self._load()  # what was not stored has not happened
            self._next_event = max(self._next_event, given_out)  # but events may be being played
            raise
        self.progress = progress
        if progress.state is not None:
            self.store.states.prune({progress.state, before or progress.state})
        self._recorded(matches)

    def record(self, matches: Sequence[Match]) -> None:
        """Store evaluation matches played outside an iteration."""
        self.writer.record(matches=matches)
        self._recorded(matches)

    def learner_state(self) -> Any | None:
        """The learner's state after the newest iteration; None for a new league or one in memory.

        Raises:
            StoreError: it is missing or was altered.
        """
        return None if self.progress.state is None else learner_state.parse(self.store.states.get(self.progress.state))

    def standings(self) -> list[Standing]:
        """The leaderboard, derived from the evaluation matches so far."""
        return leaderboard(list(self.members.values()), self.writer.block_scores())

    def checkpoint(self) -> dict[str, Any]:
        """What a checkpoint of the algorithm keeps of the league: one in memory whole; one in a folder nothing, for
        the folder itself is what lasts."""
        if not self._in_memory:
            return {}
        snapshots = [member for member in self.members.values() if member.kind == "snapshot"]
        return {
            "info": self.writer.info(),
            "progress": self.progress,
            "members": list(self.members.values()),
            "weights": [self.store.weights.get(str(member.weights)) for member in snapshots],
            "matches": list(self.writer.iter_matches()),
            "tallies": self.writer.tallies(),
        }

    def restore(self, checkpoint: Mapping[str, Any]) -> None:
        """Take over what :meth:`checkpoint` gave, in place of all that is here; a league in a folder stays as it is."""
        if not checkpoint or not self._in_memory:
            return
        store = open_store(None)
        for data in checkpoint["weights"]:
            store.weights.put(data)
        writer = store.create(checkpoint["info"])
        writer.record(
            members=checkpoint["members"],
            matches=checkpoint["matches"],
            tallies=checkpoint["tallies"],
            progress=checkpoint["progress"],
        )
        self.writer.close()
        self.store, self.writer, self.seed = store, writer, checkpoint["info"].seed
        self._load()
        # What the runners have begun belongs to a league that is no more.
        self.started_over([member.id for member in self.members.values() if member.kind == "learner"])

    def close(self) -> None:
        """Release the database and its lock."""
        self.writer.close()

    def _open(self, seed: int, settings: Mapping[str, Any]) -> Writer:
        if self.store.exists():
            writer = self.store.writer()
            info, game = writer.info(), self.game
            if info.game != game.spec:
                writer.close()
                raise StoreError(f"a league has one game, {info.game!r} in {self.store.name}, but got {game.spec!r}")
            if info.teams != game.teams:  # made when this game had no teams yet
                writer.close()
                raise StoreError(
                    f"a league keeps its teams, {info.teams} in {self.store.name}, but {game.spec!r} now has "
                    f"{game.teams}; start a new league"
                )
            return writer
        versions = {name: version(name) for name in LIBRARIES}
        game = self.game
        info = LeagueInfo(game.spec, game.agent_ids, seed, settings, versions, datetime.now(UTC), game.teams)
        return self.store.create(info)

    def _join(self, members: Sequence[Member], settings: Mapping[str, Any]) -> None:
        """Add the members a new league starts with; an old one must have just these learners and this network."""
        stored = {member.id: member for member in self.writer.members()}
        if not stored:
            self.writer.add_members(members)
            return
        wanted = [member for member in members if member.kind == "learner"]
        learners = [member for member in stored.values() if member.kind == "learner"]
        if learners != wanted:
            raise StoreError(
                f"a league keeps its learners, {_names(learners)} in {self.store.name}, but got {_names(wanted)}; "
                "use the settings it was made with, or another folder"
            )
        network = self.writer.info().settings.get("network")
        if network != settings.get("network"):
            raise StoreError(
                f"a league keeps its network, {network} in {self.store.name}, but got {settings.get('network')}; "
                "use the settings it was made with, or another folder"
            )
        agents = [member.agent for member in stored.values() if member.agent is not None]
        if own := [agent for agent in agents if names_code(agent) and agent not in self._config.baselines]:
            raise StoreError(
                f"a stored league must not run code unasked, but {self.store.name} has baselines that do, {own}; "
                "if you trust who made it, name them in `baselines` yourself"
            )

    def _recorded(self, matches: Sequence[Match]) -> None:
        evaluation = [match for match in matches if match.kind == "evaluation"]
        self.league.tell_evaluation(sums(evaluation, self.game.teams))

    def _load(self) -> None:
        self.members = {member.id: member for member in self.writer.members()}
        self.progress = self.writer.progress() or Progress(0, 0, 0, 0, 0.0, 0.0, datetime.now(UTC))
        game = self.game
        shape: dict[str, Any] = {
            "num_seats": game.num_seats,
            "agent_ids": game.agent_ids,
            "teams": game.teams,
            "evaluation": lambda: PayoffTable.of_blocks(self.writer.block_scores()),
        }
        everyone = list(self.members.values())
        self.league = (
            League.restore(self._config, everyone, self.progress.league, **shape)
            if self.progress.league
            else League(self._config, everyone, **shape)
        )
        self._rating_pairs = []
        self._next_event = self.writer.next_event()

    def _plan(self, pairings: tuple[Any, ...]) -> Plan:
        members = {member: self.members[member] for pairing in pairings for member in pairing.seats}
        files = {member.weights: self._weights(member.weights) for member in members.values() if member.weights}
        return Plan(pairings, members, files, self.progress.iteration + 1, self.seed)

    def _weights(self, digest: str) -> Any:
        if digest in self._shared:
            self._shared.move_to_end(digest)
        else:
            self._shared[digest] = self._share(self.store.weights.get(digest))
            if len(self._shared) > CACHED_WEIGHTS:
                self._shared.popitem(last=False)
        return self._shared[digest]

    def _begin_event(self) -> int:
        event, self._next_event = self._next_event, self._next_event + 1
        return event


def _names(members: Iterable[Member]) -> str:
    return ", ".join(f"{member.id} {sorted(set(member.modules.values()))}" for member in members)
