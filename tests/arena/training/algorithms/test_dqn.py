"""DQN and the parts of Rainbow: the loss against plain formulas, targets and exploration over time, and learning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from off_policy import COUNT, loss, make_learner, rows, update
from ray.rllib.core.columns import Columns
from small_training import module_state, small

from agents.policies.network import ACTION_MASK
from arena import LeagueDQNConfig
from arena.play.matches import play_match
from arena.training.algorithms.off_policy import DISCOUNTS
from arena.training.replay import ROWS, WEIGHTS
from games import make_game
from leagues.errors import LeagueError

pytestmark = [pytest.mark.usefixtures("local_ray"), pytest.mark.slow]

GAME = make_game("tic_tac_toe")


def spread(learner: Any) -> None:
    """Let the target differ from the network that learns."""
    target = learner._targets.of("main", learner.networks["main"])
    with torch.no_grad():
        for parameter in target.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))


@pytest.mark.parametrize("double_q", [True, False])
@pytest.mark.parametrize("kind", ["huber", "mse"])
def test_the_loss_is_that_of_the_best_legal_next_action(double_q: bool, kind: str) -> None:
    learner = make_learner("dqn", GAME, double_q=double_q, td_error_loss_fn=kind)
    spread(learner)
    batch, network = rows(GAME), learner.networks["main"]
    after = {Columns.OBS: batch[Columns.NEXT_OBS]}
    with torch.no_grad():
        q = network.q_values(batch)[0].numpy()
        online = network.q_values(after)[0].numpy()
        target = learner._targets.of("main", network).q_values(after)[0].numpy()
    expected, errors = [], []
    for row in range(COUNT):
        legal = np.flatnonzero(batch[Columns.NEXT_OBS][ACTION_MASK][row])
        best = max(legal, key=lambda action, row=row: (online if double_q else target)[row, action])
        goal = batch[Columns.REWARDS][row] + batch[DISCOUNTS][row] * target[row, best]
        error = abs(q[row, batch[Columns.ACTIONS][row]] - goal)
        squared = 0.5 * error**2 if error < 1 else error - 0.5
        expected.append(batch[WEIGHTS][row] * (squared if kind == "huber" else error**2))
        errors.append(error)
    assert loss(learner, batch).item() == pytest.approx(np.mean(expected), rel=1e-4)
    places, sizes = learner.take_errors()["main"]
    np.testing.assert_array_equal(places, batch[ROWS])
    np.testing.assert_allclose(sizes, errors, rtol=1e-3, atol=1e-5)
    assert learner.take_errors() == {}


def test_no_illegal_next_action_changes_the_loss() -> None:
    learner, batch = make_learner("dqn", GAME), rows(GAME)
    before = loss(learner, batch).item()
    illegal = ~batch[Columns.NEXT_OBS][ACTION_MASK]
    for network in (learner.networks["main"], learner._targets.of("main", learner.networks["main"])):
        original = network.q_values
        network.q_values = lambda seen, original=original, **more: (
            (original(seen, **more)[0] + 1e3 * illegal * (seen[Columns.OBS] is batch[Columns.NEXT_OBS])),
            None,
        )
    assert loss(learner, batch).item() == pytest.approx(before, rel=1e-5)


def test_a_distribution_of_returns_is_projected_onto_its_atoms() -> None:
    learner = make_learner("dqn", GAME, num_atoms=5, v_min=-1.0, v_max=1.0)
    spread(learner)
    batch, network, atoms = rows(GAME), learner.networks["main"], np.linspace(-1, 1, 5)
    after = {Columns.OBS: batch[Columns.NEXT_OBS]}
    with torch.no_grad():
        logits = network.q_values(batch)[1]
        online = network.q_values(after)[0]
        target = learner._targets.of("main", network).q_values(after)[1]
    expected = []
    for row in range(COUNT):
        best = torch.where(batch[Columns.NEXT_OBS][ACTION_MASK][row], online[row], -torch.inf).argmax()
        projected = np.zeros(5)
        for odds, atom in zip(target[row, best].softmax(0).numpy(), atoms, strict=True):
            goal = batch[Columns.REWARDS][row].item() + batch[DISCOUNTS][row].item() * atom
            place = (min(1.0, max(-1.0, goal)) + 1) / 0.5
            lower = min(int(place), 3)
            projected[lower] += odds * (lower + 1 - place)
            projected[lower + 1] += odds * (place - lower)
        assert projected.sum() == pytest.approx(1.0, abs=1e-5)
        chosen = logits[row, batch[Columns.ACTIONS][row]].log_softmax(0).numpy()
        expected.append(-batch[WEIGHTS][row] * (projected * chosen).sum())
    assert loss(learner, batch).item() == pytest.approx(np.mean(expected), rel=1e-4)


def test_the_target_moves_after_so_many_steps_of_its_module() -> None:
    # A gradient step on 16 rows stands for 4 agent steps, so an update of 64 rows for 16.
    learner = make_learner("dqn", GAME, minibatch_size=16, training_intensity=4.0, target_network_update_freq=24)
    network = learner.networks["main"]

    def target() -> torch.Tensor:
        return learner._targets.of("main", network).trunk.layers[0].weight.clone()

    first = target()
    update(learner, rows(GAME))
    assert torch.equal(target(), first)
    assert not torch.equal(network.trunk.layers[0].weight, first)
    update(learner, rows(GAME))
    assert not torch.equal(target(), first)
    assert learner.league_state()["steps_since"] == {"main": 8.0}


def test_a_share_of_the_way_is_what_tau_says() -> None:
    learner = make_learner("dqn", GAME, minibatch_size=64, target_network_update_freq=0, tau=0.25)
    network = learner.networks["main"]
    first = learner._targets.of("main", network).trunk.layers[0].weight.clone()
    update(learner, rows(GAME))
    moved = learner._targets.of("main", network).trunk.layers[0].weight
    torch.testing.assert_close(moved, first + 0.25 * (network.trunk.layers[0].weight - first))


def test_exploration_follows_its_schedule() -> None:
    learner = make_learner("dqn", GAME, epsilon=[[0, 1.0], [1000, 0.2]])
    network = learner.networks["main"]
    assert network.epsilon.item() == 1.0
    for steps, expected in ((500, 0.6), (2000, 0.2)):
        update(learner, rows(GAME), env_steps=steps)
        assert network.epsilon.item() == pytest.approx(expected)


def test_a_failed_update_takes_back_the_target_too() -> None:
    learner = make_learner("dqn", GAME, target_network_update_freq=0)
    network = learner.networks["main"]
    update(learner, rows(GAME))
    before = {name: value.clone() for name, value in learner._targets.of("main", network).state_dict().items()}
    weights = {name: value.clone() for name, value in network.state_dict().items()}
    batch = rows(GAME, 1)
    batch[Columns.REWARDS][:] = 1e30
    update(learner, batch)
    assert learner.failures.keys() == {"main"}
    assert not torch.equal(learner._targets.of("main", network).policy.weight, before["policy.weight"])
    learner.restore_good(["main"])
    for name, value in before.items():
        torch.testing.assert_close(learner._targets.of("main", network).state_dict()[name], value)
    torch.testing.assert_close(network.state_dict(), weights)


def test_a_target_of_another_network_is_refused() -> None:
    learner = make_learner("dqn", GAME)
    update(learner, rows(GAME))
    state = learner.league_state()
    state["targets"] = {"main": {**state["targets"]["main"], "policy.bias": np.zeros(4, np.float32)}}
    with pytest.raises(ValueError, match="target weights of 'main' are of another network"):
        learner.set_league_state(state)


def config(game: str, folder: Path | None = None, *, seed: int = 1, **settings: Any) -> LeagueDQNConfig:
    made = (
        LeagueDQNConfig()
        .game(game)
        .league(folder, snapshot_min_steps=8000, snapshot_max_steps=16000, anchors=())
        .env_runners(num_envs_per_env_runner=32)
        .rl_module(model_config={"fcnet_hiddens": [64, 64]})
        .training(epsilon=[[0, 1.0], [20_000, 0.05]], num_steps_sampled_before_learning_starts=2000)
        .training(minibatch_size=64, training_intensity=4, lr=1e-3)
        .debugging(seed=seed, log_level="ERROR")
    )
    return made.training(**settings)


RAINBOW = {"num_atoms": 21, "noisy": True, "epsilon": 0.0}


@pytest.mark.parametrize("settings", [{}, RAINBOW], ids=["dqn", "rainbow"])
def test_it_learns_tic_tac_toe(build: Any, settings: dict[str, Any]) -> None:
    algorithm = build(config("tic_tac_toe", **settings))
    for _ in range(20):
        algorithm.train()
    result = play_match(GAME, [algorithm.snapshots.agent("main"), "random"], games=200, seed=1)
    assert result.score > 0.7  # 0.8 to 0.9 over seeds; random play has 0.5
    assert {"qf_loss", "td_error_mean"} < set(algorithm.session.progress.metrics["main"])


def test_it_learns_poker_by_its_returns(build: Any) -> None:
    algorithm = build(config("leduc_poker", seed=2))
    for _ in range(15):
        algorithm.train()
    result = play_match("leduc_poker", [algorithm.snapshots.agent("main"), "random"], games=1000, seed=3)
    assert result.returns[0] > 0.8  # chips a hand, 1.4 to 1.9 over seeds; random play has 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"replay_buffer_config": {"capacity": 0}}, "1 <= capacity"),
        ({"replay_buffer_config": {"alpha": 2.0}}, "0 <= alpha <= 1"),
        ({"replay_buffer_config": {"type": "ReplayBuffer"}}, "type of a replay is one of"),
        ({"replay_buffer_config": {"capasity": 5}}, "no 'capasity'.*capacity"),
        ({"replay_buffer_config": {"capacity": 1000}}, "num_steps_sampled_before_learning_starts <= capacity"),
        ({"train_batch_size_per_learner": 32, "minibatch_size": 512}, "minibatch_size <= training_intensity"),
        ({"epsilon": [[0, 1.0], [1000, 2.0]]}, "at most 1"),
        ({"epsilon": [[10, 1.0], [1000, 0.1]]}, "steps rise from 0"),
        ({"v_min": 1.0, "v_max": -1.0}, "v_min < v_max"),
        ({"hiddens": [64]}, r"hiddens=\[64\] has no effect.*fcnet_hiddens"),
        ({"num_epochs": 3}, "num_epochs=3 has no effect.*training_intensity"),
        ({"n_step": (1, 3)}, "n_step must be a whole number"),
        ({"train_batch_size": 99}, "train_batch_size_per_learner"),
    ],
)
def test_a_wrong_setting_is_one_line(change: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, LeagueError), match=message) as raised:
        LeagueDQNConfig().game("tic_tac_toe").training(**change).validate()
    assert "\n" not in str(raised.value)


def test_a_game_or_a_network_that_q_learning_cannot_take_is_refused() -> None:
    from network_specs import masked_spec

    with pytest.raises(LeagueError, match=r"discrete actions.*'sac'"):
        LeagueDQNConfig().game("meeting_game:Meeting").validate()
    with pytest.raises(LeagueError, match="'dqn' trains a QNetwork, but got MaskedNetwork"):
        LeagueDQNConfig().game("tic_tac_toe").rl_module(rl_module_spec=masked_spec(GAME)).validate()


def test_atoms_span_the_returns_of_the_game() -> None:
    made = LeagueDQNConfig().game("leduc_poker").validated()
    assert (made.v_min, made.v_max) == (-13.0, 13.0)
    assert made.epsilon == ((0, 1.0), (100_000, 0.05))
    assert LeagueDQNConfig().game("leduc_poker").training(noisy=True).validated().epsilon == 0.0


@pytest.mark.parametrize("kept", [True, False])
def test_a_resumed_run_learns_on_from_its_replay_or_plays_until_it_has_one(
    build: Any, tmp_path: Path, kept: bool
) -> None:
    def run() -> Any:
        made = small("tic_tac_toe", tmp_path / "league", algorithm="dqn")
        return build(made.training(store_buffer_in_checkpoints=kept))  # 512 steps an iteration, 600 to begin with

    first = run()
    for _ in range(3):
        first.train()
    weights, rows = module_state(first)["main"]["policy.weight"].copy(), len(first.learners._replays["main"])
    first.stop()
    second = run()
    assert len(second.learners._replays["main"]) == (rows if kept else 0)
    second.train()
    learned = not np.array_equal(module_state(second)["main"]["policy.weight"], weights)
    assert learned == kept
    second.train()
    assert not np.array_equal(module_state(second)["main"]["policy.weight"], weights)
    assert second.learners.restored == {}


def test_remote_learners_share_what_is_drawn(build: Any) -> None:
    algorithm = build(small("tic_tac_toe", algorithm="dqn").learners(num_learners=2))
    for _ in range(3):
        algorithm.train()
    weights = algorithm.learner_group.foreach_learner(lambda each: each.networks["main"].get_state()["policy.weight"])
    one, other = (each.get() for each in weights)
    np.testing.assert_array_equal(one, other)
    replay = algorithm.learners._replays["main"]
    assert len(np.unique(replay._odds[: len(replay)])) > 100, "the errors of both became priorities"
