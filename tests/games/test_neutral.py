"""Games in which scripts play some seats."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from games import make_game
from games.chance import Chance
from games.conformance import check_game
from games.contract import BoolArray, State
from games.errors import GameError, IllegalActionError, UntrustedCodeError

KUHN = "neutral(game=kuhn_poker(players=3),player_2=random)"


def last_legal(state: State, seat: int, mask: BoolArray, chance: Chance) -> int:
    return int(np.flatnonzero(mask)[-1])


def played(spec: str, seed: int) -> State:
    """A game in which everybody takes the highest legal action."""
    game = make_game(spec)
    state, mask = game.new_state(seed), np.zeros(game.num_actions, np.bool_)
    seen = np.zeros(game.observation_shape, np.float32)
    while seats := state.acting():
        actions = []
        for seat in seats:
            state.observe(seat, seen, mask)
            actions.append(int(np.flatnonzero(mask)[-1]))
        state.apply(actions)
    return state


@pytest.mark.parametrize(
    "spec",
    [
        KUHN,
        "neutral(game=kuhn_poker(players=3),player_0=first)",
        "neutral(game=kuhn_poker(players=4,teams=0101),player_1=random,player_3=first)",
        "neutral(game=goofspiel(players=3,num_cards=4),player_1=random)",
        "neutral(game=pettingzoo:simple_adversary_v3(max_cycles=3),adversary_0=first)",
        "neutral(game=kuhn_poker(players=3),player_0=test_neutral:last_legal)",
    ],
)
def test_they_keep_the_contract_of_a_game(spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(__file__.rpartition("/")[0])
    game = make_game(spec)
    assert make_game(game.spec) == game
    check_game(game)


def test_the_seats_that_are_left_keep_their_names_and_their_order() -> None:
    game: Any = make_game("neutral(game=kuhn_poker(players=4,teams=0101),player_0=first)")
    assert game.agent_ids == ("player_1", "player_2", "player_3")
    assert game.teams == (0, 1, 0)
    assert (game.num_seats, game.graded, game.perfect_information) == (3, True, False)
    hunted = make_game("neutral(game=pettingzoo:simple_adversary_v3,adversary_0=random)")
    assert hunted.teams == (0, 1), "one team is left, so its seats play for themselves"


def test_the_moves_of_a_script_follow_from_the_seed_and_are_not_in_the_history() -> None:
    endings = [played(KUHN, seed) for seed in range(20)]
    assert [state.digest() for state in endings] == [played(KUHN, seed).digest() for seed in range(20)]
    assert {player for state in endings for player, _ in state.history()} == {-1, 0, 1}
    assert len({state.returns() for state in endings}) > 3, "the script plays at random"
    for seed, state in enumerate(endings):
        *_, last = make_game(KUHN).replay(seed, state.history())
        assert last.digest() == state.digest()


def test_a_script_of_ones_own_is_asked() -> None:
    spec = "neutral(game=kuhn_poker(players=3),player_2={})"
    highest = [played("kuhn_poker(players=3)", seed).returns()[:2] for seed in range(10)]
    ours = f"{__name__}:last_legal"
    with pytest.raises(UntrustedCodeError, match="may not run code"):
        make_game(spec.format(ours), trust_code=False)
    assert [played(spec.format("first"), seed).returns() for seed in range(10)] != highest
    assert sys.modules[__name__].last_legal is last_legal
    assert [played(spec.format(ours), seed).returns() for seed in range(10)] == highest


def test_an_illegal_move_changes_nothing() -> None:
    state = make_game(KUHN).new_state(1)
    before = state.digest()
    twin = state.clone()
    with pytest.raises(IllegalActionError):
        state.apply([7])
    assert state.digest() == before
    for each in (state, twin):
        each.apply([1])
    assert state.digest() == twin.digest(), "the script draws as if the illegal move had not been tried"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("neutral(player_2=random)", "names its game, such as neutral"),
        ("neutral", "names its game, such as neutral"),
        (
            "neutral(game=kuhn_poker)",
            "for some seats of 'kuhn_poker' and not for all; its seats are player_0, player_1",
        ),
        ("neutral(game=kuhn_poker,player_0=first,player_1=first)", "for some seats of 'kuhn_poker' and not for all"),
        ("neutral(game=kuhn_poker,player_9=first)", "has no seat 'player_9'; its seats are 'player_0', 'player_1'"),
        ("neutral(game=kuhn_poker,player_1=mcts)", "played by random or first or by your own package.module:function"),
        ("neutral(game=kuhn_poker,player_1=os:sep)", "'os:sep' is not a function"),
        ("neutral(game=kuhn_poker,player_1=mcts:5)", "by your own package.module:function, but got 'mcts:5'"),
        ("neutral(game=kuhn_poker,player_1=no_such_module:f)", "cannot be imported: No module named"),
        ("neutral(game=no_such_game,player_1=first)", "no game 'no_such_game'"),
        ("neutral(game=" * 1500 + "kuhn_poker" + ",player_0=first)" * 1500, "games may be nested 20 deep"),
        ("neutral(game=pettingzoo:simple_v3(continuous_actions=True),agent_0=first)", "not for all"),
    ],
)
def test_a_wrong_spec_is_one_line(spec: str, message: str) -> None:
    with pytest.raises(GameError, match=message) as error:
        make_game(spec)
    assert "\n" not in str(error.value)


def test_code_inside_is_not_trusted() -> None:
    for spec in ("neutral(game=os:system,player_0=first)", "neutral(game=kuhn_poker,player_0=os:system)"):
        with pytest.raises(UntrustedCodeError):
            make_game(spec, trust_code=False)
    assert make_game(KUHN, trust_code=False).spec == KUHN
