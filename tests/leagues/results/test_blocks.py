"""Block scores as numbers say what they said as records, and a reader that goes on knows what a new one would."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from leaguekit import INFO, MAIN, RANDOM, match, put_weights, snapshot

from leagues.results.blocks import BlockScore, BlockScores, block_keys
from leagues.store import open_store

NAMES = st.sampled_from("abcd")
NUMBERS = st.integers(0, 2**31 - 1)
RETURNS = st.floats(-9, 9)
SCORES = st.lists(
    st.builds(BlockScore, NUMBERS, NUMBERS, NAMES, NAMES, *[st.integers(0, 9)] * 3, RETURNS, RETURNS).filter(
        lambda score: score.member != score.opponent
    ),
    max_size=20,
)


@settings(deadline=None)
@given(SCORES)
def test_scores_come_back_one_by_one_in_slices_and_whole(scores: list[BlockScore]) -> None:
    made = BlockScores.of(iter(scores))
    assert list(made) == scores
    assert made == scores
    assert made == BlockScores.of(scores)
    assert BlockScores.of(made) is made
    assert len(made) == len(scores)
    assert made[1:3] == scores[1:3]
    if scores:
        assert made[-1] == scores[-1]
        assert made != scores[:-1]


@settings(deadline=None)
@given(SCORES)
def test_numbers_follow_the_places_given_and_games_add_up(scores: list[BlockScore]) -> None:
    made, place = BlockScores.of(scores), {"b": 0, "a": 1, "d": 2}
    expected = [score for score in scores if score.member in place and score.opponent in place]
    placed = made.placed(place)
    assert placed == expected
    assert placed.names == ("b", "a", "d")
    games: Counter[str] = Counter()
    for score in scores:
        for name in (score.member, score.opponent):
            games[name] += score.wins + score.draws + score.losses
    assert {name: count for name, count in made.games().items() if count} == +games


@settings(deadline=None)
@given(SCORES)
def test_keys_are_equal_and_ordered_as_event_and_block_are(scores: list[BlockScore]) -> None:
    keys = block_keys(BlockScores.of(scores).rows).tolist()
    for a, key in zip(scores, keys, strict=True):
        for b, other in zip(scores, keys, strict=True):
            assert (a[:2] < b[:2], a[:2] == b[:2]) == (key < other, key == other)


def test_a_reader_that_goes_on_knows_what_a_new_one_knows(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    put_weights(store, *(snapshot(n) for n in range(1, 4)))
    with store.create(INFO) as writer, store.reader() as early:
        writer.add_members([MAIN, RANDOM, snapshot(1)])
        assert early.block_scores() == []
        records = [((1, 5), (1, 6), (1, 5)), ((2, 1), (1, 7)), (), ((2, 5), (1, 5), (3, 2**31 - 1))]
        for newcomer, blocks in enumerate(records):
            if newcomer in (1, 3):
                writer.add_members([snapshot(2 if newcomer == 1 else 3)])
            others = [member.id for member in writer.members()[2:]]
            writer.record(
                matches=[
                    match(seats, kind=kind, event=event, block=block)
                    for k, (event, block) in enumerate(blocks)
                    for seats in (("random", others[k % len(others)]), ("main", "random"))
                    for kind in ("evaluation", "training")
                ]
            )
            with store.reader() as late:
                assert early.block_scores() == late.block_scores() == writer.block_scores()
                assert early.block_scores().names == tuple(member.id for member in late.members())
