"""What results say of the learners: ratings, scores against anchors, and what is measured."""

import math

import pytest
from small_training import small

from arena.training.strength import Strength
from leagues.ratings.outside import FEWEST_GAMES, ladder_scores
from leagues.records import Member
from leagues.results.blocks import BlockScore

pytestmark = pytest.mark.usefixtures("local_ray")


def block(event, member, opponent, wins, losses):
    return BlockScore(event, 1, member, opponent, wins, 0, losses, float(wins - losses), float(losses - wins))


def snapshot(learner, generation):
    return Member(f"{learner}@{generation}", "snapshot", "main", generation, weights="0" * 64, learner=learner)


LADDER = [
    Member("random", "baseline", "baseline", agent="random"),
    Member("mcts:25", "baseline", "anchor", agent="mcts:25"),
    Member("mcts:200", "baseline", "anchor", agent="mcts:200"),
]
OURS = [
    Member("main", "learner", "main"),
    Member("b", "learner", "main"),
    snapshot("main", 1),
    snapshot("main", 2),
    snapshot("b", 1),
]


def test_a_score_counts_every_anchor_alike_and_takes_the_newest_that_has_met_all() -> None:
    scores = [
        block(1, "main@1", "mcts:25", 10, 0),
        block(2, "main@1", "mcts:200", 10, 30),
        block(3, "main@2", "mcts:25", 0, 40),  # it has yet to meet the other
        block(4, "main@2", "random", 40, 0),
        block(5, "b@1", "mcts:25", FEWEST_GAMES, 0),
        block(6, "b@1", "mcts:200", FEWEST_GAMES - 1, 0),
    ]
    assert ladder_scores([*LADDER, *OURS], scores) == {"main": pytest.approx((1 + 0.25) / 2)}


def test_without_anchors_the_baselines_count() -> None:
    scores = [block(1, "main@1", "random", 30, 10)]
    assert ladder_scores([LADDER[0], *OURS], scores) == {"main": pytest.approx(0.75)}
    assert ladder_scores(OURS, []) == {}


@pytest.mark.slow
def test_every_result_says_how_strong_each_learner_is(build) -> None:
    config = small("kuhn_poker", roles={"main": 1, "main_exploiter": 1}, exploitability_every=2)
    algorithm = build(config)
    first = algorithm.train()["league"]
    keys = {"rating", "rating_low", "rating_high", "score"}
    assert first["main"].keys() == keys | {"exploitability"}
    assert first["main_exploiter"].keys() == keys
    assert math.isnan(first["main"]["rating"])
    assert 0 < first["main"]["exploitability"] < 1
    for _ in range(30):
        result = algorithm.train()["league"]
        if not math.isnan(result["main"]["score"] + result["main_exploiter"]["rating"]):
            break
    [newest] = [each.value for each in algorithm.session.measures if (each.name, each.member) == ("nash_conv", "main")]
    assert result["main"]["exploitability"] == pytest.approx(newest / 2)
    assert result["main"]["rating_low"] < result["main"]["rating"] < result["main"]["rating_high"]
    rated = {each.agent: each.rating for each in algorithm.session.standings() if each.games}
    strength = algorithm.trainer.strength
    strength.refresh(now=True)
    assert strength.of_all()["main"]["rating"] in rated.values()


@pytest.mark.slow
def test_ratings_are_not_made_anew_all_the_time(build, monkeypatch) -> None:
    algorithm = build(small("kuhn_poker"))
    strength, made = Strength(algorithm.session), []
    monkeypatch.setattr(algorithm.session, "standings", lambda: made.append(1) or [])
    for now, count in ((0.0, 1), (49.9, 1), (51.1, 2)):
        # It takes a second, so it comes again after 50 more.
        times = iter([now, now + 1.0])
        monkeypatch.setattr("arena.training.strength.time.monotonic", lambda times=times: next(times))
        strength.refresh()
        assert len(made) == count
