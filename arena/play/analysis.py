"""What agents think of positions: the value, and the most probable actions.

Those on a recorded match are computed again from the frozen weights that played it. :func:`main` answers the
requests of :class:`arena.play.analyst.Analyst` in a separate process, which may load torch.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from agents.contract import Agent, AgentError, Turn
from agents.frozen import frozen_agent
from agents.policies.weights import WeightsError
from arena.play.child import requests
from arena.play.referee import checked
from arena.play.told import parse_action
from games import Game, GameError, State, make_game
from games.contract import CHANCE, Action
from games.foreign import FOREIGN_ERRORS, describe_error, foreign_game
from games.legality import legal_rows
from leagues.records import LeagueError, Match
from leagues.store import Reader, Store, StoreError, open_store

BEST = 5
"""How many of the most probable actions an opinion has."""

KEPT_AGENTS = 8
KEPT_MATCHES = 64
"""How many agents and analysed matches the process keeps."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An action in a position.

    Attributes:
        action: the action.
        name: its name in this position.
        probability: how likely the agent takes it; None if the agent tells no probabilities.
    """

    action: Action
    name: str
    probability: float | None


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the agent at one seat thinks of one position in which it acts.

    Attributes:
        ply: number of steps before the position; 0 is the start.
        seat: the seat.
        value: what the agent expects to get from here on, in the units of the returns; None if it does not estimate it.
        best: the :data:`BEST` most probable actions, the first ones first. An agent that tells no probabilities has the
            one action that it chooses when it is asked, or none in a recorded match.
        played: the action that was chosen in the match; None where the game went no further, and in a live position.
    """

    ply: int
    seat: int
    value: float | None
    best: tuple[Choice, ...]
    played: Choice | None = None


@dataclass(frozen=True, slots=True)
class Analysis:
    """Opinions on the positions of a match.

    Attributes:
        opinions: by ply and seat, of every seat that acts there and has an agent to ask.
        absent: seat -> why it has no opinions, as a sentence.
        problem: why there is no analysis at all, as a sentence; empty if there is one.
        trace: the traceback of an error that nobody expects; empty without one.
    """

    opinions: tuple[Opinion, ...] = ()
    absent: Mapping[int, str] = field(default_factory=dict)
    problem: str = ""
    trace: str = ""


def analyse_match(
    game: Game, match: Match, judges: Mapping[int, Agent], absent: Mapping[int, str] | None = None
) -> Analysis:
    """The opinions of ``judges``, by seat, on every position of ``match``.

    One that remembers knows of the game what it knew in the match, which is nothing of the opening.

    Raises:
        GameError: the game cannot be replayed, or the record does not fit its rules.
    """
    moves = [action for player, action in match.history if player != CHANCE]
    at = 0
    found = []
    for ply, state in enumerate(game.replay(match.seed, match.history)):
        if ply in (0, match.opening):
            for judge in judges.values():
                judge.reset([0])
        with foreign_game(game.spec, "when it is shown"):
            acting = state.acting()
        step = moves[at : at + len(acting)]
        at += len(step)
        for place, seat in enumerate(acting):
            if seat in judges:
                played = step[place] if step else None
                found.append(opinion(game, state, seat, judges[seat], ply, played))
    return Analysis(tuple(found), dict(absent or {}))


def opinion(
    game: Game,
    state: State,
    seat: int,
    agent: Agent,
    ply: int,
    played: Action | None = None,
    rng: np.random.Generator | None = None,
) -> Opinion:
    """What ``agent`` thinks of a position at ``seat``, which acts there.

    Args:
        game, state, seat, agent, ply: of the opinion.
        played: the action that was chosen in the match.
        rng: lets an agent that tells no probabilities choose an action; None does not ask it.

    Raises:
        AgentError: the agent fails, or is asked and chooses no legal action.
        BrokenGameError: the game's own code fails.
    """
    observation, mask = np.zeros(game.observation_shape, np.float32), np.zeros(game.num_actions, np.bool_)
    with foreign_game(game.spec, "when observed"):
        state.observe(seat, observation, mask)
    turn = Turn(
        observation[None], mask[None], np.array([seat]), np.zeros(1, np.int64), lambda _: state, game.action_bounds
    )
    with _foreign_agent():
        values, chances = agent.consider(turn)
    best: list[tuple[Action, float | None]] = []
    if chances is not None:
        legal = np.flatnonzero(mask)
        order = legal[np.argsort(-chances[0, legal], kind="stable")[:BEST]]
        best = [(int(action), float(chances[0, action])) for action in order]
    elif rng is not None:
        best = [(_chosen(agent, turn, rng), None)]
    made = None
    with foreign_game(game.spec, "when its actions are named"):
        if played is not None:
            likely = float(chances[0, played]) if chances is not None and isinstance(played, int) else None
            made = Choice(played, state.action_name(seat, played), likely)
        choices = tuple(Choice(action, state.action_name(seat, action), share) for action, share in best)
    return Opinion(ply, seat, None if values is None else float(values[0]), choices, made)


