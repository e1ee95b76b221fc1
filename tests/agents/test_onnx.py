"""Agents from ONNX files, also from files that want harm."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_models import uniform_model

from agents.basic import GreedyAgent, RandomAgent
from agents.conformance import check_agent
from agents.contract import AgentError, Turn
from agents.onnx import MOST_STATE, OnnxAgent
from arena.names import load_agent
from games import Game, make_game

GAME = make_game("connect_four")
BIAS = [0.0, 1.0, 2.0, 9.0, 2.0, 1.0, 0.0]


def turn_of(game: Game, tables: int = 4) -> Turn:
    live = game.tables(tables)
    live.reset(range(tables), range(tables))
    count = live.observe()
    return Turn(live.observations[:count], live.masks[:count], live.seats[:count], live.table[:count], live.state)


def loaded(model: onnx.ModelProto, game: Game = GAME) -> OnnxAgent:
    return OnnxAgent(model.SerializeToString(), game)


def test_a_model_keeps_the_contract_of_an_agent() -> None:
    check_agent(lambda game: loaded(uniform_model(game)), GAME)


def test_actions_that_are_not_legal_are_never_drawn_whatever_the_model_says() -> None:
    agent = loaded(uniform_model(GAME, bias=BIAS))
    turn = turn_of(GAME)
    turn.masks[:, 3] = False
    told = agent.probabilities(turn)
    assert told is not None
    assert (told[:, 3] == 0).all()
    np.testing.assert_allclose(told.sum(axis=1), 1)
    for seed in range(50):
        assert turn.masks[np.arange(4), agent.act(turn, np.random.default_rng(seed))].all()
    greedy = GreedyAgent(agent, GAME)
    assert set(greedy.act(turn, np.random.default_rng(0)).tolist()) == {2}
    np.testing.assert_array_equal(agent.values(turn), np.zeros(4))


def test_a_model_without_a_value_plays_too() -> None:
    model = uniform_model(GAME)
    del model.graph.output[1]
    assert loaded(model).values(turn_of(GAME)) is None
    check_agent(loaded(model), GAME)


def test_it_is_named_by_its_file_and_loads_no_pytorch(tmp_path: Path) -> None:
    (tmp_path / "net:1.onnx").write_bytes(uniform_model(GAME).SerializeToString())
    script = (
        "import sys; from arena.play.matches import play_match\n"
        "result = play_match('connect_four', ['onnx:net:1.onnx', 'greedy:onnx:net:1.onnx'], games=4, seed=1)\n"
        "print(result.games, 'torch' in sys.modules, 'ray' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "4 False False\n"


def external(model: onnx.ModelProto) -> None:
    """The bias lies in a file of the one who loads the model."""
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "secret.bin"), ("length", "28")):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value


def external_in_a_node(model: onnx.ModelProto) -> None:
    tensor = TensorProto(name="c", data_type=TensorProto.FLOAT, dims=[7], data_location=TensorProto.EXTERNAL)
    model.graph.node.append(helper.make_node("Constant", [], ["unused"], value=tensor))


def foreign(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("Inverse", ["bias"], ["unused"], domain="com.microsoft"))
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def function(model: onnx.ModelProto) -> None:
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    model.functions.append(helper.make_function("", "Mine", ["x"], ["y"], nodes, [helper.make_opsetid("", 20)]))


def endless(model: onnx.ModelProto) -> None:
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["again"])],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
        ],
        [helper.make_tensor_value_info("again", TensorProto.BOOL, [])],
    )
    model.graph.initializer.append(numpy_helper.from_array(np.array(True), "yes"))
    model.graph.node.append(helper.make_node("Loop", ["", "yes"], [], body=body))


def one_row(model: onnx.ModelProto) -> None:
    for port in (*model.graph.input, *model.graph.output):
        port.type.tensor_type.shape.dim[0].dim_value = 1


def other_board(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 1 << 40


def whole_numbers(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.INT64


def no_seat(model: onnx.ModelProto) -> None:
    del model.graph.input[2]


def another_input(model: onnx.ModelProto) -> None:
    model.graph.input.append(helper.make_tensor_value_info("mood", TensorProto.FLOAT, ["rows", 8]))


def no_policy(model: onnx.ModelProto) -> None:
    del model.graph.output[0]


def no_card(model: onnx.ModelProto) -> None:
    del model.metadata_props[:]


def list_for_a_card(model: onnx.ModelProto) -> None:
    model.metadata_props[0].value = "[1]"


def deep_card(model: onnx.ModelProto) -> None:
    model.metadata_props[0].value = "[" * 100_000


def unknown_operator(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("Nonsense", ["bias"], ["unused"]))


def short_tensor(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].dims[0] = 1 << 60


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (external, "names another file for them"),
        (external_in_a_node, "names another file for them"),
        (foreign, "standard operators of ONNX only"),
        (function, "standard operators of ONNX only"),
        (endless, "no control flow, but this one has the operator 'Loop'"),
        (one_row, "must take 'observation' of float32 and shape ('rows', 3, 6, 7)"),
        (other_board, "has tensor(float) of shape ('rows', 3, 1099511627776, 7)"),
        (whole_numbers, "has tensor(int64) of shape"),
        (no_seat, "but this one has no 'seat'"),
        (another_input, "must not take 'mood'"),
        (no_policy, "but this one has no 'log_probabilities'"),
        (no_card, "must have a 'card' in its metadata"),
        (list_for_a_card, "must have a 'card' in its metadata"),
        (deep_card, "must have a 'card' in its metadata"),
        (unknown_operator, "cannot be loaded"),
        (short_tensor, "cannot be loaded"),
    ],
)
def test_what_cannot_be_a_harmless_policy_of_the_game_is_refused_in_one_line(
    change: Callable[[onnx.ModelProto], None], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("secret.bin").write_bytes(np.zeros(7, np.float32).tobytes())
    model = uniform_model(GAME)
    change(model)
    with pytest.raises(AgentError) as caught:
        loaded(model)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_small_file_cannot_take_all_memory() -> None:
    model = uniform_model(GAME)
    numbers = numpy_helper.from_array(np.array([4_000_000, 1_000_000], np.int64), "numbers")
    model.graph.initializer.append(numbers)
    model.graph.node.pop()
    model.graph.node.extend(
        [
            helper.make_node("ReduceSum", ["nothing"], ["sum"], keepdims=0),
            helper.make_node("Expand", ["sum", "numbers"], ["huge"]),
            helper.make_node("ReduceSum", ["huge"], ["least"], keepdims=0),
            helper.make_node("ReduceSum", ["nothing", "axis"], ["rest"], keepdims=0),
            helper.make_node("Add", ["least", "rest"], ["value"]),
        ]
    )
    agent = loaded(model)
    with pytest.raises(AgentError, match="the ONNX model failed") as caught:
        agent.values(turn_of(GAME))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bias", [[np.nan] * 7, [np.inf] * 7])
def test_numbers_that_are_none_are_an_error(bias: list[float]) -> None:
    with pytest.raises(AgentError, match="must give finite numbers"):
        loaded(uniform_model(GAME, bias=bias)).act(turn_of(GAME), np.random.default_rng(0))


def test_another_shape_than_the_model_says_is_an_error() -> None:
    model = uniform_model(GAME)
    model.graph.node[2].CopyFrom(helper.make_node("Concat", ["nothing", "nothing"], ["log_probabilities"], axis=0))
    with pytest.raises(AgentError, match=r"of shape \(4, 7\) as 'log_probabilities'.* of shape \(8, 7\)"):
        loaded(model).act(turn_of(GAME), np.random.default_rng(0))


def test_a_model_of_another_game_is_refused() -> None:
    with pytest.raises(AgentError, match=r"this policy plays 'connect_four'.*got 'tic_tac_toe'"):
        loaded(uniform_model(GAME), make_game("tic_tac_toe"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("onnx:", "there is no file ''"),
        ("onnx:nothing.onnx", "there is no file 'nothing.onnx'; write onnx:FILE"),
        ("onnx:.", "there is no file '.'"),
        ("onnx:/dev/zero", "there is no file '/dev/zero'"),
        ("onnx:a\0b", "there is no file"),
        ("onnx:text.onnx", "is no ONNX model"),
        ("onnx:empty.onnx", "ONNX model"),
        ("weights:nothing.safetensors", "write weights:FILE"),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_line(
    name: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.onnx").write_text("no model")
    Path("empty.onnx").touch()
    with pytest.raises(AgentError) as caught:
        load_agent(name, GAME)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("library", ["onnx", "onnxruntime"])
def test_without_its_libraries_the_message_names_the_extra(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = uniform_model(GAME).SerializeToString()
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(AgentError, match=r"pip install 'self-play-arena\[onnx\]'"):
        OnnxAgent(data, GAME)
    assert isinstance(load_agent("random", GAME), RandomAgent)


def test_the_state_of_a_model_is_limited_and_must_be_one() -> None:
    model = uniform_model(GAME)
    model.graph.input.append(helper.make_tensor_value_info("state", TensorProto.FLOAT, ["rows", MOST_STATE + 1]))
    with pytest.raises(AgentError, match="S is at most 65,536"):
        loaded(model)
    model.graph.input[-1].CopyFrom(helper.make_tensor_value_info("state", TensorProto.FLOAT, ["rows", 4]))
    with pytest.raises(AgentError, match="must give 'next_state'"):
        loaded(model)
