"""Which game a spec makes, what is refused, and what the catalogue lists."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import pyspiel
import pytest

from games import (
    GameError,
    UnknownGameError,
    UntrustedCodeError,
    as_game,
    list_games,
    make_game,
    names_code,
    registry,
)
from games.environments import catalogue as environments
from games.environments.catalogue import list_game
from games.specs import MOST_NESTED


@pytest.mark.parametrize(
    ("spec", "canonical"),
    [
        ("connect_four", "connect_four"),
        (" connect_four() ", "connect_four"),
        ("leduc_poker(players=3)", "leduc_poker(players=3)"),
        ("leduc_poker( suit_isomorphism = true, players=2 )", "leduc_poker(suit_isomorphism=True)"),
        ("go(komi=7,board_size=9)", "go(board_size=9,komi=7.0)"),
        ("misere(game=tic_tac_toe)", "misere(game=tic_tac_toe())"),
        ("universal_poker(blind=100 100)", "universal_poker"),
        (
            "turn_based_simultaneous_game(game=goofspiel(num_cards=4, imp_info=True))",
            "turn_based_simultaneous_game(game=goofspiel(imp_info=True,num_cards=4))",
        ),
        ("pettingzoo:rps_v2", "pettingzoo:rps_v2"),
        ("pettingzoo:rps_v2(max_cycles=15)", "pettingzoo:rps_v2"),
        ("pettingzoo:rps_v2( num_actions=5, max_cycles=5)", "pettingzoo:rps_v2(max_cycles=5,num_actions=5)"),
        ("odd_environments:Countdown(start=9)", "odd_environments:Countdown(start=9)"),
        ("pettingzoo.classic.rps.rps:parallel_env", "pettingzoo.classic.rps.rps:parallel_env"),
    ],
)
def test_a_spec_has_one_canonical_form(spec: str, canonical: str) -> None:
    game = make_game(spec)
    assert game.spec == canonical
    assert make_game(game.spec) == game
    assert pickle.loads(pickle.dumps(game)) == game


def test_whatever_takes_a_game_takes_a_spec_too() -> None:
    game = make_game("kuhn_poker")
    assert as_game(game) is game
    assert as_game("kuhn_poker") == game


def test_what_is_neither_a_game_nor_a_spec_is_refused() -> None:
    with pytest.raises(GameError, match=r"pass its spec, 'leduc_poker\(players=3\)'"):
        as_game(pyspiel.load_game("leduc_poker(players=3)"))  # type: ignore[arg-type]
    with pytest.raises(GameError, match=r"pass its spec, 'kuhn_poker'"):
        as_game(pyspiel.load_game("kuhn_poker"))  # type: ignore[arg-type]
    for wrong in ({}, {"game": "kuhn_poker"}, None, make_game("kuhn_poker").new_state(0)):
        with pytest.raises(GameError, match="is not a game; pass a spec"):
            as_game(wrong)  # type: ignore[arg-type]


def test_games_with_different_rules_differ() -> None:
    assert make_game("leduc_poker") != make_game("leduc_poker(players=3)")
    assert make_game("pettingzoo:rps_v2") != make_game("pettingzoo:rps_v2(max_cycles=5)")


def test_what_a_game_says_of_itself() -> None:
    game = make_game("connect_four")
    assert game.agent_ids == ("player_0", "player_1")
    assert game.observation_shape == (3, 6, 7)
    assert (game.num_actions, game.max_plies) == (7, 42)
    assert (game.dynamics, game.utility, game.perfect_information) == ("turn_based", "zero_sum", True)
    leduc = make_game("leduc_poker(players=3)")
    assert leduc.num_seats == 3
    assert not leduc.perfect_information
    assert leduc.observation_shape == (47,)  # the information state, not the observation
    assert make_game("goofspiel").dynamics == "simultaneous"
    assert not make_game("negotiation").replayable
    rps = make_game("pettingzoo:rps_v2")
    assert (rps.dynamics, rps.observation_shape, rps.num_actions) == ("simultaneous", (4,), 3)
    tictactoe = make_game("pettingzoo:tictactoe_v3")
    assert tictactoe.agent_ids == ("player_1", "player_2")
    assert tictactoe.observation_space(0).shape == (3, 3, 2)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("conect_four", "did you mean 'connect_four'"),
        ("qqqq", "arena games"),
        ("misere", "needs parameters \\(game\\)"),
        ("misere(game=tictactoe)", "did you mean 'tic_tac_toe'"),
        ("mfg_garnet", "mean-field"),
        ("crossword", "actions are structures"),
        ("connect_four(rows=0)", "nothing to see"),
        ("pettingzoo:rps_v1", "did you mean 'rps_v2'"),
        ("pursuit_v5", "did you mean 'pettingzoo:pursuit_v5'"),
        ("rps", "did you mean 'pettingzoo:rps_v2'"),
        ("misere(game=rps)", r"there is no game 'rps'; (?!did you mean 'pettingzoo)"),
        ("no_such_module.envs:make", "no module 'no_such_module'"),
        ("odd_environments:Countdwn", "did you mean 'Countdown'"),
        ("odd_environments:make_broken", "needs parameters \\(size\\)"),
    ],
)
def test_an_unknown_game_is_refused_in_one_line(spec: str, says: str) -> None:
    with pytest.raises(UnknownGameError, match=says) as caught:
        make_game(spec)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("", "must start with a name"),
        ("leduc_poker(playerz=3)", "takes action_mapping, .*did you mean 'players'"),
        ("leduc_poker(players=30)", "2 to 10 players, but got players=30"),
        ("leduc_poker(players=x)", "of type int, but got 'x'"),
        ("leduc_poker(players=3.5)", "of type int, but got '3.5'"),
        ("leduc_poker(suit_isomorphism=2)", "of type bool"),
        ("leduc_poker(players=3", "brackets"),
        ("leduc_poker(players=(3)))", "brackets"),
        ("leduc_poker(players)", "key=value"),
        ("leduc_poker(players=2,players=3)", "given twice"),
        ("goofspiel(points_order=sideways)", "Unrecognized points_order parameter: sideways"),
        ("repeated_game(stage_game=matrix_pd())", "Missing parameter num_repetitions"),
        ("pettingzoo:rps_v2(max_cycle=5)", "did you mean 'max_cycles'"),
        ("pettingzoo:rps_v2(num_actions=4)", "odd number"),
        ("pettingzoo:rps_v2(render_mode=human)", "render_mode is not a parameter"),
        ("odd_environments:make_broken(size=3)", "RuntimeError: no board of size 3"),
        ("odd_environments:make_text", "makes a str, which is not an environment; return PettingZoo's"),
        ("odd_environments:Piano", "at most 4096 combinations, but MultiBinary\\(13\\) has 8192"),
        ("odd_environments:Unbounded", "must have finite bounds, but are Box"),
        ("odd_environments:Mixed", "if one seat's actions are continuous, all seats' must be"),
        ("odd_environments:Growing", "must have a fixed size, but Sequence"),
    ],
)
def test_a_game_that_breaks_a_rule_is_refused_in_one_line(
    spec: str, says: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(GameError, match=says) as caught:
        make_game(spec)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""  # what the engine prints beside its errors is discarded


@pytest.mark.parametrize("agents", ["['a', 'a']", "[1, '1']"])
def test_agents_of_one_id_are_refused(agents: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "twins.py").write_text(
        "from odd_environments import Countdown\n"
        f"class Twins(Countdown):\n    possible_agents = property(lambda self: {agents}, lambda self, _: None)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "twins", raising=False)
    with pytest.raises(GameError, match="agent IDs must differ as text, but possible_agents of 'twins:Twins'"):
        make_game("twins:Twins")


@pytest.mark.parametrize(
    "spec", ["ran_code:make(mark='{mark}')", " ran_code:make(mark='{mark}')", "ran_code:make", "ran_code :make"]
)
def test_code_named_by_a_stored_spec_does_not_run(
    spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ran_code.py").write_text("print('imported')\ndef make(mark=''):\n    print('called', mark)\n")
    monkeypatch.syspath_prepend(tmp_path)
    named = spec.format(mark=tmp_path)
    assert names_code(named)
    with pytest.raises(UntrustedCodeError, match=r"trust_code=True.*--trust-code") as caught:
        make_game(named, trust_code=False)
    assert "\n" not in str(caught.value)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("spec", ["kuhn_poker", "misere(game=tic_tac_toe())", "pettingzoo:rps_v2(max_cycles=5)"])
def test_stored_specs_of_known_games_need_no_trust(spec: str) -> None:
    assert not names_code(spec)
    assert make_game(spec, trust_code=False) == make_game(spec)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "chess", None)  # as if it were not installed
    monkeypatch.delitem(sys.modules, "pettingzoo.classic.chess.chess", raising=False)
    with pytest.raises(UnknownGameError, match="chess") as caught:
        make_game("pettingzoo:chess_v6")
    assert "\n" not in str(caught.value)
    info = list_game("chess_v6")
    assert not info.playable
    assert "chess" in info.reason


def test_the_catalogue() -> None:
    games = {info.spec: info for info in list_games()}
    playable = [info for info in games.values() if info.playable and info.library == "openspiel"]
    assert len(games) >= 135
    assert len(playable) >= 100
    assert all(info.observation and info.actions and info.seats and not info.reason for info in playable)
    assert all(info.reason for info in games.values() if not info.playable)
    connect_four = games["connect_four"]
    assert (connect_four.seats, connect_four.observation, connect_four.actions) == (2, (3, 6, 7), 7)
    assert (games["leduc_poker"].information, games["leduc_poker"].chance) == ("imperfect", "explicit")
    assert games["goofspiel"].dynamics == games["pettingzoo:rps_v2"].dynamics == "simultaneous"
    assert games["pettingzoo:tictactoe_v3"].playable


def test_the_catalogue_makes_a_game_once_and_only_if_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    make = environments.pettingzoo_game
    monkeypatch.setattr(environments, "pettingzoo_game", lambda text: made.append(text) or make(text))  # type: ignore[func-returns-value]
    registry._pettingzoo_info.cache_clear()
    assert list_games("rps_v2") == list_games("pettingzoo:r*")
    assert made == ["rps_v2"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("connect_four", {"connect_four", "pettingzoo:connect_four_v3"}),
        ("pettingzoo:r*", {"pettingzoo:rps_v2"}),
        ("KUHN", {"kuhn_poker"}),
        ("no such game", set()),
    ],
)
def test_the_catalogue_can_be_searched(pattern: str, found: set[str]) -> None:
    assert {info.spec for info in list_games(pattern)} == found


@pytest.mark.parametrize("depth", [1000, 20_000])
@pytest.mark.parametrize("name", ["misere", "neutral", "pettingzoo:rps_v2", "module:callable"])
def test_a_spec_of_games_within_games_without_end_is_refused(name: str, depth: int) -> None:
    for ends in (")" * depth, ""):
        with pytest.raises(GameError, match=r"^(games may be nested 20 deep|the brackets of).{1,200}$"):
            make_game(f"{name}(game=" * depth + "tic_tac_toe" + ends)


def test_some_games_within_games_can_be_made() -> None:
    assert make_game("misere(game=" * MOST_NESTED + "tic_tac_toe" + ")" * MOST_NESTED).num_seats == 2
    with pytest.raises(GameError, match="nested 20 deep"):
        make_game("misere(game=" * (MOST_NESTED + 2) + "tic_tac_toe" + ")" * (MOST_NESTED + 2))
