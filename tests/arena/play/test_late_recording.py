"""Games of a person are recorded when they are over, so that their league can be written meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from network_specs import masked_spec
from played_league import make_league

from agents.basic import FirstLegalAgent
from agents.contract import AgentError
from agents.policies import weights
from agents.policies.agent import policy_card, policy_tensors
from arena.play.contest import open_contest
from arena.play.late_recording import NotRecorded
from arena.play.source import Planned
from arena.verify import verify
from games import make_game
from leagues.records import Match, Member, Pairing
from leagues.store import open_store

GAME = "tic_tac_toe"


class Typist(FirstLegalAgent):
    """Stands in for a person."""

    spec = "human"


def add_network(folder: Path, generation: int) -> None:
    """Add a snapshot of the learner ``main`` that can play."""
    game, place = make_game(GAME), open_store(folder)
    seats = dict.fromkeys(game.agent_ids, "main")
    spec = masked_spec(game, fcnet_hiddens=[16])
    tensors = policy_tensors({"main": spec.build().get_state()})
    digest = place.weights.put(weights.pack(tensors, policy_card(game, {"main": spec}, seats)))
    with place.writer() as writer:
        writer.add_members(
            [Member(f"main@{generation}", "snapshot", "main", generation, seats, digest, learner="main")]
        )


def play_late(folder: Path, against: str, meanwhile: Callable[[], object] = lambda: None) -> list[Match]:
    """Play one game, and do something before it is over."""
    played: list[Match] = []
    with open_contest(
        make_game(GAME), [Typist(), against], command="play", arguments={}, league=folder, late=True
    ) as contest:
        meanwhile()
        contest.play(
            Planned([Pairing(contest.names, 5, contest.event, 1, "human")]),
            on_match=played.append,
        )
    return played


def recorded(folder: Path) -> list[Match]:
    with open_store(folder).reader() as reader:
        return list(reader.iter_matches())


def test_the_league_is_written_by_others_meanwhile_and_the_match_is_an_event_of_its_own(tmp_path: Path) -> None:
    folder = make_league(tmp_path / "league", played=False)

    def train() -> None:
        with open_store(folder).writer() as writer:
            writer.add_members([Member("mcts:5", "guest", "guest", agent="mcts:5")])
        with open_contest(make_game(GAME), ["random", "mcts:5"], command="match", arguments={}, league=folder) as other:
            other.play(Planned([Pairing(other.names, 9, other.event, 1, "evaluation")]))

    (match,) = play_late(folder, "first", train)
    other, own = recorded(folder)
    assert (match.id, own.seats, own.kind) == (2, ("human", "first"), "human")
    assert own.event == other.event + 1
    assert verify(folder).findings == ()


def test_the_opponent_is_recorded_as_the_member_that_has_played(tmp_path: Path) -> None:
    folder = make_league(tmp_path / "league", played=False)
    add_network(folder, 3)
    play_late(folder, f"{folder}:latest", lambda: add_network(folder, 4))
    play_late(folder, "main")
    assert [match.seats for match in recorded(folder)] == [("human", "main@3"), ("human", "main@4")]
    assert verify(folder).findings == ()


def test_what_cannot_be_written_is_kept_and_recorded_later_or_elsewhere(tmp_path: Path) -> None:
    folder, other = make_league(tmp_path / "league", played=False), tmp_path / "other"
    add_network(folder, 3)
    with open_store(folder).writer(), pytest.raises(NotRecorded, match="one writer at a time") as caught:
        play_late(folder, f"{folder}:main@3")
    recording, matches = caught.value.recording, caught.value.matches
    assert [match.seats for match in matches] == [("human", "main@3")]
    recording.record(matches, str(other))
    recording.record(matches)
    assert [match.seats for match in recorded(other)] == [("human", "league:main@3")]
    assert [match.seats for match in recorded(folder)] == [("human", "main@3")]
    assert recorded(other)[0].history == recorded(folder)[0].history == matches[0].history
    assert verify(folder).findings == verify(other).findings == ()


def test_what_cannot_be_recorded_is_refused_before_the_game(tmp_path: Path) -> None:
    folder = make_league(tmp_path / "league", played=False)
    with pytest.raises(AgentError, match="is a mixture"):
        play_late(folder, f"{folder}:average", lambda: pytest.fail("the game has begun"))
    elsewhere = make_league(tmp_path / "elsewhere", "connect_four", played=False)
    with pytest.raises(AgentError, match="plays 'connect_four"):
        play_late(elsewhere, "first", lambda: pytest.fail("the game has begun"))
