"""What all exports share: seeds, owed rewards and forfeits."""

from __future__ import annotations

import pytest

from games import GameError, make_game
from games.exports.episode import Episode


def test_a_reset_without_a_seed_follows_from_the_last_seed() -> None:
    def deals(seed: int) -> list[object]:
        episode = Episode(make_game("leduc_poker"))
        return [episode.reset(seed if number == 0 else None).history() for number in range(5)]

    assert deals(3) == deals(3)
    assert deals(3) != deals(4)
    assert deals(3)[0] == make_game("leduc_poker").new_state(3).history()


def test_rewards_are_owed_until_they_are_paid() -> None:
    episode = Episode(make_game("matrix_pd"))
    episode.reset(0)
    rewards = episode.step([0, 1])
    assert episode.pay([1]) == [rewards[1]]
    assert episode.pay([0, 1]) == [rewards[0], 0.0]


def test_a_forfeit_ends_the_episode_with_the_lowest_return() -> None:
    game = make_game("tic_tac_toe")
    episode = Episode(game)
    episode.reset(0)
    episode.observe(0)
    assert not episode.masked_out(0, 4)
    episode.step([4])
    episode.observe(1)
    assert episode.masked_out(1, 4)
    assert not episode.masked_out(1, 9), "not an action at all, so it is refused and no forfeit"
    episode.forfeit([1])
    assert episode.pay([0, 1]) == [0.0, game.min_return]
    assert episode.acting() == ()
    assert episode.ending() == "terminated"
    assert episode.seat_endings() == ("terminated", "terminated")
    assert not episode.observe(1)[1].any()
    with pytest.raises(GameError, match=r"over .* call reset\(\)"):
        episode.step([0])


def test_an_episode_begins_with_a_reset() -> None:
    with pytest.raises(GameError, match=r"no running game yet; call reset\(\)"):
        Episode(make_game("tic_tac_toe")).step([0])
