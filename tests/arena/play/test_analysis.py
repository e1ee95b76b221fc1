"""What agents think of the positions of recorded matches and of games under way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from network_league import network_league
from network_specs import masked_spec

import arena
from agents.basic import GreedyAgent, RandomAgent
from agents.conformance import check_agent
from agents.contract import Agent, AgentError, Turn
from agents.policies.agent import PolicyAgent
from arena.play.analysis import BEST, Analyses, Choice, Opinion, analyse_match, opinion
from arena.play.matches import play_match, play_pairings
from games import Game, make_game
from games.contract import CHANCE, IntArray, Move
from leagues.records import Pairing
from leagues.store import StoreError, open_store

GAME = "tic_tac_toe"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A league with three matches: of two networks, of a network against ``random``, and of the learner."""
    folder = network_league(tmp_path_factory.mktemp("league"), GAME)
    play_match(GAME, [f"{folder}:main@1", f"{folder}:main@2"], games=1, league=folder)
    play_match(GAME, [f"{folder}:main@1", "random"], games=1, league=folder)
    with open_store(folder).writer() as writer:
        agents: dict[str, Agent] = {"main": RandomAgent(), "random": RandomAgent()}
        pairing = Pairing(("main", "random"), 5, writer.next_event(), 0, "training", "main")
        writer.record(matches=play_pairings(make_game(GAME), [pairing], agents))
    return folder


def test_a_match_is_seen_as_its_networks_saw_it(folder: Path) -> None:
    analysis = Analyses().match(str(folder), 1)
    with open_store(folder).reader() as reader:
        match = reader.match(1)
    game = make_game(GAME)
    agents = [arena.load_agent(f"{folder}:{name}", game) for name in match.seats]
    assert (analysis.absent, analysis.problem) == ({}, "")
    assert [(each.ply, each.seat) for each in analysis.opinions] == [(ply, ply % 2) for ply in range(match.plies)]
    for state, told in zip(game.replay(match.seed, match.history), analysis.opinions, strict=False):
        observation, mask = np.zeros((1, *game.observation_shape), np.float32), np.zeros((1, 9), np.bool_)
        state.observe(told.seat, observation[0], mask[0])
        turn = Turn(observation, mask, np.array([told.seat]), np.zeros(1, np.int64), lambda _: pytest.fail("not read"))
        chances, values = agents[told.seat].probabilities(turn), agents[told.seat].values(turn)
        assert chances is not None
        assert values is not None
        assert told.value == values[0]
        shown = [each.probability for each in told.best]
        assert shown == sorted(chances[0, mask[0]], reverse=True)[:BEST]
        assert all(each.probability == chances[0, int(each.action)] for each in told.best)  # type: ignore[arg-type]
        assert all(each.name == state.action_name(told.seat, each.action) for each in told.best)
        chosen = match.history[told.ply][1]
        assert told.played == Choice(chosen, f"square {chosen}", chances[0, int(chosen)])  # type: ignore[arg-type]


def test_who_has_no_weights_is_absent_and_said_so(folder: Path) -> None:
    with open_store(folder).reader() as reader:
        seat = reader.match(3).seats.index("random")
    analysis = Analyses().match(str(folder), 3)
    assert analysis.absent == {seat: "random is no network, so it has no weights to ask"}
    assert {each.seat for each in analysis.opinions} == {1 - seat}
    last = Analyses().match(str(folder), 5)
    assert last.opinions == ()
    assert last.absent[0] == "main was still learning, and the weights of a learner are not kept; snapshots are"


def test_weights_that_are_gone_or_altered_are_said_to_be(tmp_path: Path) -> None:
    folder = network_league(tmp_path, GAME)
    play_match(GAME, [f"{folder}:main@1", f"{folder}:main@2"], games=1, league=folder)
    store = open_store(folder)
    with store.reader() as reader:
        seats, (first, second) = reader.match(1).seats, reader.match(1).weights
    files = {path.name.partition(".")[0]: path for path in folder.rglob("*.safetensors")}
    assert first is not None
    assert second is not None
    files[first].unlink()
    files[second].write_bytes(b"nonsense")
    analysis = Analyses().match(str(folder), 1)
    assert analysis.opinions == ()
    assert analysis.absent[0] == f"the weights of {seats[0]} are gone"
    assert analysis.absent[1].startswith(f"the weights of {seats[1]} cannot be used: ")


