"""The arena's networks by the short names that files store."""

from __future__ import annotations

from collections.abc import Mapping

from ray.rllib.core.rl_module import RLModule

from agents.contract import AgentError
from agents.policies.names import current_name
from agents.policies.network import MaskedNetwork
from agents.policies.q_network import QNetwork
from agents.policies.soft_actor_critic import SoftActorCritic
from games.specs import suggest

NETWORKS: dict[str, type[RLModule]] = {
    "masked": MaskedNetwork,
    "q": QNetwork,
    "soft_actor_critic": SoftActorCritic,
}
"""The arena's own networks by the short name that files store, so that a class can move."""


def network_name(network: type[RLModule]) -> str:
    """What files call a network class: its name in :data:`NETWORKS`, or ``package.module:Class`` for a user's own."""
    for name, registered in NETWORKS.items():
        if network is registered:
            return name
    return f"{network.__module__}:{network.__qualname__}"


def network_class(name: str, own: Mapping[str, type[RLModule]] | None = None) -> type[RLModule]:
    """The network class that a file calls ``name``. Nothing is imported.

    Args:
        name: as :func:`network_name` of this version or an older one gave it.
        own: the user's own classes by ``package.module:Class``.

    Raises:
        AgentError: ``name`` is neither registered nor in ``own``.
    """
    network = NETWORKS.get(current_name(name)) or (own or {}).get(name)
    if network is None:
        raise AgentError(
            f"there is no network {name!r}; files never import code, so name your own network by "
            f"module_classes={{{name!r}: ...}}, on the command line by --module, in training by rl_module()"
            f"{suggest(name, NETWORKS)}"
        )
    return network


def is_own(network: type[RLModule]) -> bool:
    """Whether a network class is the arena's own, and not a user's."""
    return network in NETWORKS.values()
