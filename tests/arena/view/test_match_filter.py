"""The words of a filter of matches, and what is said of those that mean nothing."""

from __future__ import annotations

import re

import pytest

from arena.view.match_filter import HELP, parse
from leagues.errors import LeagueError
from leagues.records import ENDINGS, MATCH_KINDS, MatchFilter

MEMBERS = ["main", "main_exploiter", "random", "mcts:200", "main@1", "main@15", "main@150", "my bot", "[red]x"]


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
    ],
)
def test_words_make_a_filter(text: str, expected: MatchFilter) -> None:
    assert parse(text, MEMBERS) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("lsot main", "'lsot' is no member and no word of a filter; did you mean 'lost'?"),
        ("main@16", "'main@16' is no member and no word of a filter; did you mean 'main@1"),
        ("zzz", "'zzz' is no member and no word of a filter; its words are members, won, drew, lost, training, "),
        ("main@", "'main@' is a part of 3 members, such as 'main@1', 'main@15', 'main@150'; name one in full"),
        ("won", "'won' is the result of a member, but none is named; name one, such as 'main', "),
        ("main won lost", "a filter has one result, but got 'won' and 'lost'; drop one"),
        ("human training", "a filter has one kind, but got 'human' and 'training'; drop one"),
        ("event=1 event=2", "a filter has one event, but got 1 and 2; drop one"),
        ("event<2", "a filter names one event, but got `event<2`; write event=2"),
        ("plies<", "`plies<` is followed by a whole number, but got ''"),
        ("plies<-1", "`plies<` is followed by a whole number, but got '-1'"),
        ("plies=9999999999999999999", "`plies=` is followed by a whole number, but got '9999999999999999999'"),
        ("plies", "'plies' is no member and no word of a filter"),
        ("'main", 'the filter "\'main" has a quote that does not end; end it, or drop it'),
    ],
)
def test_a_word_that_means_nothing_is_an_error_that_says_what_is_possible(text: str, says: str) -> None:
    with pytest.raises(LeagueError, match=f"^{re.escape(says)}"):
        parse(text, MEMBERS)


def test_a_result_in_a_league_without_members_is_an_error() -> None:
    with pytest.raises(LeagueError, match="none yet"):
        parse("won", [])


def test_the_help_names_every_word() -> None:
    assert {"MEMBER", "won", "drew", "lost", "plies", "event", *MATCH_KINDS, *ENDINGS} <= {*re.findall(r"\w+", HELP)}
