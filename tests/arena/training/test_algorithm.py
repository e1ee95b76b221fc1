"""Training as its users run it: every kind of game, equal seeds, checkpoints, resuming."""

import dataclasses

import numpy as np
import pytest
from small_training import module_state, small

from agents.contract import AgentError
from agents.policies import weights
from games import make_game
from leagues.records import LeagueError
from leagues.store import StoreError, open_store

pytestmark = [pytest.mark.usefixtures("local_ray"), pytest.mark.slow]

GAMES = [
    "connect_four",
    "pettingzoo:tictactoe_v3",
    "leduc_poker",
    "goofspiel(num_cards=5,points_order=descending)",
    "kuhn_poker(players=3)",
    "tiny_bridge_4p",
]


@pytest.mark.parametrize("spec", GAMES)
def test_every_kind_of_game_trains_and_is_remembered(spec, build):
    algorithm = build(small(spec))
    for _ in range(4):
        result = algorithm.train()
    session = algorithm.session
    assert session.progress.iteration == 4
    assert result["league"]["agent_steps"] == session.progress.agent_steps >= 4 * 500
    assert "main@1" in session.members
    assert np.isfinite(session.progress.metrics["main"]["policy_loss"])
    assert result["env_runners"]["num_env_steps_sampled_lifetime"] == session.progress.env_steps
    game = make_game(spec)
    kinds = set()
    for match in session.writer.iter_matches():
        *_, final = game.replay(match.seed, match.history)
        assert final.returns() == match.returns
        kinds.add(match.kind)
    assert kinds == {"training", "evaluation"}
    assert {row.agent for row in session.standings()} == {m.id for m in session.members.values() if m.frozen}


def test_equal_seeds_store_equal_leagues(tmp_path, build):
    leagues = []
    for name in ("one", "two"):
        algorithm = build(small("leduc_poker", tmp_path / name, seed=9))
        for _ in range(4):
            algorithm.train()
        leagues.append(algorithm.session)
    stored = [
        [dataclasses.replace(match, started_at=None, duration=0.0) for match in session.writer.iter_matches()]
        for session in leagues
    ]
    assert len(stored[0]) > 30
    assert stored[0] == stored[1]
    assert leagues[0].members == leagues[1].members
    assert leagues[0].writer.tallies() == leagues[1].writer.tallies()


def test_another_seed_gives_another_league(tmp_path, build):
    members = []
    for seed in (1, 2):
        algorithm = build(small(folder=tmp_path / str(seed), seed=seed))
        for _ in range(3):
            algorithm.train()
        members.append(algorithm.session.members["main@1"].weights)
    assert members[0] != members[1]


def test_an_exploiter_trains_beside_the_main_and_starts_over(build):
    algorithm = build(small(roles={"main": 1, "main_exploiter": 1}))
    fresh = module_state(algorithm)
    for _ in range(2):
        algorithm.train()
    trained = module_state(algorithm)
    for learner in ("main", "main_exploiter"):
        assert not np.array_equal(fresh[learner]["policy.weight"], trained[learner]["policy.weight"])
    while "main_exploiter@1" not in algorithm.session.members:
        algorithm.train()
    exploiter = algorithm.session.members["main_exploiter@1"]
    tensors, _ = weights.parse(algorithm.session.store.weights.get(exploiter.weights))
    now = module_state(algorithm)["main_exploiter"]["policy.weight"]
    assert not np.array_equal(tensors["main_exploiter/policy.weight"], now)
    assert np.abs(now).max() < 0.1, "a new policy head is near zero (orthogonal, gain 0.01)"
    runner = algorithm.env_runner.module["main_exploiter"].get_state()["policy.weight"]
    np.testing.assert_array_equal(runner, now)


def test_one_module_per_seat_learns_from_its_own_seat_only(build):
    algorithm = build(small("kuhn_poker", module_per_seat=True))
    before = module_state(algorithm)
    for _ in range(3):
        algorithm.train()
    after = module_state(algorithm)
    assert set(after) == {"main.player_0", "main.player_1"}
    for module in after:
        assert not np.array_equal(before[module]["policy.weight"], after[module]["policy.weight"])
    assert algorithm.session.members["main@1"].modules == {"player_0": "main.player_0", "player_1": "main.player_1"}


def test_a_snapshot_never_changes_while_training_goes_on(build):
    algorithm = build(small())
    while "main@1" not in algorithm.session.members:
        algorithm.train()
    for _ in range(3):
        algorithm.train()
    key = f"weights:{algorithm.session.members['main@1'].weights}"
    agent = algorithm.env_runner.opponents.agents[key]
    stored, _ = weights.parse(algorithm.session.store.weights.get(algorithm.session.members["main@1"].weights))
    for name, value in agent._modules[0].get_state().items():
        np.testing.assert_array_equal(value, stored[f"main/{name}"])


def test_a_checkpoint_brings_weights_and_a_league_in_memory_back(tmp_path, build):
    from arena import LeaguePPO

    algorithm = build(small("leduc_poker"))
    for _ in range(4):
        algorithm.train()
    algorithm.save_to_path(tmp_path / "checkpoint")
    restored = LeaguePPO.from_checkpoint(tmp_path / "checkpoint")
    try:
        for module, state in module_state(algorithm).items():
            for name, value in state.items():
                np.testing.assert_array_equal(value, module_state(restored)[module][name])
        assert restored.session.members == algorithm.session.members
        assert restored.session.writer.tallies() == algorithm.session.writer.tallies()
        assert restored.session.standings() == algorithm.session.standings()
        assert restored.session.writer.history() == algorithm.session.writer.history()
        assert restored.session.planner.next_event == algorithm.session.planner.next_event
        restored.train()
        assert restored.session.progress.iteration == 5
        assert [each.iteration for each in restored.session.writer.history()] == [1, 2, 3, 4, 5]
        assert restored.iteration == 5
    finally:
        restored.stop()


