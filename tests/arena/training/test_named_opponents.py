"""RLlib's evaluation against opponents by name: who plays whom, from which seats, and the results of each."""

from collections import Counter

import pytest
from ray.rllib.algorithms.ppo import PPOConfig
from small_training import small

from agents.contract import AgentError
from leagues.records import LeagueError

pytestmark = [pytest.mark.usefixtures("local_ray"), pytest.mark.slow]


def evaluated(config, opponents, games=40, **settings):
    """The config with an evaluation after each iteration."""
    return config.evaluation(
        evaluation_opponents=opponents, evaluation_interval=1, evaluation_duration=games, **settings
    )


def test_each_opponent_has_results_of_its_own_from_every_seat(build):
    episodes = []
    config = evaluated(
        small("tic_tac_toe"),
        ["random", "first", "mcts:10"],
        games=60,
        evaluation_config={"callbacks_on_episode_end": lambda episode, **kwargs: episodes.append(episode)},
    )
    results = build(config).train()["evaluation"]
    assert results["env_runners"]["num_episodes"] == len(episodes) == 60
    assert "league" not in results["env_runners"]
    league = results["league"]
    assert {name: figures["games"] for name, figures in league.items()} == {"random": 20, "first": 20, "mcts:10": 20}
    seats = Counter(seat for episode in episodes for seat in episode.agent_episodes)
    assert seats == {"player_0": 30, "player_1": 30}
    for figures in league.values():
        assert figures["wins"] + figures["draws"] + figures["losses"] == 20
        assert figures["score"] == (figures["wins"] + figures["draws"] / 2) / 20
        assert figures["return_mean"] == (figures["wins"] - figures["losses"]) / 20
    earned = sum(figures["return_mean"] * figures["games"] for figures in league.values())
    assert earned == pytest.approx(sum(episode.get_return() for episode in episodes))
    assert league["mcts:10"]["score"] < league["random"]["score"]


def test_members_are_met_from_when_they_are_there(build):
    algorithm = build(evaluated(small("kuhn_poker"), ["main@1", "latest", "main"], games=12))
    first = algorithm.train()["evaluation"]
    assert "main@1" not in algorithm.session.members
    assert "league" not in first
    while "main@2" not in algorithm.session.members:
        result = algorithm.train()
    assert set(result["evaluation"]["league"]) == {"main@1", "latest", "main"}
    weights = {name: member.weights for name, member in algorithm._named.members.items()}
    assert weights["main@1"] == algorithm.session.members["main@1"].weights
    assert weights["latest"] == weights["main"] == algorithm.session.members["main@2"].weights


def test_a_member_of_another_league_is_met(build, tmp_path):
    other = build(small("kuhn_poker", tmp_path / "other"))
    while "main@1" not in other.session.members:
        other.train()
    other.stop()
    name = f"{tmp_path / 'other'}:main@1"
    result = build(evaluated(small("kuhn_poker"), [name], games=10)).train()
    assert result["evaluation"]["league"][name]["games"] == 10


def test_in_a_graded_game_of_three_seats_the_score_is_the_return(build):
    algorithm = build(evaluated(small("kuhn_poker(players=3)"), ["random", "first"], games=30))
    league = algorithm.train()["evaluation"]["league"]
    for figures in league.values():
        assert figures["games"] == 15
        assert figures["wins"] + figures["draws"] + figures["losses"] == 30  # two other seats
        assert figures["score"] == figures["return_mean"]
    assert algorithm.session.writer.count_matches("evaluation") == 0


def test_networks_that_remember_meet_each_other(build):
    config = small("kuhn_poker").rl_module(model_config={"network": "gru", "lstm_cell_size": 8})
    algorithm = build(evaluated(config, ["latest", "random"], games=20))
    while "main@1" not in algorithm.session.members:
        result = algorithm.train()
    assert result["evaluation"]["league"]["latest"]["games"] == 10


def test_a_duration_in_timesteps_counts_the_learners_steps_and_games_end(build):
    lengths = []
    config = evaluated(
        small("connect_four"),
        ["random"],
        games=100,
        evaluation_duration_unit="timesteps",
        evaluation_config={"callbacks_on_episode_end": lambda episode, **kwargs: lengths.append(episode.agent_steps())},
    )
    result = build(config).train()["evaluation"]
    assert result["league"]["random"]["games"] == result["env_runners"]["num_episodes"] == len(lengths)
    assert sum(lengths) >= 100
    # 16 tables begin games until 100 steps are played, and all of them end: long ones are not left out.
    assert len(lengths) >= 16


def test_equal_seeds_give_equal_results(build):
    results = [
        build(evaluated(small("leduc_poker", seed=5), ["random", "first"])).train()["evaluation"]["league"]
        for _ in range(2)
    ]
    assert results[0] == results[1]


def test_evaluating_by_hand_on_the_training_runner_leaves_its_games_alone(build):
    algorithm = build(small("leduc_poker").evaluation(evaluation_opponents=["random"], evaluation_duration=20))
    plain = build(small("leduc_poker"))
    for _ in range(3):
        algorithm.train()
        plain.train()
        assert algorithm.evaluate()["league"]["random"]["games"] == 20
    assert algorithm.session.writer.tallies() == plain.session.writer.tallies()


def test_a_league_restored_from_a_checkpoint_evaluates(build, tmp_path):
    from arena import LeaguePPO

    algorithm = build(evaluated(small("kuhn_poker"), ["latest"], games=10))
    while "main@1" not in algorithm.session.members:
        algorithm.train()
    restored = LeaguePPO.from_checkpoint(algorithm.save_to_path(tmp_path / "checkpoint"))
    try:
        assert restored.evaluate()["league"]["latest"]["games"] == 10
    finally:
        restored.stop()


@pytest.mark.parametrize(
    ("opponents", "error", "message"),
    [
        (["mcts_100"], LeagueError, "names 'mcts_100', which is no agent and no member of the league"),
        (["main@x"], LeagueError, r"use .*best, latest, a learner \(main\), LEARNER@NUMBER or DIR:MEMBER"),
        (["no/such:league"], LeagueError, "no/such"),
        (["mcts:10"], AgentError, "mcts"),
    ],
)
def test_unknown_opponents_are_refused_and_leave_no_folder(tmp_path, opponents, error, message):
    config = evaluated(small("kuhn_poker", tmp_path / "league"), opponents)
    with pytest.raises(error, match=message) as raised:
        config.build_algo()
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "league").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"evaluation_opponents": "random"}, "is a list of names"),
        (
            {"evaluation_opponents": ["random"], "evaluation_config": {"policy_mapping_fn": lambda *a, **k: "main"}},
            "both say who plays",
        ),
        ({"evaluation_config": PPOConfig.overrides(clip_rewards=True)}, "clip_rewards=True has no effect"),
        ({"evaluation_config": {"no_such_setting": 1}}, "no_such_setting"),
        ({"evaluation_parallel_to_training": True}, "evaluation_num_env_runners"),
        ({"evaluation_duration": "auto"}, "evaluation_parallel_to_training"),
        ({"evaluation_duration": 0}, "evaluation_duration"),
        ({"off_policy_estimation_methods": {"is": {"type": "is"}}}, "off_policy_estimation_methods"),
    ],
)
def test_a_bad_evaluation_is_refused_before_anything_starts(tmp_path, settings, message):
    config = small("kuhn_poker", tmp_path / "league").evaluation(evaluation_interval=1, **settings)
    with pytest.raises(Exception, match=message):
        config.build_algo()
    assert not (tmp_path / "league").exists()
