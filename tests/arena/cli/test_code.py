"""A person's own code on the command line: games, agents and networks in the current directory."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from network_specs import masked_spec
from played_league import make_league

import arena
from agents.contract import AgentError
from agents.policies import weights
from agents.policies.agent import policy_card, policy_tensors
from agents.policies.network import MaskedNetwork
from arena.cli.app import run
from games import make_game
from leagues.records import Member
from leagues.store import open_store

CODE = """
from agents.basic import FirstLegalAgent
from agents.policies.network import MaskedNetwork
from pettingzoo.classic.rps.rps import raw_env

def make_game():
    return raw_env(max_cycles=3)

def make_agent(game):
    return FirstLegalAgent()

class Networks:
    class Own(MaskedNetwork):
        pass

number = 3
"""
MATCH = ("match", "tic_tac_toe", "random")
Cli = Callable[..., tuple[int, str, str]]


class Own(MaskedNetwork):
    """A person's own network."""


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs ``arena`` in a directory with a module that Python does not find by itself."""
    (tmp_path / "own_code.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [place for place in sys.path if place])
    monkeypatch.delitem(sys.modules, "own_code", raising=False)

    def call(*args: object) -> tuple[int, str, str]:
        code = run([*map(str, args), "--games", "2"])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def make_snapshot(folder: Path, name: str) -> Path:
    """A league with a snapshot ``main@3`` whose network is called ``name``."""
    game = make_game("tic_tac_toe")
    make_league(folder, played=False)
    spec = masked_spec(game, fcnet_hiddens=[8])
    seats = dict.fromkeys(game.agent_ids, "main")
    card = policy_card(game, {"main": spec}, seats)
    card["modules"]["main"]["network"] = name
    digest = open_store(folder).weights.put(weights.pack(policy_tensors({"main": spec.build().get_state()}), card))
    with open_store(folder).writer() as writer:
        writer.add_members([Member("main@3", "snapshot", "main", 3, seats, digest, learner="main")])
    return folder


@pytest.mark.parametrize(
    "args",
    [
        ("match", "own_code:make_game", "random", "random"),
        (*MATCH, "py:own_code:make_agent"),
        (*MATCH, "greedy:py:own_code:make_agent"),
    ],
)
def test_games_and_agents_of_the_current_directory_are_found(cli: Cli, args: tuple[str, ...], tmp_path: Path) -> None:
    assert cli(*MATCH, "first")[0] == 0
    assert str(tmp_path) not in sys.path
    code, out, err = cli(*args)
    assert (code, err) == (0, "")
    assert "in 2 games" in out
    assert sys.path.index(str(tmp_path)) == len(sys.path) - 1  # installed modules come first


def test_a_network_that_the_person_names_plays(cli: Cli, tmp_path: Path) -> None:
    league = make_snapshot(tmp_path / "league", "own_code:Networks.Own")
    code, out, err = cli(*MATCH, f"{league}:latest")
    assert (code, out) == (2, "")
    assert "own_code:Networks.Own" in err
    assert "--module" in err
    assert err.count("\n") == 1
    code, out, err = cli(*MATCH, f"{league}:latest", "--module", "own_code:Networks.Own")
    assert (code, err) == (0, "")
    assert cli(*MATCH, f"greedy:{league}:latest", "--module", "own_code:Networks.Own")[0] == 0
    assert cli(*MATCH[:2], "random", "main@3", "--league", league, "--module", "own_code:Networks.Own")[0] == 0


def test_a_network_of_a_script_goes_by_the_name_of_its_module_too(cli: Cli, tmp_path: Path) -> None:
    league = make_snapshot(tmp_path / "league", "__main__:Networks.Own")
    assert cli(*MATCH, f"{league}:latest", "--module", "own_code:Networks.Own")[0] == 0


@pytest.mark.parametrize(
    "name", ["own_code", "own_code:Nobody", "no_such_module:Own", "own_code:number", "..:Own", ":", ""]
)
def test_a_wrong_network_name_is_a_wrong_call(cli: Cli, name: str) -> None:
    code, out, err = cli(*MATCH, "first", "--module", name)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "PACKAGE.MODULE:CLASS" in err


def test_a_network_is_passed_in_python(tmp_path: Path) -> None:
    name = f"{Own.__module__}:Own"
    game, folder = make_game("tic_tac_toe"), make_snapshot(tmp_path / "league", name)
    own = {name: Own}
    with arena.open_league(folder) as league:
        with pytest.raises(AgentError, match="module_classes="):
            league.agent("main@3")
        league.agent("main@3", module_classes=own).close()
    arena.load_agent(f"{folder}:main@3", game, module_classes=own).close()
    assert arena.play_match(game, [f"{folder}:main@3", "random"], games=2, module_classes=own).games == 2
    assert arena.play_match(game, ["main@3", "random"], games=2, league=folder, module_classes=own).games == 2


def test_a_person_plays_against_a_network_of_their_own(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import io

    league = make_snapshot(tmp_path / "league", "own_code:Networks.Own")
    for module, expected in (([], 2), (["--module", "own_code:Networks.Own"], 0)):
        monkeypatch.setattr("sys.stdin", io.StringIO("q\n"))
        assert run(["play", "tic_tac_toe", "--against", f"{league}:latest", *module]) == expected
    assert "You left the table" in capsys.readouterr().out
