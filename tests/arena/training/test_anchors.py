"""Anchors: those that fit a game, what they may cost, and that nobody trains against them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agents.contract import Agent, AgentError, Turn
from arena.settings import Settings
from arena.training import anchors as module
from arena.training.anchors import AnchorBudget, fitting_anchors, seconds_per_game
from arena.training.planner import Played, by_anchor
from arena.training.session import LeagueSession
from games import make_game
from games.contract import IntArray
from leagues.records import LeagueError, Member

GAME = make_game("connect_four")
MAIN = Member("main", "learner", "main", modules=dict.fromkeys(GAME.agent_ids, "main"))


def opened(folder: Path | None = None, **evaluation: object) -> LeagueSession:
    settings = Settings().replaced({"league.opponents": {"latest": 0.5, "uniform": 0.5}})
    settings = settings.replaced({f"evaluation.{name}": value for name, value in evaluation.items()})
    return LeagueSession(folder, GAME, settings, seed=3, learners=[MAIN], share=bytes)


@pytest.mark.parametrize(
    ("spec", "anchors"),
    [
        ("connect_four", ("random", "mcts:25", "mcts:200")),
        ("tic_tac_toe", ("random", "perfect")),
        ("kuhn_poker", ("random", "equilibrium")),
        ("goofspiel(num_cards=4)", ("random",)),
        ("pettingzoo:rps_v2", ("random",)),
        ("nim", ("random", "mcts:25", "mcts:200")),
    ],
)
def test_anchors_fit_the_game(spec: str, anchors: tuple[str, ...]) -> None:
    assert fitting_anchors(make_game(spec)) == anchors


def test_an_anchor_that_takes_too_long_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "seconds_per_game", lambda agent, game: agent.simulations / 100)
    assert fitting_anchors(GAME) == ("random", "mcts:25", "mcts:200")
    monkeypatch.setattr(module, "SECONDS_PER_GAME", 1.0)
    assert fitting_anchors(GAME) == ("random", "mcts:25")


class Slow(Agent):
    def __init__(self) -> None:
        self.asked = 0

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        self.asked += 1
        return turn.masks.argmax(axis=1)


def test_a_few_positions_show_the_time_of_a_game(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(np.arange(0, 1000, 0.01).tolist())  # each look at the clock is 10 ms later
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(clock))
    agent = Slow()
    seconds = seconds_per_game(agent, GAME)
    assert agent.asked == 4
    assert 0.01 * 7 / 2 <= seconds <= 0.01 * 42 / 2  # half of the plies of a game of 7 to 42


def test_anchors_take_their_share_of_the_time() -> None:
    budget = AnchorBudget(0.1, {"quick": 0.5, "slow": 0.5})
    cost = {"quick": 0.01, "slow": 1.0}
    spent, games = dict.fromkeys(cost, 0.0), dict.fromkeys(cost, 0)
    for _ in range(1000):
        budget.earn(0.9, cost)
        for anchor in cost:
            blocks = budget.affordable(anchor, 2)
            budget.reserve(anchor, 2 * blocks)
            if blocks:
                budget.settle(anchor, 2 * blocks, 2 * blocks * cost[anchor])
                spent[anchor] += 2 * blocks * cost[anchor]
                games[anchor] += 2 * blocks
    assert sum(spent.values()) == pytest.approx(0.1 * (900 + sum(spent.values())), rel=0.05)
    assert spent["quick"] == pytest.approx(spent["slow"], rel=0.05)
    assert games["quick"] > 50 * games["slow"] > 0


def test_time_that_only_one_anchor_can_use_goes_to_it() -> None:
    budget = AnchorBudget(0.5, {"done": 1.0, "open": 1.0})
    budget.earn(10.0, ["open"])
    assert (budget.affordable("done", 1), budget.affordable("open", 1)) == (0, 10)


def test_a_league_gets_anchors_that_nobody_trains_against(tmp_path: Path) -> None:
    session = opened(tmp_path)
    session.close()
    session = opened(tmp_path)
    anchors = [member.id for member in session.members.values() if member.role == "anchor"]
    assert anchors == ["mcts:25", "mcts:200"]  # random is a baseline already
    assert {member.kind for member in session.members.values() if member.role == "anchor"} == {"baseline"}
    roster = session.league.view("main").members
    assert (roster.frozen, roster.baselines) == (["random"], ["random"])
    met = {name for pairing in session.planner.training(500, 1).pairings for name in pairing.seats}
    assert met == {"main", "random"}
    session.close()


def test_an_existing_league_gets_anchors_when_it_is_resumed(tmp_path: Path) -> None:
    opened(tmp_path, anchors=[]).close()
    session = opened(tmp_path)
    assert list(session.members) == ["main", "random", "mcts:25", "mcts:200"]
    session.close()
    session = opened(tmp_path, anchors=["first"])
    assert list(session.members)[-1] == "first"
    session.close()


def test_a_share_of_none_makes_no_anchors() -> None:
    session = opened(anchor_share=0)
    assert list(session.members) == ["main", "random"]
    session.close()


@pytest.mark.parametrize(
    ("anchors", "error", "message"),
    [
        (["human"], LeagueError, "an anchor is an agent that plays by itself"),
        (["mcst:25"], LeagueError, "did you mean 'mcts'"),
        (["equilibrium"], AgentError, "connect_four"),
        (["first", "first"], LeagueError, "`anchors` must not repeat"),
    ],
)
def test_a_wrong_anchor_leaves_no_folder(
    anchors: list[str], error: type[Exception], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        opened(tmp_path / "league", anchors=anchors)
    assert not (tmp_path / "league").exists()


def test_a_plan_has_the_games_that_anchors_can_pay_for() -> None:
    session = opened(anchors=["first", "mcts:25"])
    for generation in range(1, 4):
        member = session.freeze("main", {"main/x": np.full(1, generation, np.float32)}, {}, generation, "max_steps")
        session.writer.add_members([member])
    plan = session.planner.evaluation(8, 1)
    assert plan is not None
    assert set(by_anchor(plan)) == {""}
    session.planner.played(Played((), {"": (8, 100.0)}))
    plan = session.planner.evaluation(8, 1)
    assert plan is not None
    parts = by_anchor(plan)
    assert set(parts) == {"", "first", "mcts:25"}
    assert all(len({pairing.block for pairing in parts[anchor]}) <= 64 for anchor in parts)
    assert sorted({pairing.block for pairing in plan.pairings}) == list(range(1, 1 + len(plan.pairings) // 2))
    for anchor in ("first", "mcts:25"):
        assert all(anchor in pairing.seats for pairing in parts[anchor])
        opponents = {name for pairing in parts[anchor] for name in pairing.seats} - {anchor}
        assert {"main@1", "main@2", "main@3", "random"} <= opponents
    session.close()


def test_no_other_evaluation_match_depends_on_anchors() -> None:
    plans = []
    for anchors in ([], ["first"]):
        session = opened(anchors=anchors)
        for generation in range(1, 4):
            member = session.freeze("main", {"main/x": np.full(1, generation, np.float32)}, {}, generation, "max_steps")
            session.writer.add_members([member])
        for _ in range(3):
            session.planner.played(Played((), {"": (8, 100.0)}))
            plan = session.planner.evaluation(8, 1)
            assert plan is not None
            plans.append(by_anchor(plan)[""])
        session.close()
    assert plans[:3] == plans[3:]


def test_at_the_end_of_a_run_anchors_get_their_part() -> None:
    session = opened(anchors=["first"], games_at_end=0)
    for generation in range(1, 4):
        member = session.freeze("main", {"main/x": np.full(1, generation, np.float32)}, {}, generation, "max_steps")
        session.writer.add_members([member])
    assert session.planner.evaluation(8, 1, below=0) is None
    session.planner.run_ends()
    plan = session.planner.evaluation(8, 1, below=0)
    assert plan is not None
    assert set(by_anchor(plan)) == {"first"}
    session.close()
