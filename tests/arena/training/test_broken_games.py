"""Games that break their own rules: the match is a crash that nobody is at fault of, and the run goes on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sampling import make_sampler, self_play

from agents.basic import RandomAgent
from arena.cli.persons_view import PersonsView
from arena.play.lockstep import UNREADABLE
from arena.play.matches import play_match, play_pairings, rotated_pairings
from arena.settings import TrainingSettings
from arena.verify import match_problem
from arena.view.replay import replay_text
from games import BrokenGameError, Game, make_game
from leagues.records import Match, Member
from leagues.results.scoring import block_scores, tallies
from leagues.store import open_store
from leagues.store.contract import LeagueInfo

BROKEN = "broken_environments:Pair(fault={!r},share={})"


def played(game: Game, games: int) -> list[Match]:
    """Matches of two random agents, whether they count or not."""
    pairings = rotated_pairings(["a", "b"], games=games, seed=0)
    return play_pairings(game, pairings, {"a": RandomAgent(), "b": RandomAgent()}, tables=4)


def test_the_match_is_recorded_as_nobodys_fault_and_the_others_are_played_out() -> None:
    game = make_game(BROKEN.format("nan_reward", 40))
    result = play_match(game, [RandomAgent(), RandomAgent()], games=60, seed=3, tables=7)
    crashed = [match for match in result.matches if match.ending == "crash"]
    assert 0 < len(crashed) < len(result.matches) == 60
    assert {(match.fault, match.plies, len(match.history)) for match in crashed} == {(None, 1, 2)}
    assert {match.plies for match in result.matches if match.ending != "crash"} == {4}
    assert result.wins + result.draws + result.losses == result.games == 60 - len(crashed)
    assert all(match_problem(game, match) is None for match in result.matches)
    lied = replace(crashed[0], returns=(9.0, 9.0))
    assert "returns" in str(match_problem(game, lied))
    blind = replace(crashed[0], digest=UNREADABLE)
    assert "final position" in str(match_problem(game, blind))


def test_a_sound_match_does_not_pass_as_one_whose_game_broke() -> None:
    game = make_game("tic_tac_toe")
    match = play_match(game, [RandomAgent(), RandomAgent()], games=2).matches[0]
    assert "recorded as crash" in str(match_problem(game, replace(match, ending="crash")))
    unplayed = replace(match, ending="crash", history=(), plies=0, returns=(0.0, 0.0), digest=UNREADABLE)
    assert "final position" in str(match_problem(game, unplayed))


def test_a_game_that_breaks_at_its_reset_brought_nobody_anything() -> None:
    game = make_game(BROKEN.format("raise_in_reset", 100))
    pairings = rotated_pairings(("a", "b"), games=1, seed=3)[:1]
    match = play_pairings(game, pairings, dict.fromkeys("ab", RandomAgent()))[0]
    assert match_problem(game, match) is None
    assert "returns" in str(match_problem(game, replace(match, returns=(1.0, 0.0))))
    assert "plies" in str(match_problem(game, replace(match, plies=3)))


@pytest.mark.parametrize("fault", ["raise_in_reset", "raise"])
def test_a_game_that_always_breaks_counts_for_nobody(fault: str) -> None:
    game = make_game(BROKEN.format(fault, 100))
    with pytest.raises(BrokenGameError, match=r"all 6 games of .* broke their own rules"):
        play_match(game, [RandomAgent(), RandomAgent()], games=6, tables=4)
    matches = played(game, 6)
    assert {(match.ending, match.fault) for match in matches} == {("crash", None)}
    assert all(match_problem(game, match) is None for match in matches)
    evaluation = [replace(match, seats=("a", "b"), returns=(1.0, 0.0)) for match in matches]
    assert block_scores(evaluation) == tallies(evaluation) == []


@pytest.mark.parametrize("fault", ["no_legal_action", "raise_in_reset"])
def test_training_drops_games_that_break_and_keeps_the_others_whole(fault: str) -> None:
    game = make_game(BROKEN.format(fault, 40))
    seatings = self_play(game, np.random.default_rng(1))
    sampled = make_sampler(game, size=8).run(lambda: next(seatings), {}, modules=["main"], steps=400)
    assert sampled.broken > 10
    assert set(sampled.plies) == {4}
    trajectories = sampled.trajectories["main"]
    assert set(np.diff(trajectories.offsets)) == {4}
    assert trajectories.rewards.sum() == pytest.approx(sampled.returns.sum())
    crashed = [match for match in sampled.matches if match.ending == "crash"]
    assert len(crashed) == TrainingSettings().recorded_crashes
    assert all(match.fault is None and match_problem(game, match) is None for match in crashed)


@pytest.mark.parametrize("fault", ["wrong_shape", "raise_in_reset"])
def test_training_gives_up_on_a_game_that_always_breaks(fault: str) -> None:
    game = make_game(BROKEN.format(fault, 100))
    seatings = self_play(game, np.random.default_rng(1))
    with pytest.raises(
        BrokenGameError, match=r"100 games in a row broke their own rules; the last: .*Pair.* breaks the contract"
    ):
        make_sampler(game, size=5).run(lambda: next(seatings), {}, modules=["main"], steps=400)


@pytest.mark.slow
def test_a_league_trains_on_a_game_that_breaks_at_times_and_verifies(local_ray, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from small_training import small

    from arena.verify import verify

    folder = tmp_path / "league"
    algorithm = small(BROKEN.format("raise", 20), folder).build_algo()
    for _ in range(2):
        result = algorithm.train()
    broken = result["league"]["broken_games"]
    matches = list(algorithm.session.writer.iter_matches())
    algorithm.stop()
    assert broken > 0
    assert {"crash", "terminated"} <= {match.ending for match in matches}
    assert all(match.fault is None for match in matches)
    assert verify(folder, trust_code=True).findings == ()


@pytest.mark.slow
def test_a_league_on_a_game_that_always_breaks_ends_with_one_clear_line(local_ray) -> None:  # type: ignore[no-untyped-def]
    from small_training import small

    algorithm = small(BROKEN.format("raise", 100)).build_algo()
    with pytest.raises(BrokenGameError, match="games in a row"):
        algorithm.train()
    algorithm.stop()


def test_a_person_at_the_table_and_a_replay_say_that_the_game_broke(
    capsys: pytest.CaptureFixture[str],
) -> None:
    game = make_game(BROKEN.format("raise", 100))
    match, _ = played(game, 2)
    with open_store(None).create(LeagueInfo(game.spec, game.agent_ids, 7, {}, {}, match.started_at)) as store:
        store.add_members([Member(name, "baseline", "baseline", agent="random") for name in sorted(set(match.seats))])
        (number,) = store.record(matches=[match])
        assert store.match(number).void
        *_, end = replay_text(store, number, trust_code=True)
    assert end == "the game itself broke the rules after 1 ply, returns 0 0"
    PersonsView(game, ("you", "it"), 0).end(match)
    assert capsys.readouterr().out.endswith("Result: the game itself broke the rules after 1 ply, returns 0 0.\n")
