"""What is said of a member that no other member has met."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arena.view.text import counted

if TYPE_CHECKING:  # it loads SQLAlchemy, which the first paint need not wait for
    from leagues.records import Member
    from leagues.store.contract import Reader


def without_opponents(reader: Reader, member: Member) -> str:
    """What a member without opponents in the payoffs has played: ``900 training games, all self-play``.

    Training games are counted for the whole league, so of several learners only the kind of their games is known.
    """
    if member.frozen:
        return "no evaluation match yet"
    progress = reader.progress()
    if progress is None or not progress.games:
        return "no training game yet"
    kind = "self-play" if len(set(reader.info().teams)) > 1 else "without an opponent"
    if sum(not each.frozen for each in reader.members()) > 1:
        return f"its training games are all {kind}"
    return f"{counted(progress.games, 'training game')}, all {kind}"
