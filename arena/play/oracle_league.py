"""A double oracle as a league: its policies as members, its mixtures, and NashConv after every step."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from agents.frozen import frozen_agent
from agents.policies.weights import pack
from agents.tabular import table_file
from arena.mixtures import KEPT, NASH
from arena.names import require_game
from arena.play.exploitability import information_keys, realization_plans
from arena.play.population import Population
from arena.play.recording import league_info
from arena.settings import Settings
from leagues.records import JournalEntry, Measure, Member
from leagues.store import Progress, Store, StoreError, Writer
from leagues.store.owner import this_process

ROLE = "oracle"
"""The role of the best responses, which are called ``oracle@1``, ``oracle@2``, ..."""

FIRST = Member("random", "baseline", "baseline", agent="random")
"""The first policy of every seat."""

MEASURE = "mixture_nash_conv"
"""The measure, of the newest member, of the NashConv of the mixture when it joined."""

_STATE = "double_oracle"


def stored_solver(store: Store) -> str | None:
    """The solver of the double oracle in a league; None if the league was killed before its first step.

    Raises:
        StoreError: there is no league, or it was made by something else.
    """
    with store.reader() as reader:
        progress = reader.progress()
        if progress is None and not reader.members():
            return None
    state = None if progress is None else progress.league.get(_STATE)
    if not isinstance(state, dict) or not isinstance(solver := state.get("solver"), str):
        raise StoreError(f"the league in {store.name} was made by no double oracle; name another folder")
    return solver


def member_name(number: int) -> str:
    """The ID of the policy with this number, from 0."""
    return f"{ROLE}@{number}" if number else FIRST.id


class OracleLeague:
    """Keeps every step of a double oracle in a league: the new member, the mixtures and NashConv, in one transaction.

    The league is made with the first step, so that a call that fails before leaves nothing. Use it as a context
    manager, which releases the league.

    Args:
        store: where the league is, or will be.
        population: the policies, and after each step their mixtures.
        solver: what the league notes as its solver.
    """

    def __init__(self, store: Store, population: Population, solver: str) -> None:
        self._store, self._population, self._solver = store, population, solver
        self._writer: Writer | None = None
        self._stored = 0  # policies that the league has

    def load(self) -> list[tuple[int, float, float]]:
        """Take the policies of the league, if there is one, into the population.

        Returns:
            Its steps: number of policies, NashConv of their mixture, and seconds that they have taken.

        Raises:
            StoreError: a member is missing or altered, or the league has another writer.
            AgentError: it is of another game.
        """
        if not self._store.exists():
            return []
        reader, population = self._writer or self._store.writer(), self._population
        self._writer = reader
        require_game(reader, self._store.name, population.tree.game)
        members, progress = {member.id: member for member in reader.members()}, reader.progress()
        if progress is None:
            return []
        for number in range(1, progress.iteration):
            member = members.get(member_name(number))
            if member is None or member.weights is None:
                raise StoreError(f"{member_name(number)} is missing in {self._store.name}; restore it from a copy")
            agent = frozen_agent(self._store.weights.get(member.weights), population.tree.game)
            population.add(realization_plans(population.tree, agent, member.id))
        population.weights = self._mixtures(progress.league)
        self._stored = progress.iteration
        seconds = {each.iteration: each.seconds for each in reader.history()}
        return [(each.iteration, each.value, seconds.get(each.iteration, 0.0)) for each in reader.measures(MEASURE)]

    def _mixtures(self, league: Any) -> Any:
        """The mixtures ``(n, K)`` of the newest step, from which the anytime variant goes on."""
        names = [member_name(number) for number in range(self._population.size)]
        try:
            weights = np.array([league[KEPT][NASH][name] for name in names], np.float64).T
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(
                f"the mixtures in {self._store.name} cannot be read ({error!r}); restore it from a copy"
            ) from error
        seats = len(self._population.plans)
        if weights.shape != (seats, len(names)) or not np.allclose(weights.sum(axis=1), 1) or weights.min() < 0:
            raise StoreError(f"the mixtures in {self._store.name} do not sum to 1; restore it from a copy")
        return weights

    def add(self, nash_conv: float, seconds: float) -> None:
        """Store the newest step.

        Args:
            nash_conv: NashConv of the mixtures.
            seconds: time that all steps so far have taken.

        Raises:
            StoreError: the league cannot be written.
        """
        population = self._population
        game, size, now = population.tree.game, population.size, datetime.now(UTC)
        if self._writer is None:
            self._writer = self._store.create(league_info(game, Settings(), 0))
        new = [self._member(number) for number in range(self._stored, size)]
        names = [member_name(number) for number in range(size)]
        mixtures = dict(zip(names, population.weights.T.tolist(), strict=True))
        self._writer.record(
            members=new,
            progress=Progress(
                iteration=size,
                agent_steps=0,
                env_steps=0,
                games=0,
                seconds=seconds,
                rate=0.0,
                at=now,
                league={_STATE: {"solver": self._solver}, KEPT: {NASH: mixtures}},
            ),
            measures=[Measure(MEASURE, names[-1], size, 0, nash_conv)],
            journal=[
                JournalEntry("snapshot", now, size, 0, member.id, {"reason": "best_response"}, this_process())
                for member in new
                if member.generation is not None
            ],
        )
        self._stored = size

    def _member(self, number: int) -> Member:
        """A member, with its table in the store."""
        if not number:
            return FIRST
        tree = self._population.tree
        chances = [form.chances(plans[number]) for form, plans in zip(tree.seats, self._population.plans, strict=True)]
        rows = []
        for form, own in zip(tree.seats, chances, strict=True):
            rows.append(np.zeros((len(form.parent), tree.game.num_actions)))
            rows[-1][form.of, form.action[1:]] = own
        digest = self._store.weights.put(pack(*table_file(tree.game, information_keys(tree), rows)))
        modules = dict.fromkeys(tree.game.agent_ids, ROLE)
        return Member(member_name(number), "snapshot", ROLE, number, modules, digest)

    def __enter__(self) -> OracleLeague:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._writer is not None:
            self._writer.close()
