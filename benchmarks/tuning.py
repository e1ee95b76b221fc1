"""How the presets were tuned: Ray Tune draws settings, short runs sort them, longer ones with fresh seeds decide.

    python -m benchmarks.tuning leduc_poker --trials 24 --steps 1000000 --finalists 4 --final-steps 4000000

The first stage trains one league for each of ``--trials`` draws from the game's space of settings, all with the same
seed. The second trains the best ``--finalists`` and the preset itself anew, for ``--final-steps`` and with three seeds
that the first stage has not seen, because the best of many short runs is partly luck. Both stages are judged by the
first yardstick of the game's goal in :mod:`benchmarks.strength`, and both tables are printed as Markdown. Runs are
measured in steps, not seconds, so that a busy machine does not change the result; every trial takes one core.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from arena.sweep import Draw
from arena.training.tuning import REPORTS, run_trials
from benchmarks.measure import RESULTS
from benchmarks.strength import GOALS, SMALLER_IS_BETTER, measured

FIRST_SEED = 100
FINAL_SEEDS = (201, 202, 203)
"""Seeds of the second stage; the figures in docs/strength.md have others again."""

FALL = 5.0
"""Learning rates and entropy bonuses fall by this factor over a run; the weight of the KL divergence rises by it."""


def space(game: str) -> dict[str, Draw]:
    """What is drawn for a game: names of settings, and ``plies`` of random openings."""
    drawn = {
        "lr": Draw("loguniform", (3e-4, 3e-3)),
        "minibatch_size": Draw("choice", (256, 512, 1024)),
        "num_epochs": Draw("choice", (1, 2, 4)),
        "lambda_": Draw("choice", (0.8, 0.9, 0.95, 1.0)),
    }
    if next(iter(GOALS[game].targets)) in ("nash_conv", "best_response"):
        return drawn | {
            "entropy_coeff": Draw("loguniform", (0.03, 0.3)),
            "kl_coeff": Draw("loguniform", (1.0, 10.0)),
            "magnet_coeff": Draw("loguniform", (0.03, 0.3)),
            "magnet_rate": Draw("loguniform", (0.005, 0.1)),
        }
    return drawn | {
        "entropy_coeff": Draw("loguniform", (0.005, 0.05)),
        "kl_coeff": Draw("loguniform", (0.1, 10.0)),
        "gamma": Draw("choice", (0.97, 0.99, 1.0)),
        "plies": Draw("choice", (0, 12, 24)),
    }


def changes_of(drawn: Mapping[str, Any]) -> dict[str, Any]:
    """The changes of the preset that a draw means."""
    changes: dict[str, Any] = {f"optimization.{name}": value for name, value in drawn.items() if name != "plies"}
    for name in ("lr", "entropy_coeff"):
        changes[f"optimization.{name}"] = [[0, drawn[name]], [1, drawn[name] / FALL]]
    changes["optimization.kl_coeff"] = [[0, drawn["kl_coeff"]], [1, drawn["kl_coeff"] * FALL]]
    if "plies" in drawn:
        changes["positions.random_plies"] = drawn["plies"]
    return changes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("game", choices=sorted(GOALS))
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--steps", type=int, default=1_000_000, help="env steps of a run of the first stage")
    parser.add_argument("--finalists", type=int, default=4)
    parser.add_argument("--final-steps", type=int, default=4_000_000)
    parser.add_argument("--cores", type=int, default=2, help="runs side by side")
    options = parser.parse_args()
    import ray

    ray.init(num_cpus=options.cores, include_dashboard=False, log_to_driver=False)
    yardstick = next(iter(GOALS[options.game].targets))
    sign = 1 if yardstick in SMALLER_IS_BETTER else -1
    first = _stage(options.game, options.steps, options.trials, options.cores)
    print(_table(f"First stage: {options.game}, {options.steps:,} steps, seed {FIRST_SEED}", yardstick, first))
    finalists: list[Mapping[str, Any]] = [row["drawn"] for row in first[: options.finalists]]
    final = _final(options.game, options.final_steps, [*finalists, {}])
    final.sort(key=lambda row: sign * row["figure"])
    title = f"Second stage: {options.final_steps:,} steps, median of seeds {', '.join(map(str, FINAL_SEEDS))}"
    print(_table(title, yardstick, final))
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"tuning-{time.strftime('%Y%m%d-%H%M%S')}.json").write_text(
        json.dumps({"game": options.game, "first": first, "final": final}, indent=2) + "\n"
    )


def trial(run: Mapping[str, Any]) -> dict[str, float]:
    """Train a league for some steps and judge its newest snapshot.

    Args:
        run: game, steps, seed, and what is drawn; nothing stands for the preset as it is.
    """
    import arena

    game = run["game"]
    with tempfile.TemporaryDirectory() as folder:
        league = Path(folder) / "league"
        began = time.perf_counter()
        arena.train(
            game,
            league=league,
            steps=run["steps"],
            changes={**GOALS[game].changes, **(changes_of(run["drawn"]) if run["drawn"] else {})},
            seed=run["seed"],
        )
        seconds = time.perf_counter() - began
        yardstick = next(iter(GOALS[game].targets))
        return {"figure": measured(game, league, only=yardstick)["figures"][yardstick], "seconds": seconds}


def _stage(game: str, steps: int, trials: int, cores: int) -> list[dict[str, Any]]:
    """The first stage: a row for each draw that could be trained, the best first."""
    fixed = {"game": game, "steps": steps, "seed": FIRST_SEED}
    yardstick = next(iter(GOALS[game].targets))
    with tempfile.TemporaryDirectory() as results:
        ended = run_trials(
            partial(_judged, fixed),
            space(game),
            trials=trials,
            metric="figure",
            mode="min" if yardstick in SMALLER_IS_BETTER else "max",
            seed=FIRST_SEED,
            cores=cores,
            results=Path(results),
        )
    for each in ended:
        if each.error is not None:
            print(f"a draw could not be trained: {each.error}")
    return [
        {"drawn": each.drawn, "figure": each.figure, "seconds": each.seconds} for each in ended if each.error is None
    ]


def _judged(
    fixed: Mapping[str, Any], drawn: Mapping[str, Any], number: int, report: Callable[[dict[str, Any]], None]
) -> None:
    report({"part": REPORTS + 1, "figure": trial({**fixed, "drawn": drawn})["figure"]})


def _final(game: str, steps: int, choices: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The second stage: a row for each choice with the median over the seeds."""
    import ray

    remote = ray.remote(num_cpus=1)(trial)
    asked = [
        [remote.remote({"game": game, "steps": steps, "seed": seed, "drawn": drawn}) for seed in FINAL_SEEDS]
        for drawn in choices
    ]
    rows = []
    for drawn, runs in zip(choices, asked, strict=True):
        found = ray.get(runs)
        figures = [each["figure"] for each in found]
        seconds = statistics.median(each["seconds"] for each in found)
        rows.append({"drawn": drawn, "figure": statistics.median(figures), "figures": figures, "seconds": seconds})
    return rows


def _table(title: str, yardstick: str, rows: Sequence[Mapping[str, Any]]) -> str:
    lines = [f"\n{title}\n", f"| {yardstick} | seconds | settings |", "|---|---|---|"]
    for row in rows:
        changed = ", ".join(f"{name}={_short(value)}" for name, value in row["drawn"].items())
        spread = f" ({min(row['figures']):.3f} .. {max(row['figures']):.3f})" if "figures" in row else ""
        lines.append(f"| {row['figure']:.3f}{spread} | {row['seconds']:.0f} | {changed or 'the preset'} |")
    return "\n".join(lines)


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
