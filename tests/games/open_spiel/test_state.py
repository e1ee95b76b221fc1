"""Random play of every OpenSpiel game equals the bare engine: observations, legal actions and rewards."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pyspiel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded_play import Position, look, play_state, play_tables, random_action

from games import CHANCE, Game, State, Tables, list_games, make_game
from games.contract import FloatArray, Move
from games.tables import StateTables

CATALOGUE = [info.spec for info in list_games() if info.library == "openspiel" and info.playable]

WITH_PARAMETERS = [
    "add_noise(epsilon=0.1,game=leduc_poker(),seed=1)",
    "breakthrough(rows=4,columns=4)",
    "cached_tree(game=leduc_poker())",
    "coop_to_1p(game=tiny_hanabi())",
    "first_sealed_auction(players=3)",
    "go(board_size=9)",
    "goofspiel(imp_info=True,num_cards=4,players=3)",
    "hanabi(players=3)",
    "kuhn_poker(players=3)",
    "laser_tag(horizon=12)",
    "leduc_poker(players=3)",
    "misere(game=repeated_leduc_poker())",
    "normal_form_extensive_game(game=kuhn_poker())",
    "repeated_poker(max_num_hands=5,reset_stacks=True,rotate_dealer=True,"
    "universal_poker_game_string=universal_poker(betting=nolimit,bettingAbstraction=fullgame))",
    "repeated_game(num_repetitions=3,stage_game=matrix_pd())",
    "restricted_nash_response(game=leduc_poker(),p=0.3)",
    "start_at(game=tic_tac_toe(),history=4;0)",
    "turn_based_simultaneous_game(game=goofspiel())",
    "turn_based_simultaneous_game(game=laser_tag(horizon=8))",
    "universal_poker(betting=nolimit,bettingAbstraction=fullgame)",
    "zerosum(game=sheriff())",
]

LONGEST = 1200
"""Steps played of one game; only the longest of 22,000-ply games are left before their end."""

LONG = {
    "bridge",
    "bridge_uncontested_bidding",
    "capture_the_flag",
    "chinese_checkers",
    "colored_trails",
    "go",
    "hive",
    "kriegspiel",
    "laser_tag",
    "shogi",
}
"""Games of which one comparison takes about a second or more."""

ONE_REDEAL = {"bridge_uncontested_bidding": "bridge_uncontested_bidding(num_redeals=1)"}
"""The scores of this game are the mean over ten deals, each of which takes as long to solve as the rest of the game."""

QUICK = [spec for spec in CATALOGUE + WITH_PARAMETERS if spec not in LONG]

seeds = st.integers(0, 2**63 - 1)
game_of = cache(make_game)
bare_game = cache(pyspiel.load_game)


def sees_the_past(kind: Any) -> bool:
    """Whether the documented default view is the information state: if the game hides something and has one."""
    if not kind.provides_observation_tensor:
        return True
    return (
        kind.provides_information_state_tensor and kind.information != pyspiel.GameType.Information.PERFECT_INFORMATION
    )


def check_view(engine: Any, seat: int, observation: FloatArray, recall: bool | None) -> None:
    """The engine's tensor, or its text with seven bits per character if it has none."""
    kind = engine.get_game().get_type()
    if kind.provides_observation_tensor or kind.provides_information_state_tensor:
        past = sees_the_past(kind) if recall is None else recall
        tensor = engine.information_state_tensor(seat) if past else engine.observation_tensor(seat)
        np.testing.assert_array_equal(observation.ravel(), np.array(tensor, np.float32))
        return
    codes = observation.reshape(-1, 7) @ (2 ** np.arange(6, -1, -1))
    texts = [engine.observation_string(seat)] if kind.provides_observation_string else []
    texts += [engine.information_state_string(seat)] if kind.provides_information_state_string else []
    assert bytes(codes.astype(np.uint8)).rstrip(b"\0").decode() in texts


def check_against_engine(
    engine: Any, positions: list[Position], history: tuple[Move, ...], recall: bool | None = None
) -> None:
    """Drive the bare ``engine`` state through the recorded moves and compare every position on the way.

    ``recall`` tells which of its tensors the seats see; None: the documented default.
    """
    game = engine.get_game()
    everyone = range(game.num_players())
    returns = [0.0] * game.num_players()
    at = len(engine.full_history())
    for here in positions:
        # Solitaire ends after 150 moves, even at a chance node, which is then terminal.
        while engine.is_chance_node() and not engine.is_terminal():
            player, outcome = history[at]
            assert player == CHANCE
            assert outcome in [possible for possible, probability in engine.chance_outcomes() if probability > 0.0]
            engine.apply_action(outcome)
            at += 1
        np.testing.assert_allclose(here.rewards or returns, np.subtract(engine.returns(), returns), atol=1e-5)
        if here.rewards is not None:  # compared exactly; tables have them as float32
            assert here.rewards in (tuple(engine.rewards()), tuple(np.float32(engine.rewards()).tolist()))
        returns = engine.returns()
        assert here.returns in (None, tuple(returns))
        assert here.ending == ("terminated" if engine.is_terminal() else None) or here.returns is None
        legal = {seat: [] if engine.is_terminal() else engine.legal_actions(seat) for seat in everyone}
        assert here.acting == tuple(seat for seat in everyone if legal[seat])
        for seat, (observation, mask) in here.views.items():
            check_view(engine, seat, observation, recall)
            assert np.flatnonzero(mask).tolist() == legal[seat]
        if not here.actions:
            break
        if engine.is_simultaneous_node():
            joint = [0] * len(everyone)  # the engine wants 0 from seats that do not act
            for seat, action in zip(here.acting, here.actions, strict=True):
                joint[seat] = action
            engine.apply_actions(joint)
            assert history[at : at + len(everyone)] == tuple(enumerate(joint))
            at += len(everyone)
        else:
            engine.apply_action(here.actions[0])
            assert history[at] == (here.acting[0], here.actions[0])
            at += 1
    assert len(history) == at


