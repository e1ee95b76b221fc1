"""Contests: agents from outside as guests, leagues without a learner, and events that are taken up."""

from __future__ import annotations

from pathlib import Path

import pytest
from network_specs import masked_spec
from played_league import make_league

from agents.basic import RandomAgent
from agents.contract import AgentError
from agents.policies import weights
from agents.policies.agent import policy_card, policy_tensors
from arena.api import open_league
from arena.names import load_agent
from arena.play.contest import open_contest
from arena.play.matches import play_match, rotated_pairings
from arena.play.source import Planned
from arena.verify import verify
from games import make_game
from leagues.records import Match, Member
from leagues.store import StoreError, open_store

GAME = "tic_tac_toe"


def league_with_a_network(folder: Path) -> Path:
    """A league whose member main@3 is a network with weights that can play."""
    game = make_game(GAME)
    make_league(folder, played=False)
    seats = dict.fromkeys(game.agent_ids, "main")
    spec = masked_spec(game, fcnet_hiddens=[16])
    tensors = policy_tensors({"main": spec.build().get_state()})
    digest = open_store(folder).weights.put(weights.pack(tensors, policy_card(game, {"main": spec}, seats)))
    with open_store(folder).writer() as writer:
        writer.add_members([Member("main@3", "snapshot", "main", 3, seats, digest, learner="main")])
    return folder


def members(folder: Path) -> dict[str, Member]:
    with open_league(folder) as league:
        return {member.id: member for member in league.members()}


def histories(folder: Path) -> list[object]:
    with open_store(folder).reader() as reader:
        return [(match.block, match.seats, match.history) for match in reader.iter_matches()]


def test_a_match_makes_a_league_without_a_learner_of_its_guests(tmp_path: Path) -> None:
    folder = tmp_path / "arena"
    result = play_match(GAME, ["first", "mcts:5"], games=6, league=folder)
    assert [match.id for match in result.matches] == list(range(1, 7))
    assert members(folder) == {
        "first": Member("first", "guest", "guest", agent="first"),
        "mcts:5": Member("mcts:5", "guest", "guest", agent="mcts:5"),
    }
    with open_league(folder) as league:
        assert league.info.game == GAME
        assert {standing.agent for standing in league.leaderboard()} == {"first", "mcts:5"}
        assert league.payoffs().get("first", "mcts:5").games == 6
        (event,) = league.reader.events()
        assert (event.number, event.command, event.finished) == (1, "match", True)
        assert event.arguments["agents"] == ["first", "mcts:5"]
    assert load_agent(f"{folder}:mcts:5", GAME).simulations == 5  # type: ignore[attr-defined]
    assert verify(folder).findings == ()


def test_members_and_guests_join_only_once(tmp_path: Path) -> None:
    folder = make_league(tmp_path, played=False)
    for agents in (["first", "mcts:5"], ["mcts:5", "random"], [f"{folder}:mcts:5", "mcts:6"]):
        play_match(GAME, agents, games=2, league=folder)
    kinds = {name: member.kind for name, member in members(folder).items()}
    assert kinds["first"] == kinds["random"] == "baseline"
    assert kinds["mcts:5"] == kinds["mcts:6"] == "guest"
    assert len(kinds) == 7


def test_a_policy_of_another_league_brings_its_weights(tmp_path: Path) -> None:
    other = league_with_a_network(tmp_path / "other")
    folder = tmp_path / "arena"
    result = play_match(GAME, [f"{other}:main", f"{other}:first"], games=4, league=folder)
    assert result.agents == ("other:main@3", "first")
    guest = members(folder)["other:main@3"]
    assert (guest.kind, guest.role, guest.origin) == ("guest", "guest", f"{other}:main@3")
    assert guest.weights == members(other)["main@3"].weights == result.matches[0].weights[0]
    assert guest.modules == members(other)["main@3"].modules
    for file in (other / "weights").iterdir():
        file.unlink()
    again = play_match(GAME, [f"{folder}:other:main@3", f"{folder}:first"], games=4)
    assert [match.history for match in again.matches] == [match.history for match in result.matches]
    assert verify(folder).findings == ()


def test_equal_weights_are_one_guest_and_equal_names_are_two(tmp_path: Path) -> None:
    one, two = league_with_a_network(tmp_path / "a" / "x"), league_with_a_network(tmp_path / "b" / "x")
    folder = tmp_path / "arena"
    result = play_match(GAME, [f"{one}:main@3", f"{two}:main@3"], games=2, league=folder)
    assert result.agents == ("x:main@3", "x:main@3-2")
    again = play_match(GAME, [f"{two}:latest", f"{one}:latest"], games=2, league=folder)
    assert again.agents == ("x:main@3-2", "x:main@3")
    assert len(members(folder)) == 2


