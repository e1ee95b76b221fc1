"""SAC: its losses against plain formulas, whose parameters each reaches, alpha, and learning."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from off_policy import COUNT, loss, make_learner, rows, update
from ray.rllib.core.columns import Columns

from agents.policies.network import ACTION_MASK
from arena import LeagueSACConfig
from arena.play.matches import play_match
from arena.training.algorithms.off_policy import DISCOUNTS
from arena.training.replay import WEIGHTS
from games import make_game
from leagues.errors import LeagueError

pytestmark = [pytest.mark.usefixtures("local_ray"), pytest.mark.slow]

GAME, POINTS = make_game("tic_tac_toe"), make_game("meeting_game:Meeting")


def entropy_of(odds: np.ndarray) -> float:
    positive = odds[odds > 0]
    return float(-(positive * np.log(positive)).sum())


def test_the_discrete_loss_is_the_sum_of_its_three_formulas() -> None:
    learner = make_learner("sac", GAME, initial_alpha=0.3, target_entropy_share=0.4)
    network, batch = learner.networks["main"], rows(GAME)
    target = learner._targets.of("main", network)
    with torch.no_grad():
        for parameter in target.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
        alpha = network.log_alpha.exp().item()
        after = {Columns.OBS: batch[Columns.NEXT_OBS]}
        odds, next_odds = (network.act(each).softmax(1).double().numpy() for each in (batch, after))
        q, next_q = network.q_values(batch).numpy(), target.q_values(after).numpy()
    critics, policies, alphas = [], [], []
    for row in range(COUNT):
        value = (next_odds[row] * next_q[:, row].min(0)).sum() + alpha * entropy_of(next_odds[row])
        goal = batch[Columns.REWARDS][row].item() + batch[DISCOUNTS][row].item() * value
        errors = q[:, row, batch[Columns.ACTIONS][row]] - goal
        critics.append(0.5 * batch[WEIGHTS][row].item() * (errors**2).sum())
        policies.append(-(odds[row] * q[:, row].min(0)).sum() - alpha * entropy_of(odds[row]))
        wanted = 0.4 * math.log(batch[Columns.OBS][ACTION_MASK][row].sum())
        alphas.append(math.log(alpha) * (entropy_of(odds[row]) - wanted))
    expected = np.mean(critics) + np.mean(policies) + np.mean(alphas)
    assert loss(learner, batch).item() == pytest.approx(expected, rel=1e-4)
    assert len(learner.take_errors()["main"][1]) == COUNT


@pytest.mark.parametrize("game", [GAME, POINTS], ids=["discrete", "continuous"])
def test_no_loss_reaches_the_parameters_of_another(game: Any) -> None:
    """The gradient of the sum is, in each part, the gradient of its own loss: critics ignore the policy's wishes."""
    learner, batch = make_learner("sac", game), rows(game)
    network = learner.networks["main"]

    def gradients(parameters: Any) -> list[torch.Tensor]:
        network.zero_grad()
        torch.manual_seed(5)
        loss(learner, batch).backward()
        return [each.grad.clone() for each in parameters]

    def critic_loss() -> torch.Tensor:
        torch.manual_seed(5)
        output = learner.module["main"].forward_train(batch)
        with torch.no_grad():
            after = {Columns.OBS: batch[Columns.NEXT_OBS]}
            inputs = network.act(after)
            target = learner._targets.of("main", network)
            if network.continuous:
                means, log_stds = inputs.chunk(2, 1)
                spread = (log_stds + 0.5 * math.log(math.tau * math.e)).sum(1)
                value = target.q_values(after, means + log_stds.exp() * torch.randn_like(means)).amin(0)
            else:
                odds = inputs.softmax(1)
                spread = -torch.where(odds > 0, odds * odds.clamp(min=1e-30).log(), 0.0).sum(1)
                value = (odds * target.q_values(after).amin(0)).sum(1)
            goal = batch[Columns.REWARDS] + batch[DISCOUNTS] * (value + network.log_alpha.exp() * spread)
        said = output["qf_preds"]
        if not network.continuous:
            said = said[:, torch.arange(COUNT), batch[Columns.ACTIONS]]
        return 0.5 * (batch[WEIGHTS] * (said - goal).square()).mean(1).sum()

    whole = gradients(network.critic_parameters())
    network.zero_grad()
    critic_loss().backward()
    for one, parameter in zip(whole, network.critic_parameters(), strict=True):
        torch.testing.assert_close(one, parameter.grad, rtol=1e-3, atol=1e-5)
    assert all(each.requires_grad for each in network.parameters())
    assert any((each != 0).any() for each in gradients(network.actor_parameters()))