def start_of(spec: str, first: State) -> Any:
    """A bare engine state at the start of a game: a new one, or a copy of the game's if the engine hides chance."""
    if not game_of(spec).replayable:
        return first.engine.clone()  # type: ignore[attr-defined]
    return bare_game(spec).new_initial_state()


def check_state(spec: str, seed: int) -> None:
    game = game_of(spec)
    state = game.new_state(seed)
    engine = start_of(spec, state)
    positions = play_state(game, state, np.random.default_rng(seed), LONGEST)
    check_against_engine(engine, positions, state.history())


def check_tables(spec: str, seed: int, tables: Tables) -> None:
    for played in play_tables(tables, range(seed, seed + tables.size), np.random.default_rng(seed), LONGEST):
        check_against_engine(start_of(spec, played.first), played.positions, played.last.history())


@pytest.mark.parametrize("spec", QUICK)
@settings(max_examples=2, deadline=None)
@given(seed=seeds)
def test_states_play_as_the_engine_does(spec: str, seed: int) -> None:
    check_state(spec, seed)


@pytest.mark.parametrize("spec", QUICK)
def test_tables_play_as_the_engine_does(spec: str) -> None:
    check_tables(spec, 3, game_of(spec).tables(2))


@pytest.mark.parametrize("spec", QUICK)
def test_tables_of_states_play_as_the_engine_does(spec: str) -> None:
    check_tables(spec, 5, StateTables(game_of(spec), 2))


@pytest.mark.parametrize("view", ["information_state", "observation"])
@pytest.mark.parametrize("spec", ["cliff_walking", "goofspiel", "kuhn_poker", "liars_dice"])
def test_seats_see_what_was_asked_for(spec: str, view: str) -> None:
    game = game_of(f"{spec}(view={view})")
    state = game.new_state(3)
    positions = play_state(game, state, np.random.default_rng(3), LONGEST)
    engine = bare_game(spec).new_initial_state()
    check_against_engine(engine, positions, state.history(), view == "information_state")


@pytest.mark.slow
@pytest.mark.parametrize("spec", [ONE_REDEAL.get(spec, spec) for spec in sorted(LONG)])
def test_long_games_are_played_as_the_engine_does(spec: str) -> None:
    check_state(spec, 0)
    check_tables(spec, 1, game_of(spec).tables(1))
    check_tables(spec, 2, StateTables(game_of(spec), 1))


def test_a_game_that_ends_where_chance_would_move_is_over() -> None:
    check_tables("solitaire", 3685, game_of("solitaire").tables(2))


@pytest.mark.slow
@pytest.mark.parametrize("spec", QUICK)
@settings(max_examples=4, deadline=None)
@given(seed=seeds)
def test_more_random_play_equals_the_engine(spec: str, seed: int) -> None:
    check_state(spec, seed)
    check_tables(spec, seed, game_of(spec).tables(2))


def random_step(game: Game, state: State, rng: np.random.Generator) -> None:
    state.apply([random_action(game, look(game, state, seat)[1], rng) for seat in state.acting()])


def test_games_whose_chance_the_engine_hides_say_so() -> None:
    """Equal moves in two engine states may lead to different games, so these games are not replayable."""
    hidden = [spec for spec in CATALOGUE + WITH_PARAMETERS if not game_of(spec).replayable]
    assert [spec.partition("(")[0] for spec in hidden] == [
        "bridge_uncontested_bidding",
        "negotiation",
        "stones_and_gems",
        "tarok",
        "add_noise",
    ]


def test_chance_follows_its_probabilities() -> None:
    kuhn, pig = make_game("kuhn_poker"), make_game("pig")
    deals = [kuhn.new_state(seed).history() for seed in range(3000)]
    counts = {deal: deals.count(deal) for deal in set(deals)}
    assert len(counts) == 6  # three cards, two dealt
    assert all(abs(count - 500) < 5 * np.sqrt(500 * 5 / 6) for count in counts.values())
    rolls = [pig.new_state(seed) for seed in range(600)]
    outcomes = [roll.apply([0]) and roll.history()[-1][1] for roll in rolls]
    assert set(outcomes) == set(range(6))


def test_recorded_chance_comes_first_and_the_generator_goes_on_as_it_would_have() -> None:
    game = make_game("backgammon")
    rng = np.random.default_rng(5)
    state = game.new_state(11)
    for _ in range(20):
        random_step(game, state, rng)
    chance = [action for player, action in state.history() if player == CHANCE]
    again = game.new_state(11, chance[:4])
    for player, action in state.history():
        if player != CHANCE:
            again.apply([action])
    assert again.digest() == state.digest()
    other = game.new_state(999, chance)
    for player, action in state.history():
        if player != CHANCE:
            other.apply([action])
    assert other.history()[: len(state.history())] == state.history()
