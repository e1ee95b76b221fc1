"""A sequential test that is played: which games count, when it stops, and that it can be taken up."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.contract import AgentError
from arena.play.blocks import Blocks
from arena.play.sprt import FEWEST, Sprt, play_sprt
from games import BrokenGameError, make_game
from leagues.ratings.sprt import Hypotheses, SequentialTest, multinomial_llr
from leagues.records import LeagueError, Match, Pairing
from leagues.store import open_store


def source(max_games: int | None = None, game: str = "tic_tac_toe", elo1: float = 100) -> Sprt:
    made = make_game(game)
    sides = len(set(made.teams))
    test = SequentialTest(Hypotheses(0, elo1), games=sides, sides=sides)
    return Sprt(made, "new", "old", test, Blocks(made, seed=1), max_games)


def taken(sprt: Sprt, most: int = 1000) -> list[Pairing]:
    """What a source gives until it gives None."""
    pairings: list[Pairing] = []
    while len(pairings) < most and (pairing := sprt.next()) is not None:
        pairings.append(pairing)
    return pairings


def finished(pairing: Pairing, winner: str | None, *, void: bool = False) -> Match:
    returns = tuple(0.0 if winner is None else 1.0 if seat == winner else -1.0 for seat in pairing.seats)
    return Match(
        seats=pairing.seats,
        weights=(None,) * len(pairing.seats),
        seed=pairing.seed,
        event=pairing.event,
        block=pairing.block,
        kind="evaluation",
        history=(),
        returns=returns,
        ending="crash" if void else "terminated",
        plies=5,
        digest="00" * 32,
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        duration=0.1,
    )


def test_blocks_count_whole_and_in_the_order_of_the_plan() -> None:
    sprt = source()
    first, second, third, fourth = taken(sprt, 4)
    sprt.tell(finished(third, "new"))
    sprt.tell(finished(fourth, "new"))
    sprt.tell(finished(first, "old"))
    assert (sprt.test.blocks, sprt.counted, sprt.score) == (0, [], None), "the first block is not complete"
    sprt.tell(finished(second, None))
    assert sprt.test.counts == [0, 1, 0, 0, 1]
    assert len(sprt.counted) == 4
    assert sprt.score == pytest.approx((0.25 + 1) / 2)


def test_a_block_in_which_the_game_broke_does_not_count() -> None:
    sprt = source()
    first, second, third, fourth = taken(sprt, 4)
    sprt.tell(finished(first, "new"))
    sprt.tell(finished(second, None, void=True))
    sprt.tell(finished(third, "new"))
    sprt.tell(finished(fourth, "new"))
    assert sprt.test.counts == [0, 0, 0, 0, 1]
    assert {match.block for match in sprt.counted} == {2}


def test_nothing_new_begins_after_the_decision_or_the_last_game() -> None:
    sprt = source(max_games=9)
    pairings = taken(sprt)
    assert Counter(pairing.block for pairing in pairings) == {1: 2, 2: 2, 3: 2, 4: 2}
    sprt = source()
    while sprt.test.accepted is None:
        for pairing in taken(sprt, 2):
            sprt.tell(finished(pairing, "new"))
    assert sprt.test.accepted == "H1"
    assert taken(sprt) == []


def test_the_plan_pauses_so_that_several_processes_are_not_given_all_of_it() -> None:
    sprt = source()
    parts = [taken(sprt) for _ in range(10)]
    assert [len(part) for part in parts[:3]] == [FEWEST] * 3
    assert len(parts[-1]) > FEWEST, "the more games have been needed, the more will be"
    told = source(elo1=5)
    for pairing in (pairing for part in parts[:2] for pairing in part):
        told.tell(finished(pairing, None))
    assert taken(told)[0] == parts[2][0], "what was told is not given again, and does not lead to a pause"


def test_in_a_game_of_three_sides_the_new_agent_has_one_of_them_in_turn() -> None:
    sprt = source(game="chinese_checkers(players=3)")
    assert [pairing.seats for pairing in taken(sprt, 3)] == [
        ("new", "old", "old"),
        ("old", "new", "old"),
        ("old", "old", "new"),
    ]
    assert len(sprt.test.counts) == 13


def test_a_better_agent_is_found_in_few_games_and_the_ratio_is_that_of_the_counts() -> None:
    result = play_sprt("tic_tac_toe", "minimax:3", "random", elo1=100, seed=3)
    assert result.accepted == "H1"
    assert result.agents == ("minimax:3", "random")
    assert result.llr == pytest.approx(float(multinomial_llr(result.counts, result.hypotheses)))
    assert sum(result.counts) == result.blocks == result.total.games / 2 < 60
    assert result.total.score is not None
    assert result.total.score > 0.7
    assert len(result.matches) >= result.total.games
    worse = play_sprt("tic_tac_toe", "random", "minimax:3", elo1=100, seed=3)
    assert worse.accepted == "H0"
    assert worse.elo is not None
    assert worse.elo < 0


def test_equal_calls_give_equal_tests() -> None:
    first, second = (play_sprt("tic_tac_toe", "random", "random", elo1=100, seed=2) for _ in range(2))
    assert (first.llr, first.counts) == (second.llr, second.counts)
    assert first.accepted == "H0"


@pytest.mark.slow
def test_a_graded_game_is_tested_by_returns() -> None:
    result = play_sprt("leduc_poker", "equilibrium", "first", return1=0.2)
    assert (result.accepted, result.unit, result.counts) == ("H1", "returns per game", ())
    assert result.elo is result.elo_low is None
    assert result.hypotheses == Hypotheses(0.0, 0.2, "returns")
    normalized = play_sprt("leduc_poker", "equilibrium", "first", model="normalized", elo1=100)
    assert normalized.accepted == "H1"
    three = play_sprt("kuhn_poker(players=3)", "random", "first", return1=0.2)
    assert three.accepted == "H1"


def test_a_test_without_an_answer_ends_after_its_games() -> None:
    result = play_sprt("tic_tac_toe", "random", "random", elo1=1, max_games=21)
    assert (result.accepted, len(result.matches)) == (None, 20)


def test_a_game_that_breaks_too_often_ends_the_test() -> None:
    broken = "broken_environments:Pair(fault='raise',share=100)"
    with pytest.raises(BrokenGameError, match=r"broke its own rules in .* blocks, so there is no answer"):
        play_sprt(broken, "random", "first", model="normalized", elo1=50)


def test_an_interrupted_test_goes_on(tmp_path: Path) -> None:
    call = {"elo1": 60, "seed": 4, "tables": 2}
    whole = play_sprt("tic_tac_toe", "mcts:20", "mcts:10", league=tmp_path / "whole", **call)

    class Killed(BaseException):
        pass

    def kill(so_far: Sprt) -> None:
        if so_far.test.blocks >= 5:
            raise Killed

    folder = tmp_path / "killed"
    with pytest.raises(Killed):
        play_sprt("tic_tac_toe", "mcts:20", "mcts:10", league=folder, on_progress=kill, **call)
    taken_up = play_sprt("tic_tac_toe", "mcts:20", "mcts:10", league=folder, resume=True, **call)
    assert (taken_up.llr, taken_up.counts, taken_up.accepted) == (whole.llr, whole.counts, whole.accepted)
    assert [match.history for match in taken_up.matches] == [match.history for match in whole.matches]
    with open_store(folder).reader() as reader:
        assert len(list(reader.iter_matches())) == len(whole.matches)
        assert [event.finished for event in reader.events()] == [True]


@pytest.mark.slow
def test_processes_that_play_give_the_same_answer() -> None:
    alone = play_sprt("tic_tac_toe", "mcts:20", "random", elo1=100, tables=2)
    several = play_sprt("tic_tac_toe", "mcts:20", "random", elo1=100, tables=2, workers=2)
    assert (several.llr, several.counts) == (alone.llr, alone.counts)
    assert len(several.matches) <= len(alone.matches) + FEWEST


@pytest.mark.parametrize(
    ("game", "arguments", "rule"),
    [
        ("tic_tac_toe", {"elo0": 20, "elo1": 10}, "elo0 < elo1"),
        ("tic_tac_toe", {"return1": 1}, "give elo0 and elo1 instead"),
        ("tic_tac_toe", {"model": "returns"}, "logistic or normalized"),
        ("leduc_poker", {"elo1": 10}, "give return0 and return1 instead"),
        ("leduc_poker", {}, "give return1"),
        ("leduc_poker", {"model": "logistic"}, "returns or normalized"),
        ("leduc_poker", {"return0": 1, "return1": 1}, "return0 < return1"),
        ("leduc_poker", {"model": "normalized", "return1": 1}, "give elo0 and elo1 instead"),
        ("tic_tac_toe", {"max_games": 1}, "max_games >= 2"),
        ("tic_tac_toe", {"alpha": 0.9}, "0 < alpha < 0.5"),
    ],
)
def test_a_wrong_call_writes_nothing(game: str, arguments: dict[str, object], rule: str, tmp_path: Path) -> None:
    with pytest.raises((LeagueError, AgentError), match=rule):
        play_sprt(game, "random", "first", league=tmp_path / "new", **arguments)  # type: ignore[arg-type]
    assert not (tmp_path / "new").exists()
