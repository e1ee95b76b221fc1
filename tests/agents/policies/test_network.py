import copy

import numpy as np
import pytest
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.models.torch.primitives import TorchCNN

from agents.policies.agent import module_batch
from agents.policies.distributions import sample_actions
from agents.policies.network import (
    ACTION_MASK,
    LOGIT_OF_ILLEGAL,
    OBSERVATION,
    SEAT,
    MaskedNetwork,
    build_network,
    mask_logits,
)
from games import make_game


def batch_of(game, rows=16):
    """Rows of real positions, one step into the game."""
    tables = game.tables(rows)
    tables.reset(range(rows), range(rows))
    rng = np.random.default_rng(0)
    count = tables.observe()
    tables.step((tables.masks[:count] * rng.random((count, game.num_actions))).argmax(1))
    count = tables.observe()
    return module_batch(tables.observations[:count], tables.masks[:count], tables.seats[:count], game.num_seats)


@pytest.mark.parametrize(
    "network",
    [
        {"network": "mlp"},
        {"network": "mlp", "conv_filters": [[8, [4, 3], 1, "valid"], [4, 2, 2]]},
        {"network": "residual", "conv_channels": 8, "conv_blocks": 1},
    ],
)
@pytest.mark.parametrize("spec", ["connect_four", "pettingzoo:connect_four_v3"])
def test_illegal_actions_have_no_probability_and_the_batch_is_not_touched(spec, network):
    game = make_game(spec)
    module = build_network(MaskedNetwork, game, network)
    batch = batch_of(game)
    before = copy.deepcopy(batch)
    for forward in (module.forward_exploration, module.forward_inference, module.forward_train):
        output = forward(batch)
        illegal = ~batch[Columns.OBS][ACTION_MASK]
        probabilities = output[Columns.ACTION_DIST_INPUTS].softmax(-1)
        assert (probabilities[illegal] == 0).all()
        assert torch.isfinite(output[Columns.ACTION_DIST_INPUTS]).all()
    for key in (OBSERVATION, ACTION_MASK, SEAT):
        assert torch.equal(batch[Columns.OBS][key], before[Columns.OBS][key])
    assert batch.keys() == before.keys()


@pytest.mark.parametrize("spec", ["connect_four", "pettingzoo:connect_four_v3"])
@pytest.mark.parametrize(
    "filters",
    [
        [[8, 4, 1, "valid"]],
        [[8, 4, 2]],
        [[4, 3, 1], [8, [3, 2], [1, 2]]],
        [[4, [1, 2], 1, "valid"], [3, 1, 1]],
        [[4, 1, 2]],
    ],
)
def test_convolutions_are_those_of_rllib(spec, filters):
    game = make_game(spec)
    ours = build_network(MaskedNetwork, game, {"conv_filters": filters}).trunk.convolutions
    boards = batch_of(game)[Columns.OBS][OBSERVATION]
    if spec == "connect_four":
        boards = boards.movedim(1, -1)
    theirs = TorchCNN(input_dims=list(boards.shape[1:]), cnn_filter_specifiers=filters)
    layers = [layer for layer in theirs.cnn if isinstance(layer, torch.nn.Conv2d)]
    for layer, own in zip(layers, [ours.first, *ours.others], strict=True):
        layer.load_state_dict(own.state_dict())
    expected = theirs(boards).flatten(1)
    assert ours.width == expected.shape[1]
    torch.testing.assert_close(ours(batch_of(game)[Columns.OBS][OBSERVATION]), expected)
    assert ours(batch_of(game)[Columns.OBS][OBSERVATION][:0]).shape == (0, ours.width)


