"""What a training setting is worth: the score against random play as training goes on.

    python -m benchmarks.strength
    python -m benchmarks.strength --steps 600000 lambda_=0.95 gamma=0.997 snapshot_win_rate=0.6
    python -m benchmarks.strength --env-runners 1 overlap=True

trains a league in memory with the defaults, or with the given settings (any of ``LeaguePPOConfig.training()`` or
``LeagueSettings``). At every quarter of the steps it prints the score of the newest weights and of their average, which
snapshots are made of. A run is measured in steps, not seconds, so that a busy machine does not change the result.
"""

from __future__ import annotations

import argparse
import ast
import time

from arena.training.process import prepare_process

GAMES = 2000
"""Games per score, half from each seat. The standard error is about 0.005."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--game", default="connect_four")
    parser.add_argument("--steps", type=int, default=1_200_000, help="total number of env steps")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--env-runners", type=int, default=0)
    parser.add_argument("settings", nargs="*", metavar="NAME=VALUE")
    options = parser.parse_args()
    prepare_process()
    import ray

    from agents.policies.agent import build_policy, policy_card, policy_tensors
    from arena import LeaguePPOConfig, play_match
    from leagues.settings import LeagueSettings

    settings = {name: ast.literal_eval(value) for name, _, value in (text.partition("=") for text in options.settings)}
    league = {name: settings.pop(name) for name in list(settings) if name in LeagueSettings.__dataclass_fields__}
    ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
    config = LeaguePPOConfig().game(options.game).league(None, **league).training(**settings)
    config.env_runners(num_env_runners=options.env_runners)
    algorithm = config.debugging(seed=options.seed, log_level="ERROR").build_algo()
    card = policy_card(algorithm.game, algorithm.module_specs, algorithm.session.members["main"].modules)

    def score(modules: dict) -> float:
        agent = build_policy(policy_tensors(modules), card, algorithm.game)
        return play_match(algorithm.game, [agent, "random"], games=GAMES, seed=0).score

    runners = f"{options.env_runners} env runners" if options.env_runners else "one process"
    print(f"{options.game}, seed {options.seed}, {runners}, {settings | league or 'defaults'}")
    print("env steps  seconds  newest  average")
    began = time.perf_counter()
    for quarter in range(1, 5):
        while algorithm.session.progress.env_steps < options.steps * quarter / 4:
            algorithm.train()
        spent = time.perf_counter() - began
        newest = algorithm.learner_group.get_state(components="learner/rl_module")["learner"]["rl_module"]
        average = {module: kept["weights"] for module, kept in algorithm.snapshots.averages.items()}
        steps = algorithm.session.progress.env_steps
        print(f"{steps:9,}  {spent:7.0f}  {score(newest):.3f}   {score(average):.3f}", flush=True)
    algorithm.stop()


if __name__ == "__main__":
    main()
