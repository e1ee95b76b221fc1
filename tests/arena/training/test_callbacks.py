"""RLlib's callbacks in a league: which are called, with what, and which are refused."""

import pytest
from ray.rllib.callbacks.callbacks import RLlibCallback
from small_training import small

pytestmark = [pytest.mark.usefixtures("local_ray"), pytest.mark.slow]


def test_each_callback_is_called_when_it_is_due(build, tmp_path):
    calls = []

    class Callbacks(RLlibCallback):
        def on_algorithm_init(self, *, algorithm, metrics_logger, **kwargs):
            calls.append(("init", sorted(algorithm.session.members)))

        def on_environment_created(self, *, env_runner, env, env_context, **kwargs):
            calls.append(("environment", env_context["game"], env_runner.config.in_evaluation))

        def on_sample_end(self, *, env_runner, metrics_logger, samples, **kwargs):
            calls.append(("sample", len(samples)))

        def on_episode_end(self, *, episode, env_runner, metrics_logger, env, env_index, rl_module, **kwargs):
            metrics_logger.log_value("longest", episode.env_steps(), reduce="max", window=1000)

        def on_evaluate_start(self, *, algorithm, metrics_logger, **kwargs):
            calls.append(("evaluate", algorithm.session.progress.iteration))

        def on_evaluate_end(self, *, algorithm, metrics_logger, evaluation_metrics, **kwargs):
            calls.append(("evaluated", evaluation_metrics["env_runners"]["num_episodes"]))

        def on_train_result(self, *, algorithm, metrics_logger, result, **kwargs):
            result["of_my_own"] = result["league"]["iteration"]
            metrics_logger.log_value("games_so_far", algorithm.session.progress.games, window=1)

        def on_checkpoint_loaded(self, *, algorithm, **kwargs):
            calls.append(("loaded", algorithm.session.progress.iteration))

    config = small("kuhn_poker").callbacks(Callbacks)
    algorithm = build(config.evaluation(evaluation_interval=1, evaluation_duration=6))
    environments = [call for call in calls if call[0] == "environment"]
    assert sorted(environments) == [("environment", "kuhn_poker", False), ("environment", "kuhn_poker", True)]
    assert calls[-1] == ("init", ["main", "random"])
    calls.clear()
    result = algorithm.train()
    assert calls == [("sample", 1), ("evaluate", 1), ("sample", 6), ("evaluated", 6)]
    assert result["env_runners"]["longest"] == 3, "poker of three cards has at most three moves"
    assert result["of_my_own"] == 1
    games = algorithm.session.progress.games
    checkpoint = algorithm.save(str(tmp_path / "checkpoint"))
    assert algorithm.train()["games_so_far"] == games
    calls.clear()
    algorithm.restore(checkpoint)
    assert calls == [("loaded", 1)]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("on_episode_created", "cannot be called from lock-step sampling; use `on_episode_end`"),
        ("on_episode_start", "cannot be called"),
        ("on_episode_step", "cannot be called"),
        ("on_sub_environment_created", "is of RLlib's old API stack"),
        ("on_postprocess_trajectory", "is of RLlib's old API stack"),
        ("on_create_policy", "is of RLlib's old API stack"),
        ("on_learn_on_batch", "is of RLlib's old API stack"),
    ],
)
def test_a_callback_that_nothing_calls_is_refused(name, message):
    own = type("Own", (RLlibCallback,), {name: lambda self, **kwargs: None})
    with pytest.raises(ValueError, match=f"the callback `{name}` {message}"):
        small("kuhn_poker").callbacks(own).validate()