@contextmanager
def _foreign_agent() -> Iterator[None]:
    """Only calls of an agent belong in here, which may be anybody's code."""
    try:
        yield
    except AgentError:
        raise
    except FOREIGN_ERRORS as error:
        raise AgentError(f"the agent raises {describe_error(error)}") from error


def _chosen(agent: Agent, turn: Turn, rng: np.random.Generator) -> Action:
    with _foreign_agent():
        answer = checked(agent.act(turn, rng), turn)
    if isinstance(answer, str):
        raise AgentError(f"the agent gives no action: {answer}")
    if not legal_rows(answer, turn.masks, turn.action_bounds)[0]:
        raise AgentError(f"an agent must choose a legal action, but it chose {answer[0]}")
    chosen = answer[0].tolist()
    return tuple(chosen) if isinstance(chosen, list) else int(chosen)


class Analyses:
    """Makes analyses, and keeps the last ones and the agents that they need."""

    def __init__(self) -> None:
        self._agents: dict[object, Agent] = {}  # networks, which hold nothing that must be closed
        self._matches: dict[object, Analysis] = {}

    def match(self, place: str, match_id: int, *, trust_code: bool = False) -> Analysis:
        """The analysis of a recorded match by the weights that played it.

        A seat of a learner, or of an agent that is no network, has no opinions; nor has one whose weights are gone.

        Args:
            place: the league, as for :func:`leagues.store.open_store`.
            match_id: the match.
            trust_code: as of :func:`arena.view.replay.frames`.

        Raises:
            StoreError: the league cannot be read, or has no such match.
            GameError: as of :func:`arena.view.replay.frames`.
        """
        store = open_store(place)
        key = (place, store.identity(), match_id)
        if key not in self._matches:
            with store.reader() as reader:
                match = reader.match(match_id)
                game = make_game(reader.info().game, trust_code=trust_code)
                judges: dict[int, Agent] = {}
                absent: dict[int, str] = {}
                for seat in range(len(match.seats)):
                    judge = self._judge(store, reader, match, seat, game)
                    if isinstance(judge, str):
                        absent[seat] = judge
                    else:
                        judges[seat] = judge
            _keep(self._matches, key, analyse_match(game, match, judges, absent), KEPT_MATCHES)
        return self._matches[key]

    def _judge(self, store: Store, reader: Reader, match: Match, seat: int, game: Game) -> Agent | str:
        """The agent with the weights that played at ``seat``, or why there is none."""
        name, digest = match.seats[seat], match.weights[seat]
        if digest is None:
            if reader.member(name).kind == "learner":
                return f"{name} was still learning, and the weights of a learner are not kept; snapshots are"
            return f"{name} is no network, so it has no weights to ask"
        key = (game.spec, digest)
        if key not in self._agents:
            try:
                if not store.weights.has(digest):
                    return f"the weights of {name} are gone"
                agent = frozen_agent(store.weights.get(digest), game)
            except (StoreError, WeightsError, AgentError) as error:
                return f"the weights of {name} cannot be used: {error}"
            _keep(self._agents, key, agent, KEPT_AGENTS)
        return self._agents[key]


def _keep(kept: dict[object, Any], key: object, value: Any, most: int) -> None:
    """Add an entry, and drop the oldest one if there are more than ``most``."""
    kept[key] = value
    if len(kept) > most:
        kept.pop(next(iter(kept)))


def main() -> None:
    """Answer requests until stdin ends: each is a line of JSON, and so is each answer."""
    lines, answers = requests()
    os.nice(10)  # training comes first
    analyses = Analyses()
    while True:
        answer = _answer(analyses, json.loads(lines.get()))
        answers.write(f"{json.dumps(asdict(answer))}\n".encode("ascii"))
        answers.flush()


def _answer(analyses: Analyses, request: Mapping[str, Any]) -> Analysis:
    """The answer to a request. What is wrong with a league, a game or an agent is an answer too."""
    try:
        return analyses.match(request["place"], request["match"], trust_code=request["trust_code"])
    except (AgentError, GameError, LeagueError, WeightsError) as error:
        return Analysis(problem=str(error))


def parse_analysis(line: bytes) -> Analysis:
    """The analysis that :func:`main` wrote as a line.

    Raises:
        ValueError: the line is no such analysis.
    """
    try:
        told = json.loads(line)
        return Analysis(
            tuple(
                Opinion(
                    each["ply"],
                    each["seat"],
                    each["value"],
                    tuple(map(_choice, each["best"])),
                    each["played"] and _choice(each["played"]),
                )
                for each in told["opinions"]
            ),
            {int(seat): reason for seat, reason in told["absent"].items()},
            told["problem"],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no analysis: {error!r}") from error


def _choice(told: Mapping[str, Any]) -> Choice:
    return Choice(parse_action(told["action"]), told["name"], told["probability"])
