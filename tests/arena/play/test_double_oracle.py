"""The double oracle with exact best responses: equilibria, the anytime variant, several seats, and its league."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

import arena
from agents.contract import AgentError
from agents.tabular import TabularAgent
from arena.mixtures import mixture_parts
from arena.play.double_oracle import DoubleOracle, Step, double_oracle
from arena.play.game_tree import game_tree
from arena.play.population import Population
from games import GameError, make_game
from leagues.errors import LeagueError
from leagues.store import StoreError, open_store

KUHN, LEDUC = make_game("kuhn_poker"), make_game("leduc_poker")


def curve(result: DoubleOracle) -> list[float]:
    return [step.nash_conv for step in result.steps]


def test_kuhn_poker_is_solved_exactly_by_few_policies() -> None:
    result = double_oracle(KUHN)
    assert result.complete
    assert result.nash_conv == pytest.approx(0, abs=1e-9)
    assert len(result.members) < 12
    assert [step.policies for step in result.steps] == list(range(1, 1 + len(result.members)))
    assert result.steps[0].nash_conv == pytest.approx(11 / 12)  # uniform random play
    assert np.sum(result.weights, axis=1) == pytest.approx([1, 1])


@pytest.mark.parametrize("spec", ["matrix_rps", "matrix_mp", "matrix_pd", "matrix_bos", "tiny_hanabi"])
def test_simultaneous_general_sum_and_cooperative_games(spec: str) -> None:
    result = double_oracle(spec)
    assert result.complete
    assert result.nash_conv == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("game", [KUHN, LEDUC])
def test_in_the_anytime_variant_nash_conv_never_rises_as_it_does_without(game: arena.GameEnv) -> None:
    anytime = curve(double_oracle(game, policies=10, anytime=True))
    assert all(later <= before for before, later in itertools.pairwise(anytime)), anytime
    assert anytime[-1] < anytime[0] / 2
    nash = curve(double_oracle(game, policies=10))
    assert any(later > before for before, later in itertools.pairwise(nash)), nash
    assert all(ours <= theirs + 1e-9 for ours, theirs in zip(anytime, nash, strict=False))


def test_the_anytime_mixture_is_the_least_exploitable_one() -> None:
    """No mixture of a grid or at random is exploited less."""
    population = Population(game_tree(KUHN), None)
    for _ in range(3):
        population.solve()
        population.add(population.response_plans())
    population.solve()
    rng = np.random.default_rng(0)
    for seat, plans in enumerate(population.plans):

        def loss(weights: np.ndarray, seat: int = seat, plans: list[np.ndarray] = plans) -> float:
            plan = weights @ np.stack(plans)
            return population.tree.best_response(1 - seat, [plan, plan])[0]

        least = loss(population.weights[seat])
        assert all(loss(rng.dirichlet(np.full(len(plans), 0.5))) >= least - 1e-9 for _ in range(300))


def test_the_uniform_solver_is_fictitious_play_and_goes_on_with_copies() -> None:
    result = double_oracle(KUHN, policies=40, solver="uniform")
    assert not result.complete
    assert result.nash_conv < 0.1
    assert result.weights[0] == pytest.approx([1 / 40] * 40)


@pytest.mark.slow
def test_three_players_of_kuhn_poker() -> None:
    result = double_oracle("kuhn_poker(players=3)")
    assert result.complete
    assert len(result.weights) == 3
    assert result.steps[0].nash_conv == pytest.approx(2.0625)
    assert result.nash_conv < 1e-4
    with pytest.raises(LeagueError, match="anytime variant is for"):
        double_oracle("kuhn_poker(players=3)", anytime=True)


def test_a_league_keeps_it_and_its_mixture_plays_and_is_measured(tmp_path: Path) -> None:
    folder = tmp_path / "league"
    result = double_oracle(KUHN, league=folder, policies=5)
    measured = arena.exploitability(KUHN, f"{folder}:nash")
    assert measured.nash_conv == pytest.approx(result.nash_conv, abs=1e-9)
    with arena.open_league(folder) as league:
        assert [member.id for member in league.members()] == list(result.members)
        assert [each.value for each in league.measures("mixture_nash_conv")] == curve(result)
        entries = [(entry.kind, entry.subject) for entry in league.reader.journal()]
        assert entries == [("snapshot", name) for name in reversed(result.members[1:])]
    average = arena.exploitability(KUHN, f"{folder}:average").nash_conv
    assert 0 < average < 11 / 12
    assert isinstance(arena.load_agent(f"{folder}:latest", KUHN), TabularAgent)
    assert arena.play_match(KUHN, [f"{folder}:nash", f"{folder}:oracle@1"], games=200).games == 200
    assert arena.play_match(KUHN, [f"{folder}:oracle@2", "random"], games=20, league=folder).games == 20
    assert arena.exploitability(KUHN, f"{folder}:nash").nash_conv == measured.nash_conv  # games change nothing
    with arena.open_league(folder) as league, pytest.raises(AgentError, match="different probabilities for each seat"):
        mixture_parts(league.reader, "nash")  # as a trained best response asks for it


@pytest.mark.parametrize("variant", [{}, {"anytime": True}])
def test_a_double_oracle_that_was_stopped_goes_on_as_one_that_was_not(tmp_path: Path, variant: dict[str, bool]) -> None:
    whole = double_oracle(LEDUC, league=tmp_path / "whole", policies=6, **variant)
    double_oracle(LEDUC, league=tmp_path / "parts", policies=6, should_stop=lambda: True, **variant)
    for policies in (2, 4, 6):
        seen: list[Step] = []
        parts = double_oracle(
            LEDUC,
            league=tmp_path / "parts",
            policies=policies,
            resume=True,
            on_step=seen.append,
        )
        assert [step.policies for step in seen] == list(range(1, policies + 1))
    assert curve(parts) == curve(whole)
    assert parts.weights == whole.weights
    digests = []
    for name in ("whole", "parts"):
        with open_store(tmp_path / name).reader() as reader:
            digests.append([member.weights for member in reader.members()])
    assert digests[0] == digests[1]


def test_wrong_calls_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "league"
    wrong = [
        (LeagueError, "policies >= 1", {"policies": 0}),
        (LeagueError, "no solver 'nasch'", {"solver": "nasch"}),
        (LeagueError, "without a solver", {"solver": "prd", "anytime": True}),
        (StoreError, "no league", {"resume": True}),
    ]
    for error, message, arguments in wrong:
        with pytest.raises(error, match=message):
            double_oracle(KUHN, league=folder, **arguments)
    with pytest.raises(LeagueError, match="name its league"):
        double_oracle(KUHN, resume=True)
    with pytest.raises(GameError, match="too many to enumerate"):
        double_oracle("connect_four", league=folder)
    with pytest.raises(GameError, match="only OpenSpiel games"):
        double_oracle("pettingzoo:rps_v2", league=folder)
    with pytest.raises(LeagueError, match="zero-sum"):
        double_oracle("tiny_hanabi", league=folder, anytime=True)
    assert not folder.exists()


def test_only_the_same_double_oracle_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "league"
    double_oracle(KUHN, league=folder, policies=2)
    with pytest.raises(StoreError, match="already holds a league"):
        double_oracle(KUHN, league=folder)
    with pytest.raises(StoreError, match="has the solver 'nash', but got 'anytime'"):
        double_oracle(KUHN, league=folder, resume=True, anytime=True)
    with pytest.raises(AgentError, match="plays 'kuhn_poker'"):
        double_oracle(LEDUC, league=folder, resume=True)
    arena.play_match(KUHN, ["random", "first"], games=2, league=tmp_path / "other")
    with pytest.raises(StoreError, match="made by no double oracle"):
        double_oracle(KUHN, league=tmp_path / "other", resume=True)
