"""UCI engines: calls are parsed, engines are spoken to, moves are translated, and they play chess."""

from __future__ import annotations

import shlex
import sys
import textwrap
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from program_kit import gone

from agents.contract import AgentError
from agents.programs import external
from agents.programs.process import LineProcess, ProgramError
from agents.programs.uci import EngineCall, _Line, best_move, greet
from agents.registry import make_agent
from arena.play.matches import play_pairings
from arena.play.source import Limits
from games import make_game
from leagues.records import Pairing

needs_chess = pytest.mark.skipif(find_spec("chess") is None, reason="this game needs python-chess, which is GPL-3")


def engine(folder: Path, choose: str = "print('bestmove e2e4', flush=True)") -> str:
    """The command line of an engine that chooses so, given the ``moves`` so far; it keeps what it hears in ``log``."""
    path = folder / "engine.py"
    path.write_text(
        textwrap.dedent(
            """
            import os, sys, time
            log = open(LOG, "a", buffering=1)
            log.write(f"{os.getpid()}\\n")
            print("a banner \\x1b[31m", flush=True)
            for line in sys.stdin:
                log.write(line)
                words = line.split()
                if words[0] == "uci":
                    print("id name Fake\\noption name Hash type spin default 16\\n"
                          "option name Skill Level type spin default 20\\nuciok", flush=True)
                elif words[0] == "isready":
                    print("readyok", flush=True)
                elif words[0] == "position":
                    moves = words[3:]
                elif words[0] == "go":
                    print("info depth 1 score cp 20", flush=True)
                    CHOOSE
                elif words[0] == "quit":
                    break
            """
        )
        .replace("LOG", repr(str(folder / "log")))
        .replace("CHOOSE", choose)
    )
    return shlex.join([sys.executable, str(path)])


def heard(folder: Path) -> list[str]:
    return (folder / "log").read_text().splitlines()


def soon() -> float:
    return time.monotonic() + 30


@pytest.mark.parametrize(
    ("argument", "wanted"),
    [
        ("./engine", EngineCall("./engine", {}, {})),
        ("./engine -x?nodes=1000", EngineCall("./engine -x", {"nodes": 1000}, {})),
        (
            "stockfish?movetime=50&Hash=64&Skill Level=3",
            EngineCall("stockfish", {"movetime": 50}, {"Hash": "64", "Skill Level": "3"}),
        ),
        ("./what?.sh?depth=2", EngineCall("./what?.sh", {"depth": 2}, {})),
    ],
)
def test_a_call_is_parsed(argument: str, wanted: EngineCall) -> None:
    assert EngineCall.parse(argument) == wanted


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("e?nodes", "key=value"),
        ("e?nodes=many", "above 0"),
        ("e?nodes=0", "above 0"),
        ("e?Hash=1\nquit=1", "key=value"),
    ],
)
def test_wrong_settings_are_one_line(argument: str, words: str) -> None:
    with pytest.raises(AgentError, match=words) as caught:
        EngineCall.parse(argument)
    assert "\n" not in str(caught.value)


def test_limits_and_clocks_become_gos() -> None:
    assert EngineCall.parse("e?nodes=10&depth=3").go(5.0) == "go nodes 10 depth 3"
    assert EngineCall.parse("e").go(1.5) == "go wtime 1500 btime 1500"
    assert EngineCall.parse("e").go(float("inf")) == "go movetime 100"


def test_an_engine_is_made_ready_and_asked(tmp_path: Path) -> None:
    process = LineProcess(engine(tmp_path))
    greet(process, {"Hash": "64", "skill level": "3"}, soon())
    assert best_move(process, [], "go nodes 5", soon()) == "e2e4"
    assert best_move(process, ["e2e4", "e7e5"], "go nodes 5", soon()) == "e2e4"
    process.close(b"quit")
    number, *lines = heard(tmp_path)
    assert lines == [
        "uci",
        "setoption name Hash value 64",
        "setoption name skill level value 3",
        "isready",
        "isready",
        "position startpos",
        "go nodes 5",
        "isready",
        "position startpos moves e2e4 e7e5",
        "go nodes 5",
        "quit",
    ]
    assert gone(int(number))


def test_wrong_engines_are_told(tmp_path: Path) -> None:
    process = LineProcess(engine(tmp_path, "print('bestmove', flush=True)"))
    with pytest.raises(ProgramError, match="has no option 'Hahs'; did you mean 'Hash'"):
        greet(process, {"Hahs": "1"}, soon())
    greet(process, {}, soon())
    with pytest.raises(ProgramError, match="names no move"):
        best_move(process, [], "go", soon())
    with pytest.raises(TimeoutError):
        greet(process, {}, time.monotonic() - 1)
    process.close()


