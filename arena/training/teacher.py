"""What a mixture of policies does, as examples for a network: positions of its games, and its probabilities there.

A mixture draws one policy for a game. So what it does in a position is the average of its policies' probabilities,
each weighted by how likely that policy was drawn *and came there* (Kuhn, "Extensive games and the problem of
information", 1953). The mean of the probabilities of all policies in every position would be another strategy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import count

import numpy as np
import numpy.typing as npt

from agents.contract import Agent, AgentError, Probabilities, Turn
from agents.mixture import MixtureAgent
from arena.play.blocks import seated
from arena.play.referee import Trusting
from arena.play.rounds import Rounds
from arena.play.source import Observer, Seating
from games.contract import ActionArray, BoolArray, FloatArray, Game, IntArray, State
from leagues.records import Pairing

EXPLORED = 0.5
"""Share of the games in which the other seats explore, so that the network also learns what to do after moves that the
mixture itself rarely makes. What a seat learns does not depend on how the others play: with perfect recall, only its
own moves tell which of its policies is playing."""

EXPLORATION = 0.25
"""Share of random moves of a seat that explores. Nothing is learned from its moves."""


EXACT_PARTS = 8
"""Most policies of a mixture that are all asked in every position, so that the targets have no noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Positions, and what to do there. All arrays have the same first dimension N.

    Attributes:
        observations: ``(N, *observation_shape)`` float32.
        masks: ``(N, A)`` bool.
        seats: ``(N,)`` int64.
        targets: ``(N, A)`` float32, probabilities, 0 where an action is illegal.
    """

    observations: FloatArray
    masks: BoolArray
    seats: IntArray
    targets: FloatArray

    def __len__(self) -> int:
        return len(self.seats)

    def rows(self, rows: IntArray) -> Examples:
        """Some of the examples."""
        return Examples(*(getattr(self, each.name)[rows] for each in fields(self)))

    def turns(self, size: int) -> Iterator[Turn]:
        """The examples as turns of at most ``size`` rows, for an agent that reads no state."""
        for begin in range(0, len(self), size):
            part = self.rows(np.arange(begin, min(len(self), begin + size)))
            tables = np.arange(len(part))
            yield Turn(part.observations, part.masks, part.seats, tables, _no_state)

    @classmethod
    def joined(cls, parts: Sequence[Examples]) -> Examples:
        """Several as one."""
        return cls(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(cls)))


def _no_state(table: int) -> State:
    raise AgentError("an example has no state; only agents that read observations can be asked about it")


class Notebook:
    """Collects examples while games are played."""

    def __init__(self) -> None:
        self._parts: list[Examples] = []
        self.count = 0

    def add(self, turn: Turn, targets: Probabilities) -> None:
        """Keep the rows of a turn."""
        # The arrays of a turn are valid during a call only.
        rows = turn.observations.copy(), turn.masks.copy(), turn.seats.copy(), targets.astype(np.float32)
        self._parts.append(Examples(*rows))
        self.count += len(turn.seats)

    def take(self) -> Examples:
        """What was collected since the last call; at least one example."""
        parts, self._parts, self.count = self._parts, [], 0
        return Examples.joined(parts)


class _Noted(Agent):
    """Plays as a policy and notes its probabilities."""

    def __init__(self, policy: Agent, notebook: Notebook) -> None:
        self._policy, self._notebook = policy, notebook
        self.reads_state = policy.reads_state

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        told = probabilities(self._policy, turn)
        self._notebook.add(turn, told)
        return drawn(told, rng)


class _Exploring(Agent):
    """Plays as a policy, with random moves between."""

    def __init__(self, policy: Agent) -> None:
        self._policy = policy
        self.reads_state = policy.reads_state

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        uniform = turn.masks / turn.masks.sum(axis=1, keepdims=True)
        told = probabilities(self._policy, turn)
        return drawn((1 - EXPLORATION) * told + EXPLORATION * uniform, rng)


class Behaviour(Agent):
    """A mixture as one policy: it keeps the odds that each part was drawn, and plays the average by these odds.

    Its games have the same distribution as those of a :class:`agents.mixture.MixtureAgent`, and it can tell what the
    mixture does in a position, after the moves that led there. Every part is asked in every position.

    Args:
        game: the game; the seats of a team share a draw.
        parts: the policies.
        weights: the probability of each, as of :class:`agents.mixture.MixtureAgent`.
        notebook: gets every position with these probabilities.
    """

    def __init__(self, game: Game, parts: Sequence[Agent], weights: npt.ArrayLike, notebook: Notebook) -> None:
        self._parts, self._notebook = tuple(parts), notebook
        self.reads_state = any(part.reads_state for part in parts)
        self._start = MixtureAgent(game, parts, weights).weights  # (teams, K)
        self._teams = np.array(game.teams)
        self._odds: dict[tuple[int, int], npt.NDArray[np.float64]] = {}  # (table, team) -> (K,) summing to 1

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        keys = list(zip(turn.tables.tolist(), self._teams[turn.seats].tolist(), strict=True))
        odds = np.stack([self._odds.get(key, self._start[key[1]]) for key in keys])  # (B, K)
        told = np.stack([probabilities(part, turn) for part in self._parts])  # (K, B, A)
        average = np.einsum("bk,kba->ba", odds, told)
        actions = drawn(average, rng)
        self._notebook.add(turn, average)
        for key, likelihood in zip(keys, told[:, np.arange(len(actions)), actions].T, strict=True):
            odds_now = self._odds.get(key, self._start[key[1]]) * likelihood
            self._odds[key] = odds_now / odds_now.sum()
        return actions

    def reset(self, tables: Sequence[int]) -> None:
        begun = set(tables)
        self._odds = {key: odds for key, odds in self._odds.items() if key[0] not in begun}


class Teacher(Observer):
    """Plays games of a mixture without end, and gives examples from them.

    The probabilities of an example are what the mixture does there (:class:`Behaviour`). With more than
    :data:`EXACT_PARTS` policies, asking all would take long. Then they are those of the policy that was drawn for the
    game, whose average over many games is what the mixture does.

    Args:
        game: the game, with discrete actions.
        parts: the policies of the mixture; they are not closed.
        weights: the probability of each, as of :class:`agents.mixture.MixtureAgent`.
        tables: games side by side.
        rng: draws seeds, policies and actions.
    """

    def __init__(
        self, game: Game, parts: Sequence[Agent], weights: npt.ArrayLike, *, tables: int, rng: np.random.Generator
    ) -> None:
        self._notebook, self._rng = Notebook(), rng
        self._wanted = 0
        noted = [_Noted(part, self._notebook) for part in parts]
        self._agents: dict[str, Agent] = {
            "mixture": Behaviour(game, parts, weights, self._notebook)
            if len(parts) <= EXACT_PARTS
            else MixtureAgent(game, noted, weights),
            "explorer": MixtureAgent(game, [_Exploring(part) for part in parts], weights),
        }
        self._rounds = Rounds(game, tables, Trusting())
        self._seatings = _seatings(game, rng)

    def examples(self, number: int) -> Examples:
        """At least ``number`` more examples."""
        self._wanted = number
        self._rounds.run(self._seatings.__next__, self._agents, lambda player: self._rng, self)
        return self._notebook.take()

    def enough(self) -> bool:
        """Whether there are as many examples as wanted."""
        return self._notebook.count >= self._wanted


def held_out(
    game: Game,
    parts: Sequence[Agent],
    weights: npt.ArrayLike,
    *,
    games: int,
    tables: int,
    rng: np.random.Generator,
) -> Examples:
    """The positions of whole games that a mixture plays against itself, and what it does there, without sampling error.

    Args:
        game, parts, weights, tables, rng: as of :class:`Teacher`.
        games: number of games.
    """
    notebook = Notebook()
    agents = {"mixture": Behaviour(game, parts, weights, notebook)}
    names = ("mixture",) * game.num_seats
    pairings = iter([Pairing(names, seed, 0, 0, "evaluation") for seed in rng.integers(2**53, size=games).tolist()])
    rounds = Rounds(game, min(tables, games), Trusting())

    def next_seating() -> Seating | None:
        pairing = next(pairings, None)
        return None if pairing is None else Seating(names, pairing, (None,) * game.num_seats)

    rounds.run(next_seating, agents, lambda player: rng, Observer())
    return notebook.take()


def _seatings(game: Game, rng: np.random.Generator) -> Iterator[Seating]:
    """Games of the mixture against itself, and others in which all sides but one explore."""
    sides = len(set(game.teams))
    for turn in count():
        names = seated(["mixture", *["explorer"] * (sides - 1)], turn, game.teams)
        if rng.random() >= EXPLORED:
            names = ("mixture",) * game.num_seats
        pairing = Pairing(names, int(rng.integers(2**53)), 0, 0, "evaluation")
        yield Seating(names, pairing, (None,) * game.num_seats)


def probabilities(policy: Agent, turn: Turn) -> Probabilities:
    """What a policy tells; raises :class:`AgentError` if it tells nothing."""
    told = policy.probabilities(turn)
    if told is None:
        raise AgentError(
            f"{type(policy).__name__} does not tell the probabilities of its actions, from which a network learns; "
            "distill a mixture of policies with discrete actions"
        )
    return told


def drawn(chances: Probabilities, rng: np.random.Generator) -> ActionArray:
    """One action of each row, ``(B,)``, drawn with the row's probabilities."""
    bounds = chances.cumsum(axis=1)
    draws = rng.random(len(chances)) * bounds[:, -1]
    actions: ActionArray = (bounds > draws[:, None]).argmax(axis=1)
    return actions


def check_discrete(game: Game) -> None:
    """Refuse a game whose actions have no probabilities to learn from.

    Raises:
        AgentError: its actions are continuous.
    """
    if game.action_bounds is not None:
        raise AgentError(
            f"a network is distilled from the probabilities of discrete actions, but those of {game.spec!r} are "
            "continuous; use one of its snapshots instead"
        )
