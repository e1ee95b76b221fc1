"""Matches between members of a league, recorded there."""

from __future__ import annotations

from pathlib import Path

import pytest
from network_specs import masked_spec
from played_league import make_league

from agents.basic import FirstLegalAgent, RandomAgent
from agents.contract import Agent, AgentError
from agents.policies import weights
from agents.policies.agent import policy_card, policy_tensors
from arena.api import open_league
from arena.names import load_agent
from arena.play.matches import play_match, rotated_pairings
from arena.verify import verify
from games import make_game
from leagues.records import Member
from leagues.store import StoreError, open_store


def test_matches_between_members_are_recorded_in_their_league(tmp_path: Path) -> None:
    folder = make_league(tmp_path / "league", played=False)
    result = play_match("tic_tac_toe", [f"{folder}:first", "random"], games=10, seed=2, league=folder)
    assert [match.id for match in result.matches] == list(range(1, 11))
    with open_store(folder).reader() as reader:
        recorded = list(reader.iter_matches())
        scores = reader.block_scores()
    assert [match.seats for match in recorded] == [("first", "random"), ("random", "first")] * 5
    assert {match.kind for match in recorded} == {"evaluation"}
    assert [match.history for match in recorded] == [match.history for match in result.matches]
    assert len(scores) == 5
    assert sum(score.wins for score in scores) == result.wins  # first sorts before random
    assert verify(folder).findings == ()


def test_a_recorded_match_that_is_repeated_plays_on_with_new_blocks(tmp_path: Path) -> None:
    folder = make_league(tmp_path / "league", played=False)
    for agents in (["first", "random"], ["first", "random"], ["random", f"{folder}:first"]):
        play_match("tic_tac_toe", agents, games=6, seed=2, league=folder)
    with open_store(folder).reader() as reader:
        scores = reader.block_scores()
        recorded = list(reader.iter_matches())
    assert {score.wins + score.draws + score.losses for score in scores} == {2}  # no block has been added to
    assert [match.seed for match in recorded] == [
        pairing.seed for pairing in rotated_pairings(("first", "random"), games=18, seed=2)
    ]
    # Others play the same seeds, so that a new opponent gets the same deals.
    other = play_match("tic_tac_toe", ["random", "random"], games=6, seed=2, league=folder)
    assert [match.seed for match in other.matches] == [match.seed for match in recorded[:6]]
    assert verify(folder).findings == ()


def test_a_league_is_named_by_its_url_too(tmp_path: Path) -> None:
    url = f"sqlite:{make_league(tmp_path / 'league', played=False)}"
    result = play_match("tic_tac_toe", [f"{url}:first", f"{tmp_path / 'league'}:random"], games=4, seed=2, league=url)
    assert verify(url).matches == 4
    with open_league(url) as league:
        assert [match.id for match in league.matches()] == [match.id for match in result.matches[::-1]]
        assert isinstance(league.agent("first"), FirstLegalAgent)
    assert isinstance(load_agent(f"{url}:first", "tic_tac_toe"), FirstLegalAgent)


@pytest.mark.parametrize(
    ("game", "agents", "words"),
    [
        ("tic_tac_toe", ["first", "main@9"], "'main@9' is no member"),
        ("tic_tac_toe", ["first", RandomAgent()], "agent object"),
        ("connect_four", ["first", "random"], "plays 'tic_tac_toe"),
    ],
)
def test_what_cannot_be_recorded_is_refused(tmp_path: Path, game: str, agents: list[str | Agent], words: str) -> None:
    folder = make_league(tmp_path, played=False)
    with pytest.raises(AgentError, match=words):
        play_match(game, agents, games=2, league=folder)
    with open_store(folder).reader() as reader:
        assert (reader.count_matches(), reader.events(), len(reader.members())) == (0, [], 5)


def test_a_league_that_is_being_written_is_refused_before_anything_is_played(tmp_path: Path) -> None:
    folder = make_league(tmp_path, played=False)
    with open_store(folder).writer(), pytest.raises(StoreError, match="one writer"):
        play_match("tic_tac_toe", ["first", "random"], games=2, league=folder)


def test_a_frozen_policy_plays_under_its_name(tmp_path: Path) -> None:
    game = make_game("tic_tac_toe")
    folder = make_league(tmp_path, played=False)
    seats = dict.fromkeys(game.agent_ids, "main")
    spec = masked_spec(game, fcnet_hiddens=[16])
    tensors = policy_tensors({"main": spec.build().get_state()})
    digest = open_store(folder).weights.put(weights.pack(tensors, policy_card(game, {"main": spec}, seats)))
    with open_store(folder).writer() as writer:
        writer.add_members([Member("main@3", "snapshot", "main", 3, seats, digest, learner="main")])
    result = play_match(game, [f"{folder}:latest", f"{folder}:random"], games=20, seed=1, league=folder)
    assert result.agents == ("main@3", "random")
    assert {match.ending for match in result.matches} == {"terminated"}
    assert result.matches[0].weights == (digest, None)
    again = play_match(game, [f"{folder}:main@3", "random"], games=20, seed=1)
    assert [match.history for match in again.matches] == [match.history for match in result.matches]
    assert verify(folder).matches == 20
