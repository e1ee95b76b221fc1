"""``check_agent`` passes agents that keep the contract and finds every fault of those that do not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from toygames import Nim

from agents.basic import FirstLegalAgent, RandomAgent
from agents.conformance import check_agent
from agents.contract import Agent, AgentError, Probabilities, Turn
from games.contract import Game, IntArray


@pytest.mark.parametrize("agent", [RandomAgent(), FirstLegalAgent()])
def test_good_agents_pass(agent: Agent) -> None:
    check_agent(agent, Nim())


class Diary(RandomAgent):
    """Counts how often it was asked at each table, as a recurrent net or a tree would; reset forgets the count."""

    forgets = True
    open_now = 0

    def __init__(self, game: Game) -> None:
        self.asked: dict[int, int] = {}
        Diary.open_now += 1

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        actions = np.empty(len(turn.tables), np.int64)
        for row, table in enumerate(turn.tables.tolist()):
            self.asked[table] += 1
            legal = np.flatnonzero(turn.masks[row])
            actions[row] = legal[self.asked[table] % len(legal)]
        return actions

    def reset(self, tables: Sequence[int]) -> None:
        for table in tables:
            self.asked[table] = 0 if self.forgets else self.asked.get(table, 0)

    def close(self) -> None:
        Diary.open_now -= 1


def test_agents_with_a_state_per_table_pass_and_made_agents_are_closed() -> None:
    mine = Diary(Nim())
    before = Diary.open_now
    check_agent(Diary, Nim())
    check_agent(mine, Nim())
    assert Diary.open_now == before  # the one that was handed in stays its owner's to close


class Forgetless(Diary):
    forgets = False


class OwnDice(RandomAgent):
    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        return super().act(turn, np.random.default_rng())


class OneAction(RandomAgent):
    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        return super().act(turn, rng)[:1]


class Floats(RandomAgent):
    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        return super().act(turn, rng).astype(np.float32)  # type: ignore[return-value]


class Listed(RandomAgent):
    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        return super().act(turn, rng).tolist()  # type: ignore[return-value]


class Illegal(Agent):
    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        return np.full(len(turn.tables), 2, np.int64)


class Negative(Agent):
    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        return np.full(len(turn.tables), -1, np.int64)


class Scribbler(RandomAgent):
    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        turn.observations[:] = 0
        return super().act(turn, rng)


class Cheat(RandomAgent):
    """Moves the stones on the table itself while it thinks."""

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        answer = super().act(turn, rng)
        turn.state(int(turn.tables[0])).apply([0])
        return answer


class Elsewhere(FirstLegalAgent):
    """Says that it always takes the last action."""

    def probabilities(self, turn: Turn) -> Probabilities | None:
        return np.eye(turn.masks.shape[1])[[-1] * len(turn.masks)]


class Unsure(RandomAgent):
    """Has probabilities that are none."""

    def probabilities(self, turn: Turn) -> Probabilities | None:
        return np.ones(turn.masks.shape)


class AllTables(RandomAgent):
    """Expects the same number of rows in every call."""

    size = 0

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        self.size = self.size or len(turn.tables)
        return super().act(turn, rng)[np.arange(self.size)]


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (OwnDice(), "equal seeds must give equal actions"),
        (OneAction(), "int64 array of shape"),
        (Floats(), "int64 array of shape"),
        (Listed(), "returned list"),
        (Illegal(), "not a legal action"),
        (Negative(), "chose -1"),
        (Scribbler(), "read-only"),
        (Cheat(), "must not change a state"),
        (AllTables(), "act must"),
        (Elsewhere(), "impossible, which act chose"),
        (Unsure(), "consider must give probabilities"),
        (Forgetless(Nim()), "equal seeds must give equal actions"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Agent) else "",
)
def test_broken_agents_are_found(agent: Agent, words: str) -> None:
    with pytest.raises(AgentError, match=words):
        check_agent(agent, Nim())


def test_a_factory_must_give_an_agent() -> None:
    with pytest.raises(AgentError, match=r"agents\.contract\.Agent"):
        check_agent(lambda game: "random", Nim())  # type: ignore[arg-type, return-value]
