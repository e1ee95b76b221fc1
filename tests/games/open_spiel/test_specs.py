"""OpenSpiel's specs: games as parameters, views, teams, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyspiel
import pytest

from games import GameError, make_game
from games.conformance import check_game
from games.contract import FloatArray
from games.open_spiel.specs import OURS, game_types
from games.open_spiel.traits import PARTNERSHIPS

POKER = "universal_poker(betting=nolimit,bettingAbstraction=fullgame)"


@pytest.mark.parametrize(
    ("spec", "canonical"),
    [
        # OpenSpiel does not report these parameters; they must be kept.
        ("hanabi(players=3)", "hanabi(players=3)"),
        ("bridge(dealer_vul=true)", "bridge(dealer_vul=True)"),
        ("mnk(m=3,n=3,k=3)", "mnk(k=3,m=3,n=3)"),
        ("restricted_nash_response(game=kuhn_poker(),p=0.7)", "restricted_nash_response(game=kuhn_poker(),p=0.7)"),
        ("restricted_nash_response(game=kuhn_poker(),p=0.5)", "restricted_nash_response(game=kuhn_poker())"),
        ("misere(game=leduc_poker(players=2))", "misere(game=leduc_poker())"),
        (
            "repeated_game(stage_game=matrix_pd,num_repetitions=10,recall=1)",
            "repeated_game(num_repetitions=10,stage_game=matrix_pd())",
        ),
        (
            "universal_poker(numPlayers=3,blind=100 50 0,stack=1200 1200 1200)",
            "universal_poker(blind=100 50 0,numPlayers=3,stack=1200 1200 1200)",
        ),
        ("start_at(game=tic_tac_toe,history=4)", "start_at(game=tic_tac_toe(),history=4)"),
        ("leduc_poker(view=information_state,players=2)", "leduc_poker"),
        ("leduc_poker(view=observation,teams=01)", "leduc_poker(view=observation)"),
        ("tic_tac_toe(view=observation)", "tic_tac_toe"),
        ("tarok(view=text)", "tarok"),
        ("bridge(teams=0101)", "bridge"),
        ("bridge(teams=ewew)", "bridge"),
        ("bridge(teams=1100)", "bridge(teams=0011)"),
        ("misere(game=leduc_poker(players=3),teams=baa)", "misere(game=leduc_poker(players=3),teams=011)"),
    ],
)
def test_a_spec_has_one_canonical_form(spec: str, canonical: str) -> None:
    game = make_game(spec)
    assert game.spec == canonical
    assert make_game(canonical) == game


def test_no_engine_parameter_is_named_like_ours() -> None:
    known = {key for kind in game_types().values() for key in kind.parameter_specification}
    assert known.isdisjoint(OURS)


@pytest.mark.parametrize("view", ["information_state", "observation"])
@pytest.mark.parametrize(
    "name", ["leduc_poker", "goofspiel(imp_info=True,num_cards=4)", "bargaining", "tiny_bridge_4p"]
)
def test_the_view_chooses_the_tensor(name: str, view: str) -> None:
    parameters = f"{name[:-1]}," if name.endswith(")") else f"{name}("
    game = make_game(f"{parameters}view={view})")
    rng = np.random.default_rng(1)
    state = game.new_state(3)
    mask = np.zeros(game.num_actions, np.bool_)
    observation = np.zeros(game.observation_shape, np.float32)
    while True:
        for seat in range(game.num_seats):
            state.observe(seat, observation, mask)
            tensor = getattr(state.engine, f"{view}_tensor")(seat)  # type: ignore[attr-defined]
            np.testing.assert_array_equal(observation.ravel(), np.array(tensor, np.float32))
        if not state.acting():
            break
        actions = []
        for seat in state.acting():
            state.observe(seat, observation, mask)
            actions.append(int(rng.choice(np.flatnonzero(mask))))
        state.apply(actions)


@pytest.mark.parametrize("name", sorted(PARTNERSHIPS))
def test_partners_earn_the_same_in_every_game(name: str) -> None:
    game = make_game(name)
    assert game.teams == (0, 1, 0, 1)
    assert make_game(f"misere(game={name}())").teams == (0, 1, 0, 1)
    rng = np.random.default_rng(2)
    mask, observation = np.zeros(game.num_actions, np.bool_), np.zeros(game.observation_shape, np.float32)
    for seed in range(3):
        state = game.new_state(seed)
        while seats := state.acting():
            state.observe(seats[0], observation, mask)
            state.apply([int(rng.choice(np.flatnonzero(mask)))])
        north, east, south, west = state.returns()
        assert (north, east) == (south, west)


def test_games_are_read_from_files(tmp_path: Path) -> None:
    matrix = tmp_path / "pd.nfg"
    matrix.write_text('NFG 1 R "pd" { "A" "B" } { 2 2 }\n\n3 3 5 0 0 5 1 1\n')
    game = make_game(f"nfg_game(filename={matrix})")
    assert (game.dynamics, game.num_actions) == ("simultaneous", 2)
    assert game.new_state(0).apply([0, 1]) == (0.0, 5.0)
    tree = tmp_path / "pennies.efg"
    tree.write_text(
        'EFG 2 R "pennies" { "A" "B" }\np "" 1 1 "" { "H" "T" } 0\np "" 2 1 "" { "h" "t" } 0\nt "" 1 "" { 1 -1 }\n'
        't "" 2 "" { -1 1 }\np "" 2 1 "" { "h" "t" } 0\nt "" 3 "" { -1 1 }\nt "" 4 "" { 1 -1 }\n'
    )
    state = make_game(f"efg_game(filename={tree})").new_state(0)
    assert state.action_name(0, 0) == "H"
    state.apply([0])
    assert state.acting() == (1,)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("connect_four(view=information_state)", r"one of observation for 'connect_four', but got information_state"),
        ("leduc_poker(view=pixels)", "information_state, observation, text, but 'leduc_poker' got view=pixels"),
        (
            "misere(game=leduc_poker(view=observation))",
            "unknown parameter 'view'.*put view into the outermost brackets",
        ),
        ("leduc_poker(teams=0)", "one letter of 0-9a-z for each of the 2 seats, but got '0'; write e.g. teams=01"),
        ("leduc_poker(teams=AB)", "one letter of 0-9a-z for each of the 2 seats, but got 'AB'"),
        ("leduc_poker(teams=00)", "at least two teams, but teams=00 has 1"),
        ("misere(game=mfg_garnet)", "'mfg_garnet' cannot be played within 'misere': mean-field"),
        ("misere(game=misere)", "within 'misere': it needs parameters"),
        ("misere(game=tic_tac_toe(size=4))", "unknown parameter 'size': 'tic_tac_toe' takes none"),
        ("misere(games=tic_tac_toe)", "did you mean 'game'"),
        ("add_noise", r"needs parameters \(epsilon, game, seed\), e.g. add_noise\(epsilon=0.1"),
        ("add_noise(game=leduc_poker(),epsilon=loud,seed=1)", "'epsilon' of 'add_noise' must be of type float"),
        ("turn_based_simultaneous_game(game=tic_tac_toe())", "needs a simultaneous game, .* got tic_tac_toe"),
        ("repeated_game(stage_game=tic_tac_toe(),num_repetitions=3)", "needs a game of one move, .* got tic_tac_toe"),
        ("repeated_game(stage_game=matrix_pd(),num_repetitions=-1)", "num_repetitions >= 1, but got -1"),
        ("add_noise(game=2048(),epsilon=2.0,seed=1)", "pays only at its end, e.g. leduc_poker.* but got 2048"),
        ("restricted_nash_response(game=hanabi())", "pays only at its end, e.g. leduc_poker.* but got hanabi"),
        ("dark_chess(fen=x)", "fen must have 8 ranks"),
        ("go(komi=nan)", "'komi' of 'go' must be of type float"),
        ("leduc_poker(players=99999999999)", "of type int"),
        ("connect_four(rows=1000000000,columns=1000000000)", "at most 10,000,000 numbers"),
        ("coin_game(rows=20,columns=20)", "256 characters, but has"),
        ("nfg_game(filename=nowhere.nfg)", "no file at filename=nowhere.nfg"),
        ("efg_game(filename=.)", "no file at filename=."),
        # OpenSpiel would crash, or never return.
        ("coop_to_1p(game=tic_tac_toe())", "needs hanabi, tiny_bridge_2p, tiny_hanabi, but got tic_tac_toe"),
        ("cached_tree(game=coop_box_pushing())", "needs a turn-based game, .* got coop_box_pushing"),
        (
            "repeated_poker(max_num_hands=5,reset_stacks=True,rotate_dealer=True,universal_poker_game_string=kuhn_poker)",
            "repeated_poker needs universal_poker, but got kuhn_poker",
        ),
        (
            "misere(game=repeated_poker(max_num_hands=5,reset_stacks=True,universal_poker_game_string=leduc_poker()))",
            "needs universal_poker, but got leduc_poker",
        ),
        (f"repeated_poker(max_num_hands=5,universal_poker_game_string={POKER[:-1]},stack=1))", "numbers >= 0"),
        ("start_at(game=kuhn_poker(),history=9)", r"'9' at place 0 is not legal in kuhn_poker; legal are \[0, 1, 2\]"),
        ("start_at(game=tic_tac_toe(),history=4 0)", "'4 0' at place 0"),
        ("misere(game=start_at(game=tic_tac_toe(),history=4;4))", "'4' at place 1"),
        ("start_at(game=tic_tac_toe(),history=0;3;1;4;2)", "is over after the history"),
        ("normal_form_extensive_game(game=tic_tac_toe())", "at most 1,000,000 pure strategy profiles"),
        ("restricted_nash_response(game=kuhn_poker(),fixed_player=2)", "0 <= fixed_player < 2"),
        ("universal_poker(numPlayers=3)", "blind of universal_poker must be 3 numbers >= 0"),
        ("universal_poker(stack=100 100)", "a stack above each blind"),
        ("universal_poker(firstPlayer=3 1)", "1 <= firstPlayer <= 2"),
        ("universal_poker(numBoardCards=0 30)", "at most 24 cards dealt"),
        ("go_fish(initial_cards=0)", "initial_cards >= 1, but got 0"),
        ("yacht(dice_sides=0)", "dice_sides >= 1, but got 0"),
        ("sheriff(num_rounds=-1)", "num_rounds >= 1, but got -1"),
        ("coin_game(num_coins_per_color=0)", r"OpenSpiel refuses 'coin_game\(num_coins_per_color=0\)'"),
        ("hanabi(hand_size=26)", "players x hand_size <= 50, its number of cards, but got players=2, hand_size=26"),
        ("hanabi(colors=4,hand_size=9,ranks=2)", "players x hand_size <= 16"),
        ("hanabi(colors=1,players=5)", "players x hand_size <= 10, .* but got players=5, hand_size=4"),
        ("hanabi(hand_size=0)", "hand_size >= 1, but got hand_size=0"),
        ("hanabi(colors=6)", "1 <= colors <= 5, but got colors=6"),
        ("hanabi(ranks=0)", "1 <= ranks <= 5, but got ranks=0"),
        ("coop_to_1p(game=hanabi(hand_size=26))", "players x hand_size <= 50"),
    ],
)
def test_what_cannot_be_played_is_refused_in_one_line(spec: str, says: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(GameError, match=says) as caught:
        make_game(spec)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "parameters",
    ["hand_size=25", "colors=4,hand_size=8,ranks=2", "colors=1,hand_size=2,players=5", "hand_size=7,ranks=1"],
)
def test_a_hanabi_whose_deck_is_dealt_out_is_played(parameters: str) -> None:
    state = make_game(f"hanabi({parameters})").new_state(0)
    while seats := state.acting():
        state.apply([state.engine.legal_actions(seats[0])[-1]])  # type: ignore[attr-defined]
    assert state.ending() == "terminated"


def test_a_fixed_strategy_is_drawn_in_secret_whatever_the_game() -> None:
    # OpenSpiel reports the inner game: that it has no chance and hides nothing.
    game = make_game("restricted_nash_response(game=tic_tac_toe(),p=0.3)")
    assert game.has_chance  # type: ignore[attr-defined]
    assert not game.perfect_information
    check_game(game)


def test_poker_hands_repeat() -> None:
    rules = "max_num_hands=5,reset_stacks=True,rotate_dealer=True"
    game = make_game(f"repeated_poker({rules},universal_poker_game_string={POKER})")
    assert game.observation_shape == (256, 7)
    state = game.new_state(1)
    observation, mask = np.zeros(game.observation_shape, np.float32), np.zeros(game.num_actions, np.bool_)
    state.observe(state.acting()[0], observation, mask)
    assert read(observation).startswith("[Round 0][Player: 1]")


def read(observation: FloatArray) -> str:
    """The text that a text view shows."""
    codes = observation.astype(int) @ (1 << np.arange(6, -1, -1))
    return bytes(codes.tolist()).rstrip(b"\0").decode()


def test_cribbage_shows_what_is_seen_now_and_tarok_all_that_was_seen() -> None:
    for name, text in (("cribbage", "observation_string"), ("tarok", "information_state_string")):
        game = make_game(name)
        state = game.new_state(1)
        observation, mask = np.zeros(game.observation_shape, np.float32), np.zeros(game.num_actions, np.bool_)
        for _ in range(3):
            (seat,) = state.acting()
            state.observe(seat, observation, mask)
            assert read(observation) == getattr(state.engine, text)(seat)  # type: ignore[attr-defined]
            state.apply([int(mask.argmax())])


def test_every_example_of_a_game_that_needs_parameters_plays() -> None:
    for name, kind in game_types().items():
        if kind.default_loadable or name in ("efg_game", "nfg_game"):
            continue
        with pytest.raises(GameError) as caught:
            make_game(name)
        example = str(caught.value).partition("e.g. ")[2]
        assert make_game(example).new_state(0).acting(), example
    assert issubclass(pyspiel.SpielError, RuntimeError)  # the product catches RuntimeError
