"""From an agent's name to the agent."""

from __future__ import annotations

from pathlib import Path

import pytest
from played_league import AGENTS, Resigner, make_league

from agents.basic import FirstLegalAgent, GreedyAgent
from agents.contract import AgentError
from agents.registry import asks_person
from arena.names import find_member, load_agent, split_name
from arena.play.matches import play_match, play_pairings, rotated_pairings
from arena.play.recording import Cast, entrants
from arena.training.best_response import best_response
from games import GameError, make_game
from leagues.records import Member
from leagues.store import StoreError, open_store


def test_names_of_members_mean_frozen_ones(tmp_path: Path) -> None:
    folder = make_league(tmp_path)
    with open_store(folder).writer() as writer:
        writer.add_members([Member("exploiter", "learner", "main_exploiter")])
        assert find_member(writer, "main@1").id == "main@1"
        assert find_member(writer, "random").id == "random"
        assert find_member(writer, "main").id == "main@2"
        assert find_member(writer, "latest").id == "main@2"
        assert find_member(writer, "best").id == "main@2"
        with pytest.raises(AgentError, match="means a snapshot"):
            find_member(writer, "exploiter")
        with pytest.raises(StoreError, match=r"main@3.*main@"):
            find_member(writer, "main@3")


def test_best_is_the_highest_rated_snapshot_or_the_newest_without_ratings(tmp_path: Path) -> None:
    folder = make_league(tmp_path, played=False)
    with open_store(folder).writer() as writer:
        assert find_member(writer, "best").id == "main@2"
        agents = {"main@1": AGENTS["first"], "main@2": Resigner()}
        writer.record(
            matches=play_pairings(
                make_game("tic_tac_toe"), rotated_pairings(("main@1", "main@2"), games=8, seed=1), agents
            )
        )
        assert find_member(writer, "best").id == "main@1"


def test_baselines_of_a_league_load_by_folder_and_name(tmp_path: Path) -> None:
    folder = make_league(tmp_path / "a:league", played=False)
    with open_store(folder).writer() as writer:
        writer.add_members([Member("mcts:7", "baseline", "baseline", agent="mcts:7")])
    game = make_game("tic_tac_toe")
    assert isinstance(load_agent(f"{folder}:first", game), FirstLegalAgent)
    assert type(load_agent(f"{folder}:mcts:7", game)).__name__ == "MCTSAgent"
    with pytest.raises(AgentError, match=r"plays 'tic_tac_toe.*connect_four"):
        load_agent(f"{folder}:first", make_game("connect_four"))
    with pytest.raises(AgentError, match="matches no kind of agent and no league's folder"):
        load_agent(f"{folder}-typo:first", game)
    with pytest.raises(StoreError, match=r"league\.db"):
        load_agent(f"{tmp_path}:first", game)


@pytest.mark.parametrize("name", ["{}", "{}:first", "sqlite:{}", "sqlite:{}:first"])
def test_a_member_is_named_by_its_leagues_folder_or_url(name: str, tmp_path: Path) -> None:
    folder = make_league(tmp_path / "a:league", played=False)
    assert split_name(name.format(folder)) == (
        name.format(folder).removesuffix(":first"),
        "first" if name.endswith("first") else "best",
    )


@pytest.mark.parametrize(
    "name", ["random", "mcts:200", "sqlite:no-such-folder:main", "sqlite:", "memory:", ":main", ""]
)
def test_other_names_name_no_league(name: str) -> None:
    assert split_name(name) is None


def test_an_altered_snapshot_is_refused(tmp_path: Path) -> None:
    folder = make_league(tmp_path, played=False)
    for path in (folder / "weights").iterdir():
        path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(StoreError, match="altered"):
        load_agent(f"{folder}:main@1", make_game("tic_tac_toe"))


def test_an_agent_is_loaded_for_a_game_or_its_spec() -> None:
    for game in ("kuhn_poker", make_game("kuhn_poker")):
        assert isinstance(load_agent("first", game), FirstLegalAgent)
    with pytest.raises(GameError, match="'dict' is not a game"):
        load_agent("first", {})  # type: ignore[arg-type]


def test_a_folder_alone_means_its_best_member(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = []
    monkeypatch.setattr("arena.names.member_agent", lambda folder, member, *rest, **code: named.append(member.id))
    folder = make_league(tmp_path / "league")
    load_agent(str(folder), "tic_tac_toe")
    load_agent(f"{folder}:best", "tic_tac_toe")
    assert named == ["main@2", "main@2"]


@pytest.mark.parametrize("name", ["{}", "{}:best"])
def test_a_folder_that_is_no_league_is_a_clear_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=str(tmp_path)) as caught:
        load_agent(name.format(tmp_path), "tic_tac_toe")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["no-such-folder", "no-such-folder:best", "no-such-folder:main@3"])
def test_a_folder_that_is_not_there_is_a_clear_error(name: str) -> None:
    with pytest.raises(AgentError, match=f"'{name}' matches no kind of agent and no league's folder"):
        load_agent(name, "tic_tac_toe")


def test_greedy_names_any_agent_that_tells_its_probabilities(tmp_path: Path) -> None:
    folder = make_league(tmp_path)
    game = make_game("tic_tac_toe")
    assert isinstance(load_agent(f"greedy:{folder}:random", game), GreedyAgent)
    assert isinstance(load_agent("greedy:random", game), GreedyAgent)
    both_take_the_lowest_action = play_match(game, [f"greedy:{folder}:random", "greedy:first"], games=4, seed=1)
    assert both_take_the_lowest_action.score == 0.5
    with pytest.raises(AgentError, match=r"'greedy:mcts:7' cannot be made: .* does not tell its probabilities"):
        load_agent("greedy:mcts:7", game)
    with pytest.raises(AgentError, match="matches no kind of agent"):
        load_agent("greedy:nobody", game)
    with pytest.raises(AgentError, match=r"cannot be recorded in .* name it without 'greedy:'"):
        play_match(game, ["greedy:first", "random"], games=2, league=folder)
    assert asks_person("greedy:human")
    with pytest.raises(AgentError, match="cannot be trained against"):
        best_response(game, "greedy:first", minutes=0.01)


def test_what_is_greedy_stays_one_member_for_a_whole_contest(tmp_path: Path) -> None:
    folder = make_league(tmp_path)
    (entrant,) = entrants([f"greedy:{folder}:latest"], make_game("tic_tac_toe"))
    assert entrant.member is not None
    assert (entrant.name, entrant.member.id) == (f"greedy:{folder}:latest", "main@2")
    (script,) = entrants([f"greedy:{folder}:random"], make_game("tic_tac_toe"))
    assert isinstance(Cast(make_game("tic_tac_toe"), [script], None).load(script), GreedyAgent)
