"""Traces: the first games of each iteration step by step, as JSON lines for a person who looks for a fault.

A line is a step of a seat that learns, or the end of a game. Frozen opponents give no lines.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agents.policies.distributions import action_probabilities
from arena.training.columns import Trajectories
from arena.training.samples import Sampled, TrainingSample
from arena.training.sinks import SampleSink
from games.contract import Game

TRACED_GAMES = 4
"""Games of a runner in an iteration that are traced."""

TRACED_STEPS = 1000
"""Most lines of a runner in an iteration."""

KEPT_FILES = 100
"""Iterations whose files are kept, the newest ones."""

_DIGITS = 5


class Tracing(SampleSink):
    """Writes a file of JSON lines for each iteration.

    Args:
        folder: where the files go.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, samples: Sequence[TrainingSample], iteration: int) -> None:
        lines = [
            json.dumps({"iteration": iteration, "runner": sample.runner, **line})
            for sample in samples
            for line in sample.traced
        ]
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / f"iteration-{iteration:07}.jsonl").write_text("".join(f"{line}\n" for line in lines))
        for old in sorted(self._folder.glob("iteration-*.jsonl"))[:-KEPT_FILES]:
            old.unlink()


def traced(game: Game, sampled: Sampled) -> tuple[Mapping[str, Any], ...]:
    """The first finished games of a call, as lines in the order of play.

    Args:
        game: the game.
        sampled: the games, with the inputs of the distributions of actions.
    """
    lines: list[tuple[int, int, int, dict[str, Any]]] = []
    first = {number: place for place, number in enumerate(sampled.numbers[:TRACED_GAMES])}
    for module, steps in sampled.trajectories.items():
        for index in np.flatnonzero(np.isin(steps.games, list(first))).tolist():
            number = int(steps.games[index])
            members = sampled.seats[first[number]]
            for row in range(int(steps.offsets[index]), int(steps.offsets[index + 1])):
                seat = int(steps.seats[row])
                told = {"game": number, "ply": int(steps.plies[row]), "seat": game.agent_ids[seat]}
                told |= {"member": members[seat], "module": module, **_step(game, steps, row)}
                lines.append((first[number], int(steps.plies[row]), seat, told))
    for number, place in first.items():
        ending = {"game": number, "plies": sampled.plies[place], "seats": list(sampled.seats[place])}
        lines.append((place, sampled.plies[place], -1, ending | {"returns": sampled.returns[place].tolist()}))
    lines.sort(key=lambda line: line[:3])
    return tuple(told for *_, told in lines[:TRACED_STEPS])


def _step(game: Game, steps: Trajectories, row: int) -> dict[str, Any]:
    seen = steps.observations[row]
    told: dict[str, Any] = {
        "observation": {
            "shape": list(seen.shape),
            "low": _rounded(seen.min(initial=np.inf)),
            "high": _rounded(seen.max(initial=-np.inf)),
            "mean": _rounded(seen.mean()),
            "nonzero": int(np.count_nonzero(seen)),
        }
    }
    inputs = steps.dist_inputs[[row]]
    if game.action_bounds is None:
        legal = np.flatnonzero(steps.masks[row])
        odds = action_probabilities(inputs, deterministic=False)[0]
        told["probabilities"] = {str(action): _rounded(odds[action]) for action in legal.tolist()}
        told["action"] = int(steps.actions[row])
    else:
        means, log_stds = np.split(inputs[0], 2)
        told["means"], told["deviations"] = _rounded(means), _rounded(np.exp(log_stds))
        told["action"] = _rounded(steps.actions[row])
    return told | {
        "log_prob": _rounded(steps.log_probs[row]),
        "value": _rounded(steps.values[row]),
        "reward": _rounded(steps.rewards[row]),
    }


def _rounded(number: Any) -> Any:
    return np.round(np.asarray(number, np.float64), _DIGITS).tolist()
