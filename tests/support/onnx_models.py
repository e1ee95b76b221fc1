"""Small ONNX models, sound for a game by default, with a fault on demand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from games.contract import Game

DTYPES = {"observation": TensorProto.FLOAT, "action_mask": TensorProto.BOOL, "seat": TensorProto.FLOAT}


def uniform_model(game: Game, *, card: Any = None, bias: Sequence[float] | None = None) -> onnx.ModelProto:
    """A model that masks nothing: it gives each action its bias, and the value 0.

    Args:
        game: the game.
        card: what its metadata says; the game's spec by default.
        bias: for each action; 0 by default.
    """
    shapes = {
        "observation": game.observation_shape,
        "action_mask": (game.num_actions,),
        "seat": (game.num_seats,),
    }
    inputs = [helper.make_tensor_value_info(name, DTYPES[name], ["rows", *shape]) for name, shape in shapes.items()]
    outputs = [
        helper.make_tensor_value_info("log_probabilities", TensorProto.FLOAT, ["rows", game.num_actions]),
        helper.make_tensor_value_info("value", TensorProto.FLOAT, ["rows"]),
    ]
    biases = np.zeros(game.num_actions, np.float32) if bias is None else np.array(bias, np.float32)
    constants = [
        numpy_helper.from_array(biases, "bias"),
        numpy_helper.from_array(np.zeros(1, np.float32), "zero"),
        numpy_helper.from_array(np.array([1], np.int64), "axis"),
    ]
    nodes = [
        helper.make_node("Cast", ["action_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["mask", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "bias"], ["log_probabilities"]),
        helper.make_node("ReduceSum", ["nothing", "axis"], ["value"], keepdims=0),
    ]
    graph = helper.make_graph(nodes, "uniform", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    entry = model.metadata_props.add()
    entry.key, entry.value = "card", json.dumps({"game": game.spec}) if card is None else card
    return model
