"""What networks remember with: an LSTM, a GRU, or attention over what was seen before.

Each takes the hidden layer of a trunk, step after step, and a state, which is all that it knows of the steps before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

State = dict[str, Tensor]

HEADS, HEAD_WIDTH = 4, 32
"""Of the attention."""


class Lstm(nn.Module):
    """A long short-term memory (Hochreiter and Schmidhuber 1997). Its state is ``h`` and ``c``, ``(width,)`` each.

    Args:
        inputs: numbers of a step that it reads.
        width: numbers that it gives.
    """

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.width = width
        self.cell = nn.LSTM(inputs, width, batch_first=True)
        # It remembers at first (Jozefowicz et al. 2015, "An Empirical Exploration of Recurrent Network Architectures").
        with torch.no_grad():
            dict(self.cell.named_parameters())["bias_ih_l0"][width : 2 * width] = 1.0

    def initial_state(self) -> State:
        """The state before the first step, zeros."""
        return {"h": torch.zeros(self.width), "c": torch.zeros(self.width)}

    def forward(self, hidden: Tensor, state: State) -> tuple[Tensor, State]:
        """Steps ``(B, T, inputs)`` after states ``(B, ...)``: ``(B, T, width)``, and the states after them."""
        if torch.compiler.is_exporting():  # a single step; several would become a loop, which models may not have
            h, c = torch.lstm_cell(hidden[:, 0], (state["h"], state["c"]), *self.cell.all_weights[0])
            return h.unsqueeze(1), {"h": h, "c": c}
        outputs, (h, c) = self.cell(hidden, (state["h"].unsqueeze(0), state["c"].unsqueeze(0)))
        return outputs, {"h": h.squeeze(0), "c": c.squeeze(0)}


class Gru(nn.Module):
    """A gated recurrent unit (Cho et al. 2014), as :class:`Lstm`. Its state is ``h``, ``(width,)``."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.width = width
        self.cell = nn.GRU(inputs, width, batch_first=True)

    def initial_state(self) -> State:
        """The state before the first step, zeros."""
        return {"h": torch.zeros(self.width)}

    def forward(self, hidden: Tensor, state: State) -> tuple[Tensor, State]:
        """As :meth:`Lstm.forward`."""
        if torch.compiler.is_exporting():  # as in Lstm
            h = torch.gru_cell(hidden[:, 0], state["h"], *self.cell.all_weights[0])
            return h.unsqueeze(1), {"h": h}
        outputs, h = self.cell(hidden, state["h"].unsqueeze(0))
        return outputs, {"h": h.squeeze(0)}


class Attention(nn.Module):
    """Attention of each step to itself and to the steps before it, with a learned bias for each distance in steps
    (Vaswani et al. 2017; Raffel et al. 2020).

    Its state is what it attends to: ``window``, the hidden layers of the latest steps ``(window, inputs)``, and
    ``seen``, 1 where there was a step and 0 where there was none yet, ``(window,)``.

    Args:
        inputs: numbers of a step that it reads, and that it gives.
        window: steps before a step that it attends to.
    """

    def __init__(self, inputs: int, window: int) -> None:
        super().__init__()
        self.width, self.window = inputs, window
        self.norm = nn.LayerNorm(inputs)
        self.query, self.key, self.value = (nn.Linear(inputs, HEADS * HEAD_WIDTH) for _ in range(3))
        self.joined = nn.Linear(HEADS * HEAD_WIDTH, inputs)
        self.distances = nn.Parameter(torch.zeros(HEADS, window + 1))

    def initial_state(self) -> State:
        """The state before the first step: nothing was seen."""
        return {"window": torch.zeros(self.window, self.width), "seen": torch.zeros(self.window)}

    def forward(self, hidden: Tensor, state: State) -> tuple[Tensor, State]:
        """As :meth:`Lstm.forward`."""
        steps = hidden.shape[1]
        known = torch.cat([state["window"], hidden], 1)  # (B, window + T, inputs)
        seen = torch.cat([state["seen"], torch.ones_like(hidden[:, :, 0])], 1)  # (B, window + T)
        places = torch.arange(self.window + steps, device=hidden.device)
        back = places[self.window :, None] - places  # (T, window + T), distance in steps
        near = (back >= 0) & (back <= self.window)
        normed = self.norm(known)
        query, key, value = (
            self._heads(self.query(normed[:, self.window :])),
            *map(self._heads, (self.key(normed), self.value(normed))),
        )
        scores = query @ key.transpose(2, 3) / HEAD_WIDTH**0.5 + self.distances[:, back.clamp(0, self.window)]
        allowed = near & seen.bool()[:, None, None, :]  # (B, 1, T, window + T)
        found = scores.masked_fill(~allowed, -torch.inf).softmax(3) @ value  # (B, heads, T, head width)
        outputs = hidden + self.joined(found.transpose(1, 2).flatten(2))
        return outputs, {"window": known[:, -self.window :], "seen": seen[:, -self.window :]}

    def _heads(self, values: Tensor) -> Tensor:
        """``(B, T, heads * width)`` as ``(B, heads, T, width)``."""
        return values.reshape(*values.shape[:2], HEADS, HEAD_WIDTH).transpose(1, 2)


MEMORIES = ("lstm", "gru", "attention")
"""Their names in ``model_config``."""

MEMORY_DEFAULTS = {"lstm_cell_size": 256, "attention_window": 16, "max_seq_len": 20, "burn_in_len": 0}
"""Settings of networks that remember, RLlib's where it has one. The learner reads the last two."""


def memory_kind(settings: Mapping[str, Any]) -> str | None:
    """Which of :data:`MEMORIES` a ``model_config`` asks for, if any.

    Raises:
        ValueError: it asks for two.
    """
    network = settings.get("network", "auto")
    kind = network if network in MEMORIES else None
    if not settings.get("use_lstm", False):
        return kind
    if kind not in (None, "lstm"):
        raise ValueError(f"`use_lstm` asks for an LSTM, but `network` is {network!r}; drop one of them")
    return "lstm"


def make_memory(kind: str, inputs: int, *, cell_size: int, window: int) -> Lstm | Gru | Attention:
    """A memory by its name in :data:`MEMORIES`.

    Raises:
        ValueError: ``cell_size`` or ``window`` is not a whole number above 0.
    """
    for name, size in (("lstm_cell_size", cell_size), ("attention_window", window)):
        if not (isinstance(size, int) and size > 0):
            raise ValueError(f"`{name}` must be a whole number above 0, but got {size!r}")
    if kind == "attention":
        return Attention(inputs, window)
    return (Lstm if kind == "lstm" else Gru)(inputs, cell_size)
