"""``play_match``: scores, blocks, names, recording in a league."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from played_league import AGENTS, Centre, Resigner, make_league

from agents.basic import FirstLegalAgent, RandomAgent
from agents.contract import Agent, AgentError, Turn
from arena.names import find_member, load_agent
from arena.play.matches import play_match, play_pairings, rotated_pairings
from arena.verify import match_problem, verify
from games import make_game
from games.contract import IntArray
from leagues.records import Member
from leagues.store import StoreError, open_store


def test_a_stronger_agent_scores_more_and_the_interval_holds_the_score() -> None:
    result = play_match("tic_tac_toe", ["minimax:4", "random"], games=60, seed=1)
    assert result.agents == ("minimax:4", "random")
    assert result.games == len(result.matches) == 60
    assert result.wins + result.draws + result.losses == 60
    assert result.score == (result.wins + result.draws / 2) / 60
    assert 0.6 < result.low < result.score < result.high <= 1
    reverse = play_match("tic_tac_toe", ["random", "minimax:4"], games=60, seed=1)
    assert reverse.high < 0.4


def test_the_score_of_an_even_match_has_one_half_in_its_interval() -> None:
    results = [play_match("connect_four", ["random", "random"], games=200, seed=seed) for seed in range(20)]
    assert results[0].agents == ("random", "random#2")
    assert sum(result.low < 0.5 < result.high for result in results) >= 16  # 19 of 20 on average
    widest = max(result.high - result.low for result in results)
    assert widest < 0.16
    fewer = play_match("connect_four", ["random", "random"], games=40)
    assert fewer.high - fewer.low > widest


def test_one_sided_results_keep_an_interval_of_some_width() -> None:
    result = play_match("tic_tac_toe", [FirstLegalAgent(), Loser()], games=20)
    assert (result.score, result.high) == (1.0, 1.0)
    assert 0.6 < result.low < 0.9


class Loser(Agent):
    """Returns an illegal action, so it loses every game by a crash."""

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        return np.full(len(turn.seats), -1, np.int64)


def test_a_crash_counts_as_a_loss(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    result = play_match("tic_tac_toe", [Resigner(), "first"], games=10)
    assert (result.wins, result.draws, result.losses) == (0, 0, 10)


def test_games_come_in_blocks_of_one_seed_with_the_seats_rotated() -> None:
    result = play_match("kuhn_poker(players=3)", ["random", "first", Centre()], games=10)
    assert result.games == 12
    assert result.wins + result.draws + result.losses == 24
    blocks = [result.matches[start : start + 3] for start in range(0, 12, 3)]
    assert len({block[0].seed for block in blocks}) == 4
    for block in blocks:
        assert len({match.seed for match in block}) == 1
        assert {match.seats[0] for match in block} == {"random", "first", "Centre"}
        deals = {tuple(move for move in match.history if move[0] == -1) for match in block}
        assert len(deals) == 1  # the same cards for all
    assert [match.seats.index("random") for match in result.matches] == [0, 1, 2] * 4


def test_equal_calls_give_equal_results_and_another_seed_others() -> None:
    once, again, other = (play_match("connect_four", ["random", "mcts:3"], games=8, seed=seed) for seed in (5, 5, 6))
    assert [match.history for match in once.matches] == [match.history for match in again.matches]
    assert [match.history for match in once.matches] != [match.history for match in other.matches]


@pytest.mark.parametrize(
    ("game", "agents", "games", "words"),
    [
        ("tic_tac_toe", ["random"], 10, "name one agent for each"),
        ("tic_tac_toe", ["random"] * 3, 10, "got 3 agents"),
        ("2048", ["random"], 10, "1 seats"),
        ("tic_tac_toe", ["random", "first"], 0, "games=0"),
        ("tic_tac_toe", ["random", "frist"], 10, "did you mean 'first'"),
        ("kuhn_poker", ["random", "mcts:10"], 10, "hides"),
    ],
)
def test_wrong_calls_are_explained_in_one_line(game: str, agents: list[str], games: int, words: str) -> None:
    with pytest.raises(AgentError) as caught:
        play_match(game, agents, games=games)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_agents_made_by_name_are_closed_and_given_ones_stay_open() -> None:
    given = Closing(make_game("tic_tac_toe"))
    play_match("tic_tac_toe", [given, f"py:{__name__}:Closing"], games=2)
    assert Closing.closed == 1
    assert not given.done


class Closing(RandomAgent):
    closed = 0

    def __init__(self, game: object) -> None:
        self.done = False

    def close(self) -> None:
        self.done = True
        Closing.closed += 1


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


@pytest.mark.parametrize(
    ("game", "agents", "words"),
    [
        ("tic_tac_toe", ["first", "mcts:5"], "'mcts:5' is not a member"),
        ("tic_tac_toe", ["first", RandomAgent()], "agent object"),
        ("connect_four", ["first", "random"], "plays 'tic_tac_toe"),
    ],
)
def test_only_members_can_be_recorded(tmp_path: Path, game: str, agents: list[str | Agent], words: str) -> None:
    folder = make_league(tmp_path, played=False)
    with pytest.raises(AgentError, match=words):
        play_match(game, agents, games=2, league=folder)
    with open_store(folder).reader() as reader:
        assert reader.count_matches() == 0


def test_a_league_that_is_being_written_is_refused_before_anything_is_played(tmp_path: Path) -> None:
    folder = make_league(tmp_path, played=False)
    with open_store(folder).writer(), pytest.raises(StoreError, match="one writer"):
        play_match("tic_tac_toe", ["first", "random"], games=2, league=folder)


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
        agents = {"main@1": AGENTS["first"], "main@2": Loser()}
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


def test_an_altered_snapshot_is_refused_before_torch_is_loaded(tmp_path: Path) -> None:
    folder = make_league(tmp_path, played=False)
    for path in (folder / "weights").iterdir():
        path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(StoreError, match="altered"):
        load_agent(f"{folder}:main@1", make_game("tic_tac_toe"))


def test_a_frozen_policy_plays_under_its_name(tmp_path: Path) -> None:
    from agents.policies import weights
    from agents.policies.agent import policy_card, policy_tensors
    from agents.policies.network import default_module_spec

    game = make_game("tic_tac_toe")
    folder = make_league(tmp_path, played=False)
    seats = dict.fromkeys(game.agent_ids, "main")
    spec = default_module_spec(game, model_config={"fcnet_hiddens": [16]})
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


@pytest.mark.parametrize("game", ["pettingzoo:tictactoe_v3", "pettingzoo:rps_v2"])
def test_pettingzoo_games_are_played_too(game: str) -> None:
    result = play_match(game, ["random", "first"], games=6)
    assert {match.ending for match in result.matches} <= {"terminated", "truncated"}
    assert all(match.plies > 0 for match in result.matches)
    assert [match_problem(make_game(game), match) for match in result.matches] == [None] * 6
