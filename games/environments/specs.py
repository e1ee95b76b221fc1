"""PettingZoo's catalogue, MPE and Atari included, and what PettingZoo does not say about its own games."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace

from games.contract import Utility
from games.environments.recipes import Recipe, import_module, make_recipe
from games.errors import UnknownGameError
from games.specs import parse_spec, suggest


@dataclass(frozen=True, slots=True)
class Traits:
    """What PettingZoo does not say about its own games; the defaults promise nothing.

    Attributes:
        title: the game's long name.
        family: where it stands in PettingZoo's documentation: ``pettingzoo:family/name`` names it too.
        information: ``perfect`` or ``imperfect``.
        utility: how the returns of the seats relate; common payoffs at default parameters only.
        chance: ``none`` or ``sampled``.
        public_moves: whether every seat may know what the others played.
        sides: who plays together, as the beginnings of their agent IDs; empty where nobody does.
        render_mode: what it must be asked to draw, for want of which its observations stay blank.
    """

    title: str
    family: str = "classic"
    information: str = "imperfect"
    utility: Utility = "general_sum"
    chance: str = "sampled"
    public_moves: bool = False
    sides: tuple[tuple[str, ...], ...] = ()
    render_mode: str | None = None


_PREDATORS = (("adversary", "leadadversary"), ("agent",))

CATALOGUE: Mapping[str, Traits] = {
    "chess_v6": Traits("Chess", "classic", "perfect", "zero_sum", "none"),
    "connect_four_v3": Traits("Connect Four", "classic", "perfect", "zero_sum", "none"),
    "go_v5": Traits("Go", "classic", "perfect", "zero_sum", "none"),
    "hanabi_v5": Traits("Hanabi", "classic", "imperfect", "common_payoff"),
    "leduc_holdem_v4": Traits("Leduc Hold'em", "classic", "imperfect", "zero_sum", public_moves=True),
    "rps_v2": Traits("Rock Paper Scissors", "classic", "imperfect", "zero_sum", "none", public_moves=True),
    "texas_holdem_no_limit_v6": Traits("Texas Hold'em No Limit", "classic", "imperfect", "zero_sum", public_moves=True),
    "texas_holdem_v4": Traits("Texas Hold'em", "classic", "imperfect", "zero_sum", public_moves=True),
    "tictactoe_v3": Traits("Tic-Tac-Toe", "classic", "perfect", "zero_sum", "none"),
    "cooperative_pong_v6": Traits("Cooperative Pong", "butterfly", utility="common_payoff", render_mode="rgb_array"),
    "knights_archers_zombies_v11": Traits("Knights Archers Zombies", "butterfly"),
    "pistonball_v6": Traits("Pistonball", "butterfly", utility="common_payoff"),
    "multiwalker_v9": Traits("Multiwalker", "sisl", utility="common_payoff"),
    "pursuit_v5": Traits("Pursuit", "sisl", utility="common_payoff"),
    "collect_treasure_v1": Traits("Collect Treasure", "mpe"),
    "simple_adversary_v3": Traits("Simple Adversary", "mpe", sides=_PREDATORS),
    "simple_crypto_v3": Traits("Simple Crypto", "mpe", sides=(("eve",), ("bob", "alice"))),
    "simple_formation_v1": Traits("Simple Formation", "mpe", utility="common_payoff"),
    "simple_line_v1": Traits("Simple Line", "mpe", utility="common_payoff"),
    "simple_push_v3": Traits("Simple Push", "mpe"),
    "simple_reference_v3": Traits("Simple Reference", "mpe"),
    "simple_speaker_listener_v4": Traits("Simple Speaker Listener", "mpe", utility="common_payoff"),
    "simple_spread_v3": Traits("Simple Spread", "mpe"),
    "simple_tag_v3": Traits("Simple Tag", "mpe", sides=_PREDATORS),
    "simple_v3": Traits("Simple", "mpe"),
    "simple_world_comm_v3": Traits("Simple World Comm", "mpe", sides=_PREDATORS),
    **{
        name: Traits(name.rpartition("_v")[0].replace("_", " ").title(), "atari")
        for name in (
            *("basketball_pong_v3", "boxing_v2", "combat_plane_v2", "combat_tank_v2", "double_dunk_v3"),
            *("entombed_competitive_v3", "entombed_cooperative_v3", "flag_capture_v2", "foozpong_v3", "ice_hockey_v2"),
            *("joust_v3", "mario_bros_v3", "maze_craze_v3", "othello_v3", "pong_v3", "quadrapong_v4"),
            *("space_invaders_v2", "space_war_v2", "surround_v2", "tennis_v3", "video_checkers_v4"),
            *("volleyball_pong_v3", "warlords_v3", "wizard_of_wor_v3"),
        )
    },
}
"""PettingZoo's games by name, family by family; the Atari ones need the package ``multi_agent_ale_py`` and its ROMs."""


def pettingzoo_recipe(text: str) -> Recipe:
    """The recipe of one of PettingZoo's own environments, from its spec without ``pettingzoo:``.

    Args:
        text: the name (``rps_v2``; PettingZoo's own ways to write it, ``classic/rps_v2`` and ``classic/rps-v2``, too),
            with parameters if need be.

    Raises:
        UnknownGameError: there is none of this name, or it needs a package that is not installed.
        GameError: a parameter is unknown, or the environment cannot be made.
    """
    given, raw = parse_spec(text)
    family, _, name = given.replace("-v", "_v").rpartition("/")
    traits = CATALOGUE.get(name)
    if traits is None or family not in ("", traits.family):
        near = suggest(name, CATALOGUE)
        raise UnknownGameError(f"a PettingZoo game must be known, but there is no {given!r}{near}; see `arena games`")
    spec = f"pettingzoo:{name}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Box2D's import ends the process where they are errors
        module = import_module(spec, _module(traits.family, name))
    # Where all agents act at once, asking them in turn would show the later ones a world that has not moved.
    at_once = hasattr(module, "parallel_env")
    factory = "parallel_env" if at_once else "env"
    recipe = make_recipe(spec, name, module.__name__, factory, module.raw_env, raw)
    return replace(recipe, render_mode=traits.render_mode, listed=True)


def _module(family: str, name: str) -> str:
    """The module that makes an environment: the one PettingZoo's registry names, for the obvious one is deprecated."""
    import pettingzoo

    if family == "mpe":
        return f"mpe2.{name}"
    entry: str = pettingzoo.aec_registry[f"{family}/{'-v'.join(name.rsplit('_v', 1))}"].entry_point
    return entry.partition(":")[0]
