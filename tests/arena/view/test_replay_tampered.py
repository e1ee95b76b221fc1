"""Altered records are refused in one line; above all, they do not end the process."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.basic import RandomAgent
from arena.play.matches import play_pairings, rotated_pairings
from arena.verify import match_problem
from arena.view.replay import frames
from games import GameError, IllegalActionError, make_game
from leagues.records import Match, Member
from leagues.store import LeagueInfo, open_store

# OpenSpiel itself ends the process when asked for the name of an action that is out of range in the first.
GAMES = ["matrix_rps", "chess", "goofspiel(num_cards=4)", "leduc_poker", "pettingzoo:tictactoe_v3"]


@cache
def played(spec: str) -> Match:
    pairings = rotated_pairings(("a", "b"), games=1, seed=5)[:1]
    return play_pairings(make_game(spec), pairings, {"a": RandomAgent(), "b": RandomAgent()})[0]


@pytest.mark.parametrize("spec", GAMES[:-1])
@pytest.mark.parametrize("action", [-1, 10**6, 2**62])
def test_only_legal_actions_have_names(spec: str, action: int) -> None:
    state = make_game(spec).new_state(5)
    with pytest.raises(IllegalActionError, match="not a legal action"):
        state.action_name(state.acting()[0], action)


@settings(deadline=None, max_examples=40)
@given(spec=st.sampled_from(GAMES), place=st.integers(0, 10**6), action=st.integers(0, 40) | st.integers(0, 2**40))
def test_a_changed_move_is_found_and_never_shown(spec: str, place: int, action: int) -> None:
    game, match = make_game(spec), played(spec)
    place %= len(match.history)
    seat, made = match.history[place]
    history = (*match.history[:place], (seat, action), *match.history[place + 1 :])
    changed = replace(match, history=history)
    assert (match_problem(game, changed) is None) == (action == made)
    info = LeagueInfo(game.spec, game.agent_ids, 1, {}, {}, datetime(2026, 1, 2, tzinfo=UTC))
    with open_store(None).create(info) as store:
        store.add_members([Member(name, "baseline", "baseline", agent="random") for name in "ab"])
        (number,) = store.record(matches=[changed])
        with contextlib.suppress(GameError):  # a legal move instead of another may lead to the end, too
            assert len(frames(store, number)) == match.plies + 1 or action != made
