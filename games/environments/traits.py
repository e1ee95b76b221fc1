"""What PettingZoo does not say about its own games; MPE and Atari included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from games.contract import Utility


@dataclass(frozen=True, slots=True)
class Traits:
    """What PettingZoo does not say about a game. The defaults promise nothing.

    Attributes:
        title: the game's long name.
        family: its family in PettingZoo's documentation; ``pettingzoo:family/name`` names the game too.
        information: ``perfect`` or ``imperfect``.
        utility: how the returns of the seats relate; ``common_payoff`` holds only at default parameters.
        graded: whether a zero-sum game has more than three different returns; other games always count as graded.
        chance: ``none`` or ``sampled``.
        public_moves: whether every seat may know the actions of the others.
        sides: the teams, each as the prefixes of its agent IDs; empty if there are no partners.
        render_mode: the render mode without which its observations are blank.
    """

    title: str
    family: str = "classic"
    information: str = "imperfect"
    utility: Utility = "general_sum"
    chance: str = "sampled"
    public_moves: bool = False
    sides: tuple[tuple[str, ...], ...] = ()
    render_mode: str | None = None
    graded: bool = False


_PREDATORS = (("adversary", "leadadversary"), ("agent",))

TRAITS: Mapping[str, Traits] = {
    "chess_v6": Traits("Chess", "classic", "perfect", "zero_sum", "none"),
    "connect_four_v3": Traits("Connect Four", "classic", "perfect", "zero_sum", "none"),
    "go_v5": Traits("Go", "classic", "perfect", "zero_sum", "none"),
    "hanabi_v5": Traits("Hanabi", "classic", "imperfect", "common_payoff"),
    "leduc_holdem_v4": Traits("Leduc Hold'em", "classic", "imperfect", "zero_sum", public_moves=True, graded=True),
    "rps_v2": Traits("Rock Paper Scissors", "classic", "imperfect", "zero_sum", "none", public_moves=True, graded=True),
    "texas_holdem_no_limit_v6": Traits(
        "Texas Hold'em No Limit", "classic", "imperfect", "zero_sum", public_moves=True, graded=True
    ),
    "texas_holdem_v4": Traits("Texas Hold'em", "classic", "imperfect", "zero_sum", public_moves=True, graded=True),
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
"""PettingZoo's games by name, family by family. The Atari games need ``multi_agent_ale_py`` and its ROMs."""
