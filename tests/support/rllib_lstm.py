"""A network with a state as RLlib's users write one, after its example ``lstm_containing_rlm.py``."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.apis.value_function_api import ValueFunctionAPI
from ray.rllib.core.rl_module.torch import TorchRLModule
from torch import Tensor, nn


class UsersLstm(TorchRLModule, ValueFunctionAPI):
    """Its forward pass gives no values, and its state begins with numbers that are not zero."""

    def setup(self) -> None:
        inputs = self.observation_space["observation"].shape[0]
        self.width = self.model_config.get("lstm_cell_size", 16)
        self.lstm = nn.LSTM(inputs, self.width, batch_first=True)
        self.policy = nn.Linear(self.width, self.action_space.n)
        self.values = nn.Linear(self.width, 1)

    def get_initial_state(self) -> dict[str, Any]:
        return {"h": np.full(self.width, 0.5, np.float32), "c": np.zeros(self.width, np.float32)}

    def _forward(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        hidden, state = self._remember(batch)
        logits = torch.where(batch[Columns.OBS]["action_mask"].bool(), self.policy(hidden), -1e9)
        return {Columns.ACTION_DIST_INPUTS: logits, Columns.STATE_OUT: state}

    def _forward_train(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        hidden, _ = self._remember(batch)
        return {**self._forward(batch), Columns.EMBEDDINGS: hidden}

    def compute_values(self, batch: dict[str, Any], embeddings: Tensor | None = None) -> Tensor:
        return self.values(self._remember(batch)[0] if embeddings is None else embeddings).squeeze(-1)

    def _remember(self, batch: dict[str, Any]) -> tuple[Tensor, dict[str, Tensor]]:
        state = batch[Columns.STATE_IN]
        seen = batch[Columns.OBS]["observation"]
        hidden, (h, c) = self.lstm(seen, (state["h"].unsqueeze(0), state["c"].unsqueeze(0)))
        return hidden, {"h": h.squeeze(0), "c": c.squeeze(0)}
