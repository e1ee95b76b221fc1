"""What OpenSpiel does not say about its own games, by short name."""

from __future__ import annotations

PARTNERSHIPS = frozenset({"bridge", "euchre", "spades", "tiny_bridge_4p"})
"""Games of four seats in which seats that face each other are partners."""

PAY_EARLY = frozenset({"repeated_leduc_poker"})
"""Games that pay before their end (after every hand), although OpenSpiel says that they pay at the end only."""

DRAW_REWARDS = frozenset({"add_noise"})
"""Games that draw the rewards of an end when it is first reached, so that rewards depend on the games before."""

SPLIT_UTILITIES = frozenset({"add_noise", "efg_game", "nfg_game", "normal_form_extensive_game", "skat", "zerosum"})
"""Games that can have more than three different utilities although none is above 1 or below -1."""

SHARED_WINS = frozenset({"blotto", "go_fish", "goofspiel", "yacht"})
"""Games in which several of more than two seats can win together and share the utility of a win."""

LOOSE_BOUNDS = frozenset({"maedn"})
"""Games of wins and losses whose utilities stay far within the bounds that OpenSpiel gives."""

HIDE_CHANCE_ONLY = frozenset(
    {
        "bargaining",
        "bridge",
        "gin_rummy",
        "go_fish",
        "kuhn_poker",
        "leduc_poker",
        "liars_dice",
        "oh_hell",
        "repeated_leduc_poker",
        "spades",
        "tiny_bridge_2p",
        "tiny_bridge_4p",
        "tiny_hanabi",
        "universal_poker",
    }
)
"""Games of imperfect information in which every seat sees every action."""

EXAMPLES = {
    "add_noise": "add_noise(epsilon=0.1,game=leduc_poker(),seed=1)",
    "cached_tree": "cached_tree(game=leduc_poker())",
    "coop_to_1p": "coop_to_1p(game=tiny_hanabi())",
    "efg_game": "efg_game(filename=game.efg)",
    "misere": "misere(game=tic_tac_toe())",
    "nfg_game": "nfg_game(filename=game.nfg)",
    "normal_form_extensive_game": "normal_form_extensive_game(game=kuhn_poker())",
    "repeated_game": "repeated_game(num_repetitions=10,stage_game=matrix_pd())",
    "repeated_poker": "repeated_poker(max_num_hands=5,reset_stacks=True,rotate_dealer=True,"
    "universal_poker_game_string=universal_poker(betting=nolimit,bettingAbstraction=fullgame))",
    "restricted_nash_response": "restricted_nash_response(game=leduc_poker(),p=0.3)",
    "start_at": "start_at(game=tic_tac_toe(),history=4;0)",
    "turn_based_simultaneous_game": "turn_based_simultaneous_game(game=goofspiel())",
    "zerosum": "zerosum(game=sheriff())",
}
"""For each game that needs parameters, a spec that can be played (with a file of your own where it reads one)."""