@pytest.mark.parametrize(
    "filters", [7, [[8, 3]], [["many", 3, 1]], [[8, 9, 1, "valid"]], [[8, 0, 1]], [[8, 3, 0]], [[8, 3, 1, "full"]]]
)
def test_convolutions_that_do_not_fit_are_refused_in_one_line(filters):
    with pytest.raises(ValueError, match="`conv_filters` do not fit a board of shape") as caught:
        build_network(MaskedNetwork, make_game("connect_four"), {"conv_filters": filters})
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match='`network` is "residual"'):
        build_network(MaskedNetwork, make_game("go"), {"conv_filters": [[8, 3, 1]], "network": "residual"})
    with pytest.raises(ValueError, match="need a board or image of rank 3"):
        build_network(MaskedNetwork, make_game("kuhn_poker"), {"conv_filters": [[8, 3, 1]]})


@pytest.mark.parametrize("shared", [True, False])
def test_values_agree_with_and_without_embeddings(shared):
    game = make_game("kuhn_poker")
    module = build_network(MaskedNetwork, game, {"vf_share_layers": shared})
    batch = batch_of(game)
    output = module.forward_train(batch)
    torch.testing.assert_close(output[Columns.VF_PREDS], module.compute_values(batch))
    torch.testing.assert_close(
        output[Columns.VF_PREDS], module.compute_values(batch, embeddings=output[Columns.EMBEDDINGS])
    )


@pytest.mark.parametrize(("shared", "disturbed"), [(True, {"trunk", "value"}), (False, {"value_trunk", "value"})])
def test_the_loss_of_the_value_leaves_a_policy_of_its_own_alone(shared, disturbed):
    game = make_game("kuhn_poker")
    module = build_network(MaskedNetwork, game, {"vf_share_layers": shared})
    module.forward_train(batch_of(game))[Columns.VF_PREDS].sum().backward()
    assert {
        name.partition(".")[0] for name, weights in module.named_parameters() if weights.grad is not None
    } == disturbed


def test_a_shared_module_sees_the_seat():
    game = make_game("tic_tac_toe")
    module = build_network(MaskedNetwork, game, {})
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(-1, 1)
    observation = np.zeros((2, *game.observation_shape), np.float32)
    output = module.forward_inference(
        module_batch(observation, np.ones((2, game.num_actions), bool), np.array([0, 1]), game.num_seats)
    )
    first, second = output[Columns.ACTION_DIST_INPUTS]
    assert not torch.allclose(first, second)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [("connect_four", "Mlp"), ("leduc_poker", "Mlp"), ("go(board_size=9)", "Residual"), ("othello", "Mlp")],
)
def test_auto_takes_the_residual_tower_for_large_boards(spec, expected):
    assert type(build_network(MaskedNetwork, make_game(spec), {}).trunk).__name__ == expected


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"network": "transformer"}, "`network` must be one of"),
        ({"fcnet_activation": "sine"}, "`fcnet_activation` must be one of"),
        ({"precision": "float16"}, "`precision` must be one of"),
    ],
)
def test_a_wrong_setting_is_named(settings, message):
    with pytest.raises(ValueError, match=message):
        build_network(MaskedNetwork, make_game("tic_tac_toe"), settings)


@pytest.mark.parametrize("network", ["mlp", "residual"])
def test_weights_have_the_memory_order_that_files_restore(network):
    """A fused optimizer walks memory, so its state must have the order of its weight."""
    module = build_network(MaskedNetwork, make_game("connect_four"), {"network": network})
    assert all(parameter.is_contiguous() for parameter in module.parameters())


@pytest.mark.parametrize("network", ["mlp", "residual"])
def test_half_precision_gives_nearly_the_same_and_learns_in_full(network):
    game = make_game("connect_four")
    settings = {"network": network, "conv_channels": 8, "conv_blocks": 1}
    full = build_network(MaskedNetwork, game, settings)
    half = build_network(MaskedNetwork, game, settings | {"precision": "bfloat16"})
    half.load_state_dict(full.state_dict())
    batch = batch_of(game)
    outputs = [module.forward_train(batch) for module in (full, half)]
    for key in (Columns.ACTION_DIST_INPUTS, Columns.VF_PREDS, Columns.EMBEDDINGS):
        exact, near = (output[key] for output in outputs)
        assert near.dtype == torch.float32
        torch.testing.assert_close(near, exact, rtol=0.05, atol=0.05)
    assert not torch.equal(*(output[Columns.EMBEDDINGS] for output in outputs))
    outputs[1][Columns.VF_PREDS].sum().backward()
    assert {parameter.grad.dtype for parameter in half.trunk.parameters()} == {torch.float32}