@pytest.mark.slow
def test_a_match_is_analysed_once_and_a_new_league_anew(folder: Path, tmp_path: Path) -> None:
    analyses = Analyses()
    assert analyses.match(str(folder), 1) is analyses.match(str(folder), 1)
    place = tmp_path / "moved"
    for seed in range(2):
        league = network_league(tmp_path / f"league{seed}", GAME)
        play_match(GAME, [f"{league}:main@1", f"{league}:main@2"], games=1, seed=seed, league=league)
        if place.exists():
            place.rename(tmp_path / "old")
        league.rename(place)
        with open_store(place).reader() as reader:
            chosen = [action for _, action in reader.match(1).history]
        played = [each.played and each.played.action for each in analyses.match(str(place), 1).opinions]
        assert played == chosen


def test_hidden_cards_and_chance_are_no_hindrance(tmp_path: Path) -> None:
    folder = network_league(tmp_path, "kuhn_poker")
    play_match("kuhn_poker", [f"{folder}:main@1", f"{folder}:main@2"], games=1, league=folder)
    with open_store(folder).reader() as reader:
        chosen = [action for player, action in reader.match(1).history if player != CHANCE]
    opinions = Analyses().match(str(folder), 1).opinions
    assert [each.played and each.played.action for each in opinions] == chosen
    assert {choice.name for each in opinions for choice in each.best} == {"pass", "bet"}


def test_an_unknown_match_is_refused(folder: Path) -> None:
    with pytest.raises(StoreError, match="99"):
        Analyses().match(str(folder), 99)


def opinion_on(game: Game, history: Sequence[Move], seat: int, agent: Agent) -> Opinion:
    """What an agent thinks of a game under way, when it is asked for a hint."""
    *_, state = game.replay(0, history)
    return opinion(game, state, seat, agent, len(history), rng=np.random.default_rng(0))


def test_a_position_is_judged_by_the_seat_that_moves(folder: Path) -> None:
    game = make_game(GAME)
    told = opinion_on(game, [(0, 4)], 1, arena.load_agent(f"{folder}:main@1", game))
    assert (told.ply, told.seat, told.played) == (1, 1, None)
    assert told.value is not None
    assert len(told.best) == BEST
    assert 4 not in [choice.action for choice in told.best]


def test_a_search_gives_the_move_that_it_chooses() -> None:
    game = make_game(GAME)
    told = opinion_on(game, [(0, 0), (1, 3), (0, 1), (1, 4)], 0, arena.load_agent("mcts:200", game))
    assert told.best == (Choice(2, "square 2", None),)  # wins at once
    assert told.value is None


class Cheat(Agent):
    """Takes the square that is taken."""

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        return turn.masks.argmin(axis=1)


def test_an_agent_that_breaks_the_rules_gives_no_hint() -> None:
    with pytest.raises(AgentError, match="legal action"):
        opinion_on(make_game(GAME), [(0, 4)], 1, Cheat())


@pytest.mark.parametrize("network", ["lstm", "attention"])
def test_a_network_that_remembers_thinks_of_a_match_what_it_thought_in_it(network: str) -> None:
    game = make_game("connect_four")
    torch.manual_seed(0)
    module = masked_spec(game, network=network, lstm_cell_size=16).build()
    torch.nn.init.normal_(module.policy.weight)
    policy = PolicyAgent(game, dict.fromkeys(range(2), module))
    agents: dict[str, Agent] = {
        "a": GreedyAgent(policy.apart(), game),
        "b": GreedyAgent(GreedyAgent(policy.apart(), game), game),
    }
    for agent in agents.values():
        check_agent(agent, game, games=1)
    pairing = Pairing(("a", "b"), 5, 1, 0, "evaluation", opening=((0, 3), (1, 3)))
    (match,) = play_pairings(game, [pairing], agents)
    analysis = analyse_match(game, match, dict.fromkeys(range(2), policy))
    assert len(analysis.opinions) == match.plies > 6
    for each in analysis.opinions[match.opening :]:
        assert each.played is not None
        assert each.played.probability == max(choice.probability or 0 for choice in each.best)
    first, last = analysis.opinions[match.opening], analysis.opinions[-1]
    assert first.value == opinion_on(game, match.history[:2], 0, policy.apart()).value
    assert last.value != opinion_on(game, match.history[: last.ply], last.seat, policy.apart()).value, "it remembers"
