"""From the bytes of a weights file to the agent: a network or a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents import tabular
from agents.contract import Agent
from agents.policies.weights import parse
from games.contract import Game


def frozen_agent(
    data: bytes, game: Game, *, module_classes: Mapping[str, type[Any]] | None = None, device: Any = "cpu"
) -> Agent:
    """The agent of a weights file. Torch and ray are loaded for a network only.

    Args:
        data: the bytes of the file.
        game: the game to play.
        module_classes, device: of networks, as in :func:`agents.policies.agent.build_policy`.

    Raises:
        WeightsError: the bytes are no weights file, or its tensors do not fit.
        AgentError: as :func:`agents.policies.agent.build_policy` or :func:`agents.tabular.build_table`.
    """
    tensors, card = parse(data)
    if card.get("policy") == tabular.KIND:
        return tabular.build_table(tensors, card, game)
    from agents.policies.agent import build_policy

    return build_policy(tensors, card, game, module_classes=module_classes, device=device)