def test_a_guest_without_its_weights_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    other = league_with_a_network(tmp_path / "other")
    folder = tmp_path / "arena"
    play_match(GAME, [f"{other}:main@3", "first"], games=2, league=folder)
    for file in (folder / "weights").iterdir():
        file.unlink()
    with pytest.raises(StoreError, match="restore it"):
        play_match(GAME, ["other:main@3", "mcts:2"], games=2, league=folder)
    assert set(members(folder)) == {"other:main@3", "first"}
    for file in (other / "weights").iterdir():
        file.unlink()
    with pytest.raises(StoreError, match="restore it"):
        play_match(GAME, [f"{other}:main@3", "first"], games=2, league=tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "agents", [["random", "nobody"], ["random", RandomAgent()], ["random", "{other}:first"], ["random", "mcts:0"]]
)
def test_a_wrong_call_makes_no_league(tmp_path: Path, agents: list[str | RandomAgent]) -> None:
    other = make_league(tmp_path / "other", "connect_four", played=False)
    named = [agent.format(other=other) if isinstance(agent, str) else agent for agent in agents]
    with pytest.raises(AgentError):
        play_match(GAME, named, games=2, league=tmp_path / "new")
    assert not (tmp_path / "new").exists()


def interrupted(folder: Path, agents: list[str], after: int, **options: object) -> None:
    """Begin a match, and end it with an exception once so many of its games are recorded."""
    kept: list[Match] = []

    def stop(match: Match) -> None:
        kept.append(match)
        if len(kept) == after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        play_match(GAME, agents, league=folder, on_match=stop, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("agents", "options"),
    [
        (["random", "mcts:3"], {"games": 12}),
        (["random", "random"], {"games": 60, "tables": 4}),
        (["first", "mcts:3"], {"games": 12, "openings": "random:2"}),
    ],
)
def test_a_match_that_is_taken_up_plays_the_rest_of_the_same_games(
    tmp_path: Path, agents: list[str], options: dict[str, object]
) -> None:
    whole = play_match(GAME, agents, league=tmp_path / "whole", **options)  # type: ignore[arg-type]
    folder = tmp_path / "parts"
    interrupted(folder, agents, 3, **options)
    begun = histories(folder)
    assert 3 <= len(begun) < len(whole.matches)
    result = play_match(GAME, agents, league=folder, resume=True, **options)  # type: ignore[arg-type]
    assert histories(folder) == histories(tmp_path / "whole")
    assert histories(folder)[: len(begun)] == begun
    assert (result.score, result.low, result.high, result.games) == (whole.score, whole.low, whole.high, whole.games)
    assert [match.seats for match in result.matches] == [match.seats for match in whole.matches]
    with open_store(folder).reader() as reader:
        assert [event.finished for event in reader.events()] == [True]
    assert verify(folder).findings == ()


@pytest.mark.parametrize("change", [{"games": 20}, {"seed": 5}, {"openings": "random:1"}, {"tables": 3}])
def test_only_an_equal_call_takes_a_match_up(tmp_path: Path, change: dict[str, object]) -> None:
    interrupted(tmp_path, ["random", "mcts:3"], 4, games=12)
    with pytest.raises(AgentError, match="no unfinished match"):
        play_match(GAME, ["random", "mcts:3"], league=tmp_path, resume=True, **{"games": 12} | change)  # type: ignore[arg-type]
    assert len(histories(tmp_path)) == 4


@pytest.mark.parametrize("league", [None, "none", "finished"])
def test_there_must_be_something_to_take_up(tmp_path: Path, league: str | None) -> None:
    if league == "finished":
        play_match(GAME, ["random", "first"], games=2, league=tmp_path / league)
    with pytest.raises(AgentError, match=r"taken up|no league|no unfinished"):
        play_match(GAME, ["random", "first"], games=2, league=league and tmp_path / league, resume=True)


def test_games_do_not_depend_on_what_other_batches_hold() -> None:
    game = make_game(GAME)
    with open_contest(game, ["random", "mcts:3"], command="test", arguments={}) as contest:
        pairings = rotated_pairings(contest.names, games=20, seed=4)
        whole: list[Match] = []
        contest.play(Planned(pairings), on_match=whole.append)
        part: list[Match] = []
        contest.play(Planned(pairings[10:14]), on_match=part.append)
    assert [match.history for match in part] == [match.history for match in whole[10:14]]
