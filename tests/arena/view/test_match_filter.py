"""The words of a filter of matches, and what is said of those that mean nothing."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from played_league import make_league
from small_league import HOSTILES, NOW

from arena.cli.matches import matches
from arena.view.match_filter import filter_of, member_word, parse, quoted
from arena.view.text import plain
from leagues.errors import LeagueError
from leagues.ratings.leaderboard import leaderboard
from leagues.records import ENDINGS, MATCH_KINDS, MatchFilter, Member
from leagues.store import LeagueInfo, open_store

MEMBERS = [
    "main",
    "main_exploiter",
    "random",
    "mcts:200",
    "main@1",
    "main@15",
    "main@150",
    "my bot",
    "[red]x",
    "lost",
    "\u202ecba",
]
FOUND = {"best": "main@15", "latest": "main@150"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", MatchFilter()),
        (
            "main@15 lost evaluation plies<20",
            MatchFilter(("main@15",), "evaluation", result=("main@15", "lost"), max_plies=19),
        ),
        ("won random main", MatchFilter(("random", "main"), result=("random", "won"))),
        ("mcts", MatchFilter(("mcts:200",))),
        ("exploiter  rand", MatchFilter(("main_exploiter", "random"))),
        ("main main", MatchFilter(("main",))),
        ("'my bot' drew", MatchFilter(("my bot",), result=("my bot", "drew"))),
        ("[red]", MatchFilter(("[red]x",))),
        ("training training", MatchFilter(kind="training")),
        ("timeout human event=3", MatchFilter(kind="human", event=3, ending="timeout")),
        ("plies<=9 plies>3", MatchFilter(min_plies=4, max_plies=9)),
        ("plies<30 plies<20 plies>=2 plies>0", MatchFilter(min_plies=2, max_plies=19)),
        ("plies=7", MatchFilter(min_plies=7, max_plies=7)),
        ("'plies > 5'", MatchFilter(min_plies=6)),
        ("best lost", MatchFilter(("main@15",), result=("main@15", "lost"))),
        ("random latest", MatchFilter(("random", "main@150"))),
        ("member=lost won", MatchFilter(("lost",), result=("lost", "won"))),
        ("'member=my bot'", MatchFilter(("my bot",))),
        ("member='my bot'", MatchFilter(("my bot",))),
        ("member=rand", MatchFilter(("random",))),
        (r"'\u202ec'", MatchFilter(("\u202ecba",))),  # as it is shown
        ("\u202ec", MatchFilter(("\u202ecba",))),
    ],
)
def test_words_make_a_filter(text: str, expected: MatchFilter) -> None:
    assert parse(text, MEMBERS, FOUND.__getitem__) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("lsot main", "'lsot' is no member and no word of a filter; did you mean 'lost'?"),
        ("main@16", "'main@16' is no member and no word of a filter; did you mean 'main@1"),
        (
            "zzz",
            "'zzz' is no member and no word of a filter; write a member, or one of best, latest, won, drew, lost, ",
        ),
        ("ending=crash", "'ending=crash' is no member and no word of a filter; did you mean 'crash'?"),
        ("RANDOM", "'RANDOM' is no member and no word of a filter; did you mean 'random'?"),
        ("member=zzz", "'zzz' is no member; name one, such as 'main', "),
        ("member=mian", "'mian' is no member; did you mean 'main'"),
        ("member=", "`member=` is followed by a name, but got ''; name one, such as 'main', "),
        ("main@", "'main@' is a part of 3 members, such as 'main@1', 'main@15', 'main@150'; name one in full"),
        ("won", "'won' is the result of a member, but none is named; name one, such as 'main', "),
        ("lost", "'lost' is the result of a member, but none is named; member=lost means the member"),
        ("main won lost", "a filter has one result, but got 'won' and 'lost'; drop one"),
        ("human training", "a filter has one kind, but got 'human' and 'training'; drop one"),
        ("event=1 event=2", "a filter has one event, but got 1 and 2; drop one"),
        ("event<2", "a filter names one event, but got `event<2`; write event=2"),
        ("plies<", "`plies<` is followed by a whole number, but got ''; write plies<20"),
        ("plies<-1", "`plies<` is followed by a whole number, but got '-1'; write plies<20"),
        ("plies=9999999999999999999", "`plies=` is followed by a whole number, but got '9999999999999999999'"),
        ("plies < 20", "'plies' says nothing alone; write plies<20"),
        ("event 3", "'event' says nothing alone; write event=3"),
        ("'main", 'the filter "\'main" has a quote that does not end; end it, or drop it'),
    ],
)
def test_a_word_that_means_nothing_is_an_error_that_says_what_is_possible(text: str, says: str) -> None:
    with pytest.raises(LeagueError, match=f"^{re.escape(says)}"):
        parse(text, MEMBERS, FOUND.__getitem__)


def test_a_result_in_a_league_without_members_is_an_error() -> None:
    with pytest.raises(LeagueError, match="none yet"):
        parse("won", [], FOUND.__getitem__)


def test_the_help_names_every_word() -> None:
    words = {"MEMBER", "best", "latest", "member", "won", "drew", "lost", "plies", "event", *MATCH_KINDS, *ENDINGS}
    assert words <= {*re.findall(r"\w+", matches.__doc__ or "")}


@pytest.mark.parametrize("name", ["main@1", "my bot", "lost", "best", "plies<20", "member=x", "it's", *HOSTILES])
def test_every_member_has_a_word_that_means_it_in_quotes_or_from_a_shell(name: str) -> None:
    where = MatchFilter((name,))
    assert member_word(name) == plain(member_word(name)), "it is safe to show"
    assert parse(member_word(name), [*MEMBERS, name], FOUND.__getitem__) == where
    (from_shell,) = shlex.split(member_word(name))
    assert parse(quoted(from_shell, [*MEMBERS, name]), [*MEMBERS, name], FOUND.__getitem__) == where


def test_the_best_and_the_latest_are_those_of_the_league(tmp_path: Path) -> None:
    folder = make_league(tmp_path)
    with open_store(folder).reader() as reader:
        assert filter_of(reader, "best latest random").members == ("main@2", "random")
        known = [each for each in leaderboard(reader.members(), reader.block_scores()) if each.agent != "main@2"]
        assert filter_of(reader, "best", standings=lambda: known).members == ("main@1",)


def test_without_a_snapshot_there_is_no_latest(tmp_path: Path) -> None:
    info = LeagueInfo("tic_tac_toe", ("x", "o"), 7, {}, {}, NOW)
    with open_store(tmp_path / "empty").create(info) as store:
        store.add_members([Member("main", "learner", "main", modules={"x": "main", "o": "main"})])
        with pytest.raises(LeagueError, match="'latest' means a snapshot, but the league has none of it yet"):
            filter_of(store, "latest")
