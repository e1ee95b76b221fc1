"""Networks of action values: how they act, the dueling architecture, distributions of returns, and noise."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from network_specs import positions
from ray.rllib.core.columns import Columns

from agents.policies.fit import check_fit, outline
from agents.policies.network import ACTION_MASK, build_network
from agents.policies.q_network import EPSILON_OF_SNAPSHOTS, QF_LOGITS, QF_PREDS, QNetwork
from games import make_game

GAME = make_game("tic_tac_toe")


def network(**config: Any) -> QNetwork:
    torch.manual_seed(0)
    module = build_network(QNetwork, GAME, {"fcnet_hiddens": [16], **config})
    assert isinstance(module, QNetwork)
    for head in (module.policy, module.value):
        if head is not None:
            torch.nn.init.normal_(head.weight)
    return module


@pytest.mark.parametrize("config", [{}, {"num_atoms": 11}, {"dueling": False}, {"view": "tic_tac_toe"}])
def test_it_takes_the_best_legal_action_or_any_legal_one(config: dict[str, Any]) -> None:
    module, batch = network(**config), positions(GAME)
    mask = batch[Columns.OBS][ACTION_MASK]
    q, _ = module.q_values(batch)
    best = torch.where(mask, q, -torch.inf).argmax(1)
    module.epsilon.fill_(0.3)
    for forward, epsilon in (
        (module.forward_exploration, 0.3),
        (module.forward_inference, EPSILON_OF_SNAPSHOTS),
    ):
        output = forward(batch)
        expected = mask * epsilon / mask.sum(1, keepdim=True)
        expected[torch.arange(len(best)), best] += 1 - epsilon
        torch.testing.assert_close(output[Columns.ACTION_DIST_INPUTS].exp(), expected)
        torch.testing.assert_close(output[Columns.VF_PREDS], q[torch.arange(len(best)), best])
    torch.testing.assert_close(module.compute_values(batch), q[torch.arange(len(best)), best])


def test_without_exploration_the_inputs_stay_finite() -> None:
    module, batch = network(), positions(GAME)
    module.epsilon.fill_(0.0)
    inputs = module.forward_exploration(batch)[Columns.ACTION_DIST_INPUTS]
    assert torch.isfinite(inputs).all()
    assert (inputs.softmax(1).amax(1) == 1).all()


def test_in_a_dueling_architecture_the_legal_advantages_have_the_mean_zero() -> None:
    module, batch = network(), positions(GAME)
    mask = batch[Columns.OBS][ACTION_MASK]
    q, _ = module.q_values(batch)
    seen = batch[Columns.OBS]
    hidden = module.trunk(seen["observation"], seen["seat"])
    torch.testing.assert_close((q * mask).sum(1) / mask.sum(1), module.value(hidden).squeeze(1))
    assert not [name for name, _ in network(dueling=False).named_parameters() if name.startswith("value")]


def test_values_are_the_means_of_their_distributions() -> None:
    module, batch = network(num_atoms=5, v_min=-2.0, v_max=2.0), positions(GAME)
    output = module.forward_train(batch)
    assert output[QF_LOGITS].shape == (40, 9, 5)
    expected = (output[QF_LOGITS].softmax(2) * torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0])).sum(2)
    torch.testing.assert_close(output[QF_PREDS], expected)


def images(board: torch.Tensor) -> set[bytes]:
    """A board ``(planes, 3, 3)`` and its mirrors and rotations."""
    turned = [board.rot90(turns, (1, 2)) for turns in range(4)]
    return {each.numpy().tobytes() for one in turned for each in (one, one.flip(2))}


def test_a_board_and_its_mirror_have_the_same_values() -> None:
    module, batch = network(orientation="tic_tac_toe", num_atoms=3), positions(GAME, steps=4)
    lopsided = [len(images(board)) == 8 for board in batch[Columns.OBS]["observation"]]
    assert sum(lopsided) > 20, "a board that is its own mirror has one way to be seen, and its actions are not alike"
    seen = {name: value[torch.tensor(lopsided)] for name, value in batch[Columns.OBS].items()}
    q, logits = module.q_values({Columns.OBS: seen})
    mask = seen[ACTION_MASK].view(-1, 3, 3).flip(2).flatten(1)
    flipped = {**seen, "observation": seen["observation"].flip(3), ACTION_MASK: mask}
    mirrored, mirrored_logits = module.q_values({Columns.OBS: flipped})
    torch.testing.assert_close(mirrored.view(-1, 3, 3).flip(2).flatten(1), q)
    assert logits is not None
    assert mirrored_logits is not None
    torch.testing.assert_close(mirrored_logits.view(-1, 3, 3, 3).flip(2).flatten(1, 2), logits)


def test_noise_is_there_in_learning_and_exploring_only_and_every_row_has_its_own() -> None:
    module, batch = network(noisy=True, dueling=False), positions(GAME)
    one_position = {name: value[:1].expand(2000, *value.shape[1:]) for name, value in batch[Columns.OBS].items()}
    same = {Columns.OBS: one_position}
    still = module.forward_inference(same)[QF_PREDS]
    assert (still == still[0]).all()
    for forward in (module.forward_exploration, module.forward_train):
        noisy = forward(same)[QF_PREDS][:, one_position[ACTION_MASK][0]]
        assert (noisy.std(0) > 0.01).all()
    drawn = module.forward_train(same)[QF_PREDS]
    mean, deviation = drawn.mean(0), drawn.std(0)
    q, _ = module.q_values({Columns.OBS: {name: value[:1] for name, value in batch[Columns.OBS].items()}})
    assert ((mean - q[0]).abs() < 5 * deviation / 2000**0.5).all()


@pytest.mark.parametrize("config", [{"num_atoms": 0}, {"v_min": 1.0, "v_max": 1.0}])
def test_settings_that_make_no_network_are_refused(config: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"num_atoms >= 1.*v_min < v_max"):
        network(**config)


def test_continuous_actions_are_refused() -> None:
    game = make_game("meeting_game:Meeting")
    with pytest.raises(ValueError, match="`sac`"):
        build_network(QNetwork, game, {})


def test_its_outline_is_that_of_its_tensors() -> None:
    module = network(num_atoms=3, noisy=True)
    arrays = module.get_state()
    check_fit("main", arrays, outline(QNetwork, GAME, module.model_config, len(arrays)))
