"""How strong agents become, by measures from outside of their league.

    python -m benchmarks.strength run connect_four leduc_poker --seeds 1 2 3
    python -m benchmarks.strength run connect_four --label no-openings --set positions.random_plies=0
    python -m benchmarks.strength run connect_four leduc_poker --ablation --minutes 5
    python -m benchmarks.strength table

``run`` trains a league for every game and seed, as ``arena train`` does, for the time or the steps of its goal, or
for ``--minutes`` or ``--steps``. Then it measures the newest snapshot of the main learner, and in small games the
mixtures of snapshots too. ``--set`` names settings that differ from the game's preset; give such runs a ``--label``.
``--ablation`` trains with the preset and with each of the :data:`ABLATIONS`: one part off, or another mix of
opponents. Every run is a separate process and leaves a league and a ``result.json`` in
``benchmarks/results/strength/``, so that a stopped call goes on where it ended. ``table`` prints the results as
Markdown, as median (lowest .. highest) over the seeds, and draws their courses.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.measure import RESULTS
from leagues.settings import WITH_EXPLOITERS

FOLDER = RESULTS / "strength"
PRESET = "preset"
"""The label of runs without ``--set``."""
FORMAT = 2
"""Version of ``result.json``. Until the second one, moves against solvers and searches were drawn."""

GAMES = 400
"""Games of a match against a fixed agent, half from each seat. The standard error of a score is below 0.025."""
POSITIONS = 2000
"""Positions that a solver judges."""
RESPONSE_MINUTES = 3
"""Minutes for a best response. A busy machine finds a worse one, so figures of one machine compare."""
COURSE = 6
"""Snapshots of a run that are measured to draw its course, besides the newest."""


@dataclass(frozen=True)
class Goal:
    """What is measured in a game after how much training, and what is to be reached.

    Attributes:
        minutes: of training, or None for ``steps``.
        targets: yardstick -> the figure to reach. Yardsticks are ``nash_conv``; ``optimal`` and ``mistakes``, shares of
            the most likely moves in positions of random games, 8 plies and later; ``best_response``, the lower bound
            on the exploitability that a response finds which is trained for :data:`RESPONSE_MINUTES`; and the names of
            fixed agents, against which the score of the most likely moves counts.
        steps: env steps of training, for games whose published figures go by them.
        changes: of the preset, as ``group.name`` -> value.
    """

    minutes: float | None
    targets: Mapping[str, float]
    steps: int | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)


EVERY_2_MILLION_STEPS = {"league.snapshot_min_steps": 2_000_000, "league.snapshot_max_steps": 2_000_000}
"""Snapshots of games that are too large for :func:`arena.exploitability`, for exact solvers elsewhere."""


GOALS: Mapping[str, Goal] = {
    "kuhn_poker": Goal(5, {"nash_conv": 0.01}),
    "leduc_poker": Goal(30, {"nash_conv": 0.15}),
    "liars_dice": Goal(30, {"nash_conv": 0.2}),
    "matrix_rps": Goal(1, {"nash_conv": 0.02}),
    "matrix_brps": Goal(1, {"nash_conv": 0.02}),
    "connect_four": Goal(30, {"optimal": 0.84, "mistakes": 0.10, "mcts:500": 0.6, "mcts:100": 0.5}),
    "othello": Goal(30, {"mcts:200": 0.6}),
    "hex(board_size=7)": Goal(30, {"mcts:200": 0.6}),
    "phantom_ttt": Goal(None, {"best_response": 0.14}, 10_000_000, EVERY_2_MILLION_STEPS),
    "dark_hex": Goal(None, {"best_response": 0.14}, 10_000_000, EVERY_2_MILLION_STEPS),
}
EXPLOITERS = {
    "league.roles": {"main": 1, "main_exploiter": 1, "league_exploiter": 1},
    "league.opponents": WITH_EXPLOITERS,
}
SEAT_AND_WAY = {"view": "connect_four", "orientation": "connect_four"}
WINDOWS = {"conv_filters": [[64, 4, 1, "valid"]], "fcnet_hiddens": [128, 128]}
ABLATIONS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "connect_four": {
        "no openings": {"positions.random_plies": 0},
        "no KL divergence": {"optimization.use_kl_loss": False},
        "no averaging": {"training.averaged_iterations": 1},
        "no view or orientation": {"network.config": WINDOWS},
        "no windows": {"network.config": SEAT_AND_WAY},
        "20% PFSP": {"league.opponents": {"latest": 0.8, "pfsp_variance": 0.2}},
        "exploiters": EXPLOITERS,
    },
    "leduc_poker": {
        "no KL divergence": {"optimization.use_kl_loss": False},
        "no magnet": {"optimization.magnet_coeff": 0.0},
        "no averaging": {"training.averaged_iterations": 1, "training.averaged_share": 0.0},
        "one trunk": {"network.config": {"fcnet_hiddens": [128, 128]}},
        "20% PFSP": {"league.opponents": {"latest": 0.8, "pfsp_variance": 0.2}},
        "exploiters": EXPLOITERS,
    },
}
"""Game -> name -> changes of the preset."""

YARDSTICKS = ("nash_conv", "optimal", "mistakes", "best_response")
"""Those that are no names of agents."""
SMALLER_IS_BETTER = ("nash_conv", "mistakes", "best_response")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="train and measure")
    run.add_argument("games", nargs="+", choices=sorted(GOALS), metavar="GAME", help=", ".join(GOALS))
    run.add_argument("--set", nargs="+", default=[], metavar="GROUP.NAME=VALUE", dest="changes")
    run.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    run.add_argument("--minutes", type=float, help="instead of the goal's")
    run.add_argument("--steps", type=int, help="env steps instead of a time")
    run.add_argument("--label", default=PRESET)
    run.add_argument("--ablation", action="store_true", help=f"also without each part, in {', '.join(ABLATIONS)}")
    run.add_argument("--at-once", type=int, default=1, help="runs side by side, each with one thread")
    measure = commands.add_parser("measure", help="measure a league that is there")
    measure.add_argument("game")
    measure.add_argument("league", type=Path)
    commands.add_parser("table", help="print and draw what was measured")
    options = parser.parse_args()
    if options.command == "table":
        print(table(results()))
        draw(results(), FOLDER)
        return
    if options.command == "measure":
        print(json.dumps(measured(options.game, options.league), indent=2))
        return
    if options.changes and options.label == PRESET:
        parser.error(f"settings differ from the preset, {options.changes}, so the run needs a --label")
    if options.ablation and (options.changes or options.label != PRESET or not (options.minutes or options.steps)):
        parser.error("--ablation excludes --set and --label, and needs --minutes or --steps")
    if options.ablation and (unknown := set(options.games) - set(ABLATIONS)):
        parser.error(f"there are no ablations of {', '.join(sorted(unknown))}; name {' or '.join(ABLATIONS)}")
    kinds: dict[str, Any] = {options.label: dict(map(_assigned, options.changes))}
    jobs = [
        _call(game, label, changes, seed, options)
        for seed in options.seeds
        for game in options.games
        for label, changes in (_ablations(game) if options.ablation else kinds).items()
    ]
    threads = {"OMP_NUM_THREADS": "1"} if options.at_once > 1 else {}
    with ThreadPoolExecutor(options.at_once) as pool:
        for result in pool.map(lambda job: _in_a_process(job, threads), jobs):
            print(json.dumps({key: value for key, value in result.items() if key != "course"}), flush=True)


def _ablations(game: str) -> dict[str, Mapping[str, Any]]:
    """Label -> changes of the preset."""
    return {f"ablation: {label}": changes for label, changes in {PRESET: {}, **ABLATIONS[game]}.items()}


def _assigned(assignment: str) -> tuple[str, Any]:
    path, _, text = assignment.partition("=")
    try:
        return path, ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return path, text


def _call(game: str, label: str, changes: Mapping[str, Any], seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """What :func:`train_and_measure` is to do."""
    goal = GOALS[game]
    steps = options.steps or (goal.steps if options.minutes is None else None)
    limit = {"steps": steps} if steps else {"minutes": options.minutes or goal.minutes}
    return {"game": game, "seed": seed, "label": label, "changes": {**goal.changes, **changes}, **limit}


def folder_of(game: str, label: str, seed: int) -> Path:
    """Where a run is kept."""
    return FOLDER / f"{_plain(game)}-{_plain(label)}-{seed}"


def _plain(text: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in text)


def _in_a_process(call: Mapping[str, Any], threads: Mapping[str, str]) -> dict[str, Any]:
    """The result of a run, made in a separate process unless it exists already."""
    folder = folder_of(call["game"], call["label"], call["seed"])
    if not (folder / "result.json").exists():
        code = (
            "import json, sys; from benchmarks.strength import train_and_measure as run; run(json.loads(sys.argv[1]))"
        )
        subprocess.run([sys.executable, "-c", code, json.dumps(call)], check=True, env={**os.environ, **threads})
    found: dict[str, Any] = json.loads((folder / "result.json").read_text())
    return found


def train_and_measure(call: Mapping[str, Any]) -> None:
    """Train a league, measure it, and write ``result.json`` into its folder.

    Args:
        call: game, seed, label, changes as ``group.name`` -> value, and minutes or steps.
    """
    import arena

    folder = folder_of(call["game"], call["label"], call["seed"])
    began = time.perf_counter()
    arena.train(
        call["game"],
        league=folder / "league",
        minutes=call.get("minutes"),
        steps=call.get("steps"),
        changes=call["changes"],
        seed=call["seed"],
    )
    result = {
        **call,
        "format": FORMAT,
        "seconds": time.perf_counter() - began,
        **measured(call["game"], folder / "league"),
    }
    (folder / "result.json").write_text(json.dumps(result, indent=2) + "\n")


def measured(game: str, league: Path, *, only: str | None = None) -> dict[str, Any]:
    """The figures of a league by the yardsticks of its game's goal, and their courses.

    Args:
        game: the game.
        league: the league's folder.
        only: the one yardstick that counts; None for all of them.

    Returns:
        ``env_steps``, ``games``, ``trained_s``; ``figures``: yardstick -> figure of the newest snapshot,
        ``nash_conv of average`` and ``of nash`` for the mixtures, and ``optimal of drawn moves``; ``course``:
        yardstick -> pairs of agent steps and figure.
    """
    import arena

    targets = GOALS[game].targets if only is None else (only,)
    with arena.open_league(league) as opened:
        progress = opened.progress
        members, measures = opened.members(), opened.measures("nash_conv")
    if progress is None:
        raise RuntimeError(f"{str(league)!r} has not finished an iteration")
    snapshots = [each for each in members if each.kind == "snapshot" and each.role == "main"]
    spaced = snapshots[:: -(-len(snapshots) // COURSE)]
    figures: dict[str, float] = {}
    course: dict[str, list[tuple[int, float]]] = {}
    newest = f"{league}:{snapshots[-1].id}"
    if "nash_conv" in targets:
        figures["nash_conv"] = arena.exploitability(game, newest).nash_conv
        for mixture in ("average", "nash"):
            figures[f"nash_conv of {mixture}"] = arena.exploitability(game, f"{league}:{mixture}").nash_conv
        course["nash_conv"] = [(each.agent_steps, each.value) for each in measures if each.member == "main"]
    if "optimal" in targets or "mistakes" in targets:
        found = {
            each.id: _accuracy(game, f"greedy:{league}:{each.id}")
            for each in {s.id: s for s in [*spaced, snapshots[-1]]}.values()
        }
        figures |= found[snapshots[-1].id]
        figures |= {f"{name} of drawn moves": value for name, value in _accuracy(game, newest).items()}
        for name in ("optimal", "mistakes"):
            course[name] = [(each.step, found[each.id][name]) for each in spaced]
    if "best_response" in targets:
        figures["best_response"] = arena.best_response(game, newest, minutes=RESPONSE_MINUTES).exploitability
    for agent in targets:
        if agent not in YARDSTICKS:
            games = GAMES if agent == "random" else GAMES // 2
            figures[agent] = arena.play_match(game, [f"greedy:{newest}", agent], games=games, seed=7).score
    return {
        "env_steps": progress.env_steps,
        "games": progress.games,
        "trained_s": progress.seconds,
        "figures": figures,
        "course": course,
    }


def _accuracy(game: str, agent: str) -> dict[str, float]:
    """Shares of optimal moves and of mistakes in positions of random games, all phases but those before ply 8."""
    import arena

    found = arena.accuracy(game, agent, positions=POSITIONS)
    phases = [each for each in found.phases if each.origin == "random" and each.first_ply >= 8 and each.last_ply <= 24]
    result = {}
    for name in ("optimal", "mistakes"):
        rates = [getattr(phase, name) for phase in phases]
        result[name] = sum(rate.value * rate.positions for rate in rates if rate.positions) / sum(
            rate.positions for rate in rates
        )
    return result


def results() -> list[dict[str, Any]]:
    """All results in :data:`FOLDER` of the present :data:`FORMAT`."""
    found = [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*/result.json"))]
    return [result for result in found if result.get("format") == FORMAT]


def table(found: Iterable[Mapping[str, Any]]) -> str:
    """Results as a Markdown table: one row for a game, label and yardstick."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for result in found:
        groups[result["game"], result["label"]].append(result)
    lines = ["| game | run | seeds | minutes | million steps | measure | median (lowest .. highest) | goal |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    for (game, label), runs in groups.items():
        for name in runs[0]["figures"]:
            values = [run["figures"][name] for run in runs]
            goal = GOALS[game].targets.get(name)
            sign = "<=" if name in SMALLER_IS_BETTER else ">="
            lines.append(
                f"| {game} | {label} | {len(runs)} | {_spread(runs, lambda run: run['trained_s'] / 60, '.1f')} | "
                f"{_spread(runs, lambda run: run['env_steps'] / 1e6, '.1f')} | {name} | "
                f"{statistics.median(values):.3f} ({min(values):.3f} .. {max(values):.3f}) | "
                f"{'' if goal is None else f'{sign} {goal:g}'} |"
            )
    return "\n".join(lines)


def _spread(runs: Iterable[Mapping[str, Any]], figure: Callable[[Mapping[str, Any]], float], form: str) -> str:
    return format(statistics.median(map(figure, runs)), form)


def draw(found: Iterable[Mapping[str, Any]], folder: Path) -> None:
    """One picture for a game: the course of its first yardstick in every run."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for result in found:
        groups[result["game"]].append(result)
    for game, runs in groups.items():
        figure, axes = pyplot.subplots(figsize=(7, 4))
        colours: dict[str, str] = {}
        name = next(iter(GOALS[game].targets))
        for run in runs:
            if course := run["course"].get(name):
                colour = colours.setdefault(run["label"], f"C{len(colours)}")
                label = run["label"] if run is next(r for r in runs if r["label"] == run["label"]) else None
                axes.plot(*zip(*course, strict=True), color=colour, label=label)
        if not colours:
            pyplot.close(figure)
            continue
        axes.axhline(GOALS[game].targets[name], color="grey", linestyle=":")
        axes.set(title=game, xlabel="agent steps", ylabel=name)
        if name == "nash_conv":
            axes.set_yscale("log")
        axes.legend()
        figure.tight_layout()
        figure.savefig(folder / f"{_plain(game)}.png", dpi=120)
        pyplot.close(figure)


if __name__ == "__main__":
    main()