def test_a_residual_network_needs_a_board():
    with pytest.raises(ValueError, match="rank 3"):
        build_network(MaskedNetwork, make_game("kuhn_poker"), {"network": "residual"})


def test_mask_logits_leaves_its_arguments_alone():
    logits, mask = torch.randn(4, 5), torch.rand(4, 5) > 0.5
    kept = logits.clone()
    masked = mask_logits(logits, mask)
    assert torch.equal(logits, kept)
    assert (masked[~mask] == LOGIT_OF_ILLEGAL).all()
    assert torch.equal(masked[mask], logits[mask])


class Zeros:
    """A generator at its rarest: every draw is exactly 0."""

    def standard_exponential(self, shape, dtype):
        return np.zeros(shape, dtype)


def padded(logits, width):
    """Rows of ``width`` actions, the added ones illegal: wide rows are drawn from by another function."""
    rows = np.full((len(logits), width), LOGIT_OF_ILLEGAL, np.float32)
    rows[:, : len(logits[0])] = logits
    return rows


@pytest.mark.parametrize("width", [3, 200])
def test_a_draw_of_zero_does_not_make_an_illegal_action_legal(width):
    logits = padded([[LOGIT_OF_ILLEGAL, 0.0, 5.0], [LOGIT_OF_ILLEGAL, LOGIT_OF_ILLEGAL, 1.0]], width)
    actions, log_probs = sample_actions(logits, Zeros())
    assert actions[0] in (1, 2)
    assert actions[1] == 2
    assert np.isfinite(log_probs).all()


@pytest.mark.parametrize("width", [3, 200])
def test_sampled_actions_follow_the_softmax(width):
    logits = padded([[0.0, np.log(3.0), LOGIT_OF_ILLEGAL]], width).repeat(40_000, axis=0)
    actions, log_probs = sample_actions(logits, np.random.default_rng(3))
    share = np.bincount(actions, minlength=3) / len(actions)
    np.testing.assert_allclose(share, [0.25, 0.75, 0.0], atol=0.01)
    np.testing.assert_allclose(np.exp(log_probs), np.where(actions == 1, 0.75, 0.25), rtol=1e-5)
    assert (sample_actions(logits[:5], None)[0] == 1).all()


def test_wide_rows_are_drawn_from_each_by_its_own_odds():
    rng = np.random.default_rng(4)
    legal = rng.random((6, 300)) < 0.05
    legal[:, 17] = True
    logits = np.where(legal, rng.normal(size=legal.shape), LOGIT_OF_ILLEGAL).astype(np.float32)
    odds = np.where(legal, np.exp(logits - logits.max(axis=1, keepdims=True)), 0)
    actions, log_probs = sample_actions(logits.repeat(20_000, axis=0), rng)
    expected = odds / odds.sum(axis=1, keepdims=True)
    for row in range(6):
        share = np.bincount(actions[row * 20_000 : (row + 1) * 20_000], minlength=300) / 20_000
        np.testing.assert_allclose(share, expected[row], atol=0.015)
    np.testing.assert_allclose(np.exp(log_probs), expected[np.arange(120_000) // 20_000, actions], rtol=1e-4)


@pytest.mark.parametrize("width", [3, 200])
def test_a_network_without_finite_outputs_does_not_break_the_draw(width):
    logits = np.full((2, width), np.nan, np.float32)
    actions, log_probs = sample_actions(logits, np.random.default_rng(0))
    assert ((actions >= 0) & (actions < width)).all()
    assert np.isnan(log_probs).all()
