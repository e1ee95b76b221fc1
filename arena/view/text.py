"""Text for people: untrusted text made safe to show, and numbers in words.

Names, titles and drawings come from games, programs and other people's files, so none of them is trusted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # they load NumPy, which --help need not wait for
    from leagues.ratings.leaderboard import Outside, Standing

LOADING = "loading ..."
"""What a part of a screen says before it knows what to show."""

RATING = "rating ..."
"""What it says until the ratings are there, which may take longer than the rest."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that control a terminal or are invisible: controls, format and bidi marks, surrogates, line
separators."""


def plain(text: str, *, lines: bool = False) -> str:
    r"""``text`` with every character that could control a terminal escaped, such as ``\x1b``.

    Markup of rich and Textual is not escaped: show the result as text, never as markup.

    Args:
        text: any string.
        lines: whether to keep line breaks, as drawings need.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character
        if (lines and character == "\n") or unicodedata.category(character) not in _HIDDEN
        else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in text
    )


def short_name(name: str, width: int) -> str:
    """A member's name in at most ``width`` columns, safe to show: ``main_…-2@12``. It is cut in front of the number of
    its learner and its generation, and of the number in the name of an agent such as ``mcts:200``, which tell members
    apart."""
    from rich.text import Text

    text = plain(name)
    ends = [found[0] for end in (r"-\d+(@\d+)?$", r"[@:]\d+$") if (found := re.search(end, text))]
    kept = next((end for end in ends if len(end) < width - 1), "")
    cut = Text(text.removesuffix(kept))
    cut.truncate(width - len(kept), overflow="ellipsis")
    return cut.plain + kept


def duration(seconds: float) -> str:
    """Seconds as ``8s``, ``2m 05s`` or ``3h 20m``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02}s"
    return f"{whole // 3600}h {whole % 3600 // 60:02}m"


def moment(at: datetime, *, brief: bool = False) -> str:
    """A time as people read it: ``2026-01-02 03:04:05 UTC``, in UTC wherever the machine is.

    Args:
        at: the time, with its zone.
        brief: leave out the year and the zone, for lists that say UTC once: ``01-02 03:04:05``.
    """
    return f"{at.astimezone(UTC):{'%m-%d %H:%M:%S' if brief else '%Y-%m-%d %H:%M:%S UTC'}}"


def clock(seconds: float) -> str:
    """Seconds as a clock shows them: ``0:08``, ``2:05`` or ``3:20:00``."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def signed(value: float) -> str:
    """A return with its sign: ``+1``, ``-0.5``, ``0``."""
    return f"{value:+.4g}" if value else "0"


def counted(count: int, one: str, many: str = "") -> str:
    """A number with its noun: ``1 game``, ``1,200 games``. ``many`` is the plural where it is not ``one`` with an s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def rating_text(value: float, unit: str) -> str:
    """A rating as people read it: ``1204`` Elo; in other units three digits, such as ``0.31`` or ``-12.5``."""
    size = abs(value)
    digits = 0 if unit == "Elo" or size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 else 3
    text = f"{value:.{digits}f}"
    return text if float(text) else "0"


def interval_text(low: float, high: float, unit: str, *, dash: str = " to ") -> str:
    """The interval of a rating: ``700 to 931``; ``-`` without any width, as that of the anchor, whose rating is 0."""
    return "-" if low == high else f"{rating_text(low, unit)}{dash}{rating_text(high, unit)}"


def rated_text(value: float, low: float, high: float, unit: str) -> str:
    """A rating with its interval: ``812 (700 to 931)``; ``0`` for the anchor, which has none."""
    return rating_text(value, unit) + ("" if low == high else f" ({interval_text(low, high, unit)})")


def interval_bar(low: float, at: float, high: float, *, left: float, right: float, width: int) -> str:
    """The interval ``low..high`` with the point ``at``, drawn on an axis ``left..right`` of ``width`` characters."""
    scale = (width - 1) / (right - left) if right > left else 0.0
    first, point, last = (round((value - left) * scale) for value in (low, at, high))
    return "".join("●" if i == point else "─" if first <= i <= last else " " for i in range(width))


def measure_text(name: str) -> str:
    """What a measure of the league is called: ``NashConv`` for ``nash_conv``; safe to show."""
    words = {
        "nash_conv": "NashConv",
        "mixture_nash_conv": "NashConv of the mixture",
        "self_play_return": "return in self-play",
    }
    return words.get(name) or plain(name)


def metric_text(name: str) -> str:
    """What a metric of learning is called: ``explained variance`` for ``vf_explained_var``; safe to show."""
    words = {
        "policy_loss": "policy loss",
        "vf_loss": "value loss",
        "entropy": "entropy",
        "mean_kl_loss": "KL divergence",
        "vf_explained_var": "explained variance",
    }
    return words.get(name) or plain(name).replace("_", " ")


def outside_text(outside: Outside | None) -> str:
    """An outside measure as people read it: ``NashConv 0.12``, ``0.62 against mcts:25``. It is safe to show, and empty
    without one."""
    if outside is None:
        return ""
    if outside.against is None:
        return f"{measure_text(outside.name)} {outside.value:.3g}"
    return f"{outside.value:.2f} against {plain(outside.against)}"


def newest_measured(standings: Iterable[Standing]) -> Standing | None:
    """The newest snapshot with an outside measure, that of a main learner where there is one; None without any."""
    measured = [each for each in standings if each.outside is not None and each.generation is not None]
    return max(measured, key=lambda each: (each.role == "main", each.generation or 0), default=None)


def outside_news(standings: Sequence[Standing]) -> str:
    """What is known from outside of the newest snapshot, in words; of an older one where that is not measured yet,
    which is said. Empty while nothing is known."""
    found = newest_measured(standings)
    if found is None or found.outside is None:
        return ""
    newest = max(
        (each for each in standings if each.role == found.role and each.generation is not None),
        key=lambda each: each.generation or 0,
    )
    missing = f"; {plain(newest.agent)} is not measured from outside yet" if newest.outside is None else ""
    return outside_sentence(found.agent, found.outside, found.unit) + missing


def outside_sentence(member: str, outside: Outside, unit: str) -> str:
    """An outside measure in words, such as ``main@3 scores 0.62 (0.51 to 0.72) against mcts:25 in 120 games``.

    Args:
        member: the member.
        outside: what was measured of it.
        unit: of its rating; where that is no Elo, scores are returns, as in games without a winner.
    """
    name = plain(member)
    if outside.name == "nash_conv":
        return f"{name} has NashConv {outside.value:.3g}, where 0 is an equilibrium"
    if outside.name == "self_play_return":
        return f"{name} has a mean return of {outside.value:.3g} when it plays every seat"
    interval = "" if outside.low is None or outside.high is None else f" ({outside.low:.2f} to {outside.high:.2f})"
    number, other, games = (
        f"{outside.value:.2f}{interval}",
        plain(outside.against or ""),
        counted(outside.games, "game"),
    )
    if unit != "Elo":
        return f"{name} has a mean return of {number} in {games} with {other}"
    return f"{name} scores {number} against {other} in {games}"