@pytest.mark.parametrize(
    ("names", "moves"),
    [
        ("e4 d5 e5 f5 exf6", "e2e4 d7d5 e4e5 f7f5 e5f6"),  # en passant
        ("e4 e5 Nf3 Nc6 Bc4 Bc5 O-O", "e2e4 e7e5 g1f3 b8c6 f1c4 f8c5 e1g1"),
        ("d4 d5 Nc3 Nc6 Bf4 Bf5 Qd2 Qd7 O-O-O O-O-O", "d2d4 d7d5 b1c3 b8c6 c1f4 c8f5 d1d2 d8d7 e1c1 e8c8"),
        ("a4 b5 axb5 a6 bxa6 Bb7 axb7 Nc6 bxa8=N", "a2a4 b7b5 a4b5 a7a6 b5a6 c8b7 a6b7 b8c6 b7a8n"),
        ("Nf3 a6 d4 a5 Nbd2 a4 e4", "g1f3 a7a6 d2d4 a6a5 b1d2 a5a4 e2e4"),
        ("e4 e5 Qh5 Nc6 Bc4 Nf6 Qxf7#", "e2e4 e7e5 d1h5 b8c6 f1c4 g8f6 h5f7"),
    ],
)
def test_moves_are_translated(names: str, moves: str) -> None:
    game = make_game("chess")
    state, line = game.new_state(0), _Line(game)
    for name in names.split():
        (seat,) = state.acting()
        mask = np.empty(game.num_actions, np.bool_)
        state.observe(seat, np.empty(game.observation_shape, np.float32), mask)
        state.apply([next(a for a in np.flatnonzero(mask).tolist() if state.action_name(seat, a) == name)])
    assert line.follow(state)
    assert line.moves == moves.split()
    assert not line.follow(game.new_state(0))


def test_a_stored_engine_needs_trust() -> None:
    with pytest.raises(AgentError, match="--trust-code"):
        make_agent("uci:./engine", make_game("chess"), trust_code=False)


_PLAYS = """import pyspiel
        state = pyspiel.load_game("chess").new_initial_state()
        for move in moves:
            state.apply_action(state.parse_move_to_action(move))
        of = state.board()
        legal = sorted(pyspiel.chess.action_to_move(action, of).to_lan() for action in state.legal_actions())
        print("bestmove", legal[len(moves) % len(legal)], flush=True)"""


@pytest.mark.parametrize("spec", ["chess", pytest.param("pettingzoo:chess_v6", marks=needs_chess)])
def test_an_engine_plays_chess(spec: str, tmp_path: Path) -> None:
    game = make_game(spec)
    agent = make_agent(f"uci:{engine(tmp_path, _PLAYS)}?nodes=3", game)
    agents = {"engine": agent, "random": make_agent("random", game)}
    pairings = [
        Pairing(seats, seed, 0, 0, "evaluation")
        for seed, seats in enumerate([("engine", "random"), ("random", "engine")])
    ]
    matches = play_pairings(game, pairings, agents, limits=Limits(max_plies=40))
    agent.close()
    assert {match.ending for match in matches} <= {"adjudicated", "terminated"}
    lines = heard(tmp_path)
    assert lines.count("ucinewgame") == 2
    assert max(len(line.split()) for line in lines if line.startswith("position")) > 30
    assert gone(int(lines[0]))


@pytest.mark.parametrize(
    ("choose", "ending"),
    [
        ("print('bestmove a1a8', flush=True)", "illegal"),
        ("print('bestmove 0000', flush=True)", "illegal"),
        ("sys.exit(1)", "crash"),
        ("time.sleep(600)", "stall"),
    ],
)
def test_a_wrong_engine_harms_its_own_seat(
    choose: str, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ending == "stall":
        monkeypatch.setattr(external, "ANSWER_TIME", 0.5)
    game = make_game("chess")
    agent = make_agent(f"uci:{engine(tmp_path, choose)}", game)
    (match,) = play_pairings(game, [Pairing(("engine", "engine"), 1, 0, 0, "evaluation")], {"engine": agent})
    agent.close()
    assert (match.ending, match.fault) == (ending, 1)  # white sits at seat 1


def test_other_games_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="chess only"):
        make_agent(f"uci:{engine(tmp_path)}", make_game("tic_tac_toe"))
