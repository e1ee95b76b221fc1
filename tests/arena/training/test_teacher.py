"""What a mixture does in a position: exactly, as its sequence form says, and not the mean of its parts."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from betting import Betting, behaviour
from meeting_game import Meeting

from agents.contract import AgentError, Turn
from agents.mixture import MixtureAgent
from arena.training import teacher as teacher_module
from arena.training.teacher import Examples, Teacher, check_discrete, drawn, held_out
from games import make_game

KUHN = make_game("kuhn_poker")
WEIGHTS = [0.7, 0.3]


def keys(examples: Examples) -> Iterable[tuple[int, bytes]]:
    return zip(examples.seats.tolist(), (row.tobytes() for row in examples.observations), strict=True)


def test_the_examples_of_unseen_games_are_the_exact_behaviour_policy() -> None:
    bold, shy = Betting(0.9), Betting(0.1)
    wanted = behaviour(KUHN, MixtureAgent(KUHN, [bold, shy], WEIGHTS))
    found = held_out(KUHN, [bold, shy], WEIGHTS, games=500, tables=32, rng=np.random.default_rng(1))
    assert set(keys(found)) == set(wanted)  # every information state of both seats is reached
    for key, target in zip(keys(found), found.targets, strict=True):
        assert target == pytest.approx(wanted[key], abs=1e-6)
    # Who passed and then faces a bet is most likely the shy one: 0.7 * 0.1 to 0.3 * 0.9.
    mean = 0.7 * 0.9 + 0.3 * 0.1
    after_pass = (0.07 * 0.9 + 0.27 * 0.1) / 0.34
    assert sorted({round(float(target[1]), 4) for target in found.targets}) == [round(after_pass, 4), round(mean, 4)]


def test_the_targets_of_many_policies_average_to_the_behaviour_policy_although_the_others_explore(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(teacher_module, "EXACT_PARTS", 1)
    bold, shy = Betting(0.9), Betting(0.1)
    wanted = behaviour(KUHN, MixtureAgent(KUHN, [bold, shy], WEIGHTS))
    teacher = Teacher(KUHN, [bold, shy], WEIGHTS, tables=64, rng=np.random.default_rng(1))
    first, second = teacher.examples(30_000), teacher.examples(100)
    assert len(first) >= 30_000
    assert 100 <= len(second) < 300
    assert np.unique(first.targets[:, 1]) == pytest.approx([0.1, 0.9])  # each row is of one part
    sums: dict[tuple[int, bytes], list[float]] = {}
    for key, target in zip(keys(first), first.targets[:, 1], strict=True):
        sums.setdefault(key, []).append(float(target))
    assert {key: np.mean(values) for key, values in sums.items()} == pytest.approx(
        {key: policy[1] for key, policy in wanted.items()}, abs=0.04
    )


def test_the_targets_of_few_policies_are_exact_although_the_others_explore() -> None:
    bold, shy = Betting(0.9), Betting(0.1)
    wanted = behaviour(KUHN, MixtureAgent(KUHN, [bold, shy], WEIGHTS))
    found = Teacher(KUHN, [bold, shy], WEIGHTS, tables=64, rng=np.random.default_rng(1)).examples(2000)
    for key, target in zip(keys(found), found.targets, strict=True):
        assert target == pytest.approx(wanted[key], abs=1e-6)


def test_a_policy_without_probabilities_and_continuous_actions_are_refused() -> None:
    class Silent(Betting):
        def probabilities(self, turn: Turn) -> None:  # type: ignore[override]
            return None

    with pytest.raises(AgentError, match="does not tell the probabilities"):
        Teacher(KUHN, [Silent(0.5)], [1.0], tables=2, rng=np.random.default_rng(1)).examples(1)
    with pytest.raises(AgentError, match="continuous"):
        check_discrete(Meeting())


def test_actions_are_drawn_with_their_probabilities() -> None:
    chances = np.tile([0.0, 0.2, 0.8, 0.0], (20_000, 1))
    counts = np.bincount(drawn(chances, np.random.default_rng(1)), minlength=4) / 20_000
    assert counts[[0, 3]].tolist() == [0, 0]
    assert counts == pytest.approx(chances[0], abs=0.02)


def test_the_seats_of_a_team_share_what_is_known_of_their_draw() -> None:
    game = make_game("kuhn_poker(players=4,teams=0101)")
    found = held_out(game, [Betting(1.0), Betting(0.0)], [0.5, 0.5], games=200, tables=16, rng=np.random.default_rng(1))
    told = {(seat, round(float(target[1]), 6)) for seat, target in zip(found.seats, found.targets, strict=True)}
    assert {chance for seat, chance in told if seat == 0} >= {0.5}  # nothing is known before its first move
    assert {chance for seat, chance in told if seat == 2} == {0.0, 1.0}  # its partner's move has told the draw