def test_a_league_in_a_folder_goes_on_where_it_stopped(tmp_path, build):
    first = build(small(folder=tmp_path / "league"))
    for _ in range(3):
        first.train()
    weights_then, progress = module_state(first), first.session.progress
    first.stop()
    second = build(small(folder=tmp_path / "league", seed=77))
    assert second.session.seed == 1, "a league keeps its seed"
    for name, value in weights_then["main"].items():
        np.testing.assert_array_equal(value, module_state(second)["main"][name])
        np.testing.assert_array_equal(value, second.env_runner.module["main"].get_state()[name])
    second.train()
    assert second.session.progress.iteration == progress.iteration + 1
    assert second.session.progress.env_steps > progress.env_steps


def test_restoring_in_place_takes_the_past_for_the_present(tmp_path, build):
    algorithm = build(small("leduc_poker"))
    for _ in range(4):
        algorithm.train()
    members, standings = dict(algorithm.session.members), algorithm.session.standings()
    weights = {name: value.copy() for name, value in module_state(algorithm)["main"].items()}
    algorithm.save_to_path(tmp_path / "checkpoint")
    for _ in range(4):
        algorithm.train()
    assert algorithm.session.members != members
    algorithm.restore_from_path(tmp_path / "checkpoint")
    assert algorithm.session.members == members
    for state in (module_state(algorithm)["main"], algorithm.env_runner.module["main"].get_state()):
        for name, value in weights.items():
            np.testing.assert_array_equal(value, state[name])
    assert algorithm.session.standings() == standings
    algorithm.train()
    assert algorithm.session.progress.iteration == 5


def test_a_folder_cannot_be_at_two_times(tmp_path, build):
    """An older checkpoint of a league in a folder: the folder's newest learner goes on."""
    algorithm = build(small(folder=tmp_path / "league"))
    algorithm.train()
    algorithm.save_to_path(tmp_path / "checkpoint")
    for _ in range(3):
        algorithm.train()
    newest = module_state(algorithm)["main"]["policy.weight"]
    algorithm.restore_from_path(tmp_path / "checkpoint")
    np.testing.assert_array_equal(newest, module_state(algorithm)["main"]["policy.weight"])
    algorithm.train()
    assert algorithm.session.progress.iteration == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"roles": {"main": 1, "main_exploiter": 1}}, "has the learners"),
        ({"module_per_seat": True}, "has the learners"),
        ({"baselines": ("random", "mcts:10")}, "mcts"),
    ],
)
def test_wrong_settings_leave_a_league_as_it_was(tmp_path, build, change, message):
    folder = tmp_path / "league"
    first = build(small("kuhn_poker", folder))
    first.train()
    first.stop()
    with open_store(folder).reader() as reader:
        before = (reader.members(), reader.progress(), reader.info())
    with pytest.raises((LeagueError, AgentError), match=message):
        small("kuhn_poker", folder, **change).build_algo()
    with open_store(folder).reader() as reader:
        assert (reader.members(), reader.progress(), reader.info()) == before
    again = build(small("kuhn_poker", folder))
    again.train()
    assert again.session.progress.iteration == 2


def test_a_missing_weights_file_is_found_before_anything_starts(tmp_path, build):
    algorithm = build(small(folder=tmp_path))
    while "main@1" not in algorithm.session.members:
        algorithm.train()
    algorithm.stop()
    (missing,) = (tmp_path / "weights").glob(f"{algorithm.session.members['main@1'].weights}*")
    missing.unlink()
    with pytest.raises(StoreError, match="cannot be read"):
        small(folder=tmp_path).build_algo()


def test_another_network_is_refused(tmp_path, build):
    build(small(folder=tmp_path)).stop()
    with pytest.raises(LeagueError, match=r"trains with network\.config = .*fcnet_hiddens"):
        small(folder=tmp_path).rl_module(model_config={"fcnet_hiddens": [32]}).build_algo()


def test_a_baseline_that_cannot_play_leaves_no_folder(tmp_path):
    with pytest.raises(AgentError):
        small("kuhn_poker", tmp_path / "league", baselines=("random", "mcts:10")).build_algo()
    assert not (tmp_path / "league").exists()


def test_a_league_of_another_game_is_refused(tmp_path, build):
    build(small("tic_tac_toe", tmp_path)).stop()
    with pytest.raises(LeagueError, match=r"has a league of 'tic_tac_toe'.*'kuhn_poker'"):
        small("kuhn_poker", tmp_path).build_algo()


def test_your_own_module_and_the_residual_tower_train(build):
    from ray.rllib.core.rl_module import RLModuleSpec

    from agents.policies.network import MaskedNetwork

    class Own(MaskedNetwork):
        pass

    for config in (
        small("tic_tac_toe").rl_module(model_config={"network": "residual", "conv_channels": 8, "conv_blocks": 1}),
        small("kuhn_poker").rl_module(rl_module_spec=RLModuleSpec(module_class=Own)),
    ):
        algorithm = build(config)
        while "main@1" not in algorithm.session.members:
            algorithm.train()
        algorithm.train()