@pytest.mark.parametrize("game", [GAME, POINTS], ids=["discrete", "continuous"])
@pytest.mark.parametrize(("target", "rises"), [(1.0, True), (-50.0, False)])
def test_alpha_rises_where_the_entropy_is_too_low(game: Any, target: float, rises: bool) -> None:
    # The networks are far from uniform in the first case, and no entropy is below -50 nats in the second.
    learner = make_learner("sac", game, target_entropy=target, alpha_lr=0.01)
    network = learner.networks["main"]
    with torch.no_grad():
        network.policy.weight.mul_(50.0)
        if network.continuous:
            network.policy.bias[2:] = -5.0
    before = network.log_alpha.item()
    update(learner, rows(game))
    assert (network.log_alpha.item() > before) == rises


def test_a_position_with_one_legal_action_asks_for_no_entropy() -> None:
    learner, batch = make_learner("sac", GAME, target_entropy=0.5), rows(GAME)
    batch[Columns.OBS][ACTION_MASK][:] = False
    batch[Columns.OBS][ACTION_MASK][:, 4] = True
    batch[Columns.ACTIONS][:] = 4
    before = learner.networks["main"].log_alpha.item()
    update(learner, batch)
    assert learner.networks["main"].log_alpha.item() == before


def test_each_part_has_its_own_learning_rate() -> None:
    learner = make_learner("sac", GAME, actor_lr=1e-3, critic_lr=[[0, 2e-3], [1, 1e-3]], alpha_lr=5e-3)
    update(learner, rows(GAME), share=0.5)
    rates = {name.rsplit("main_")[-1]: each.param_groups[0]["lr"]
             for name, each in learner.get_optimizers_for_module("main")}  # fmt: skip
    assert rates == pytest.approx({"actor_lr": 1e-3, "critic_lr": 1.5e-3, "alpha_lr": 5e-3})
    learner.scale({"main": {"critic_lr": 2.0}})
    update(learner, rows(GAME), share=0.5)
    rates = [each.param_groups[0]["lr"] for _, each in learner.get_optimizers_for_module("main")]
    assert sorted(rates) == pytest.approx([1e-3, 3e-3, 5e-3])


def config(game: str, **settings: Any) -> LeagueSACConfig:
    made = (
        LeagueSACConfig()
        .game(game)
        .league(None, snapshot_min_steps=8000, snapshot_max_steps=16000, anchors=())
        .env_runners(num_envs_per_env_runner=32)
        .rl_module(model_config={"fcnet_hiddens": [64, 64]})
        .training(num_steps_sampled_before_learning_starts=2000, minibatch_size=64, training_intensity=4)
        .debugging(seed=1, log_level="ERROR")
    )
    return made.training(**settings)


def test_it_learns_tic_tac_toe(build: Any) -> None:
    algorithm = build(config("tic_tac_toe"))
    for _ in range(15):
        algorithm.train()
    result = play_match(GAME, [algorithm.snapshots.agent("main"), "random"], games=200, seed=1)
    assert result.score > 0.7
    assert {"policy_loss", "qf_loss", "alpha_value"} < set(algorithm.session.progress.metrics["main"])


def test_it_learns_continuous_actions(build: Any) -> None:
    algorithm = build(config("meeting_game:Meeting"))
    for _ in range(8):
        algorithm.train()
    result = play_match(POINTS, [algorithm.snapshots.agent("main"), "random"], games=200, seed=1)
    trained, random = result.returns
    assert trained > random / 2  # returns are negative squared distances; random play has -2.33 a game


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lr": 1e-3}, "lr=0.001 has no effect.*actor_lr"),
        ({"target_entropy": "high"}, "target_entropy is a number or 'auto'"),
        ({"policy_model_config": {"fcnet_hiddens": [9]}}, "policy_model_config=.*fcnet_hiddens"),
        ({"tau": 0.0}, "0 < tau <= 1"),
        ({"critic_lr": [[0, 1e-3]]}, "schedule of critic_lr"),
    ],
)
def test_a_wrong_setting_is_one_line(change: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, LeagueError), match=message) as raised:
        LeagueSACConfig().game("tic_tac_toe").training(**change).validate()
    assert "\n" not in str(raised.value)


def test_a_network_without_critics_is_refused() -> None:
    from network_specs import masked_spec

    with pytest.raises(LeagueError, match="'sac' trains a SoftActorCritic, but got MaskedNetwork"):
        LeagueSACConfig().game("tic_tac_toe").rl_module(rl_module_spec=masked_spec(GAME)).validate()
