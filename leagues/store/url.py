"""From a folder or URL to the store that lives there. A new back end is one more scheme here."""

from __future__ import annotations

import re
from pathlib import Path

from leagues.store.contract import Store, StoreError

MEMORY = "memory:"
_SQLITE = "sqlite:"


def open_store(where: str | Path | None) -> Store:
    """The store at ``where``, whether or not there is a league yet. Nothing is opened, read or written.

    Args:
        where: a folder, as a path or as ``sqlite:FOLDER``; or None or ``memory:`` for a league in memory, which is
            new and lives as long as the store object.

    Raises:
        StoreError: there is no back end of this URL's scheme, or no folder can have this name.
    """
    # Back ends are imported when they are used: a program that only prints its help should not wait for SQLAlchemy.
    if where is None or str(where) == MEMORY:
        from leagues.store.memory import MemoryStore

        return MemoryStore()
    from leagues.store.sqlite.store import SqliteStore

    # A command turns names into paths, and `Path("scheme://host")` is `scheme:/host`.
    if scheme := re.match(r"(\w+):/", folder := str(where).removeprefix(_SQLITE)):
        raise StoreError(f"no store is called {scheme[1]!r}; name a folder, `{_SQLITE}FOLDER` or `{MEMORY}`")
    return SqliteStore(Path(folder))


def split_place(text: str) -> tuple[str, str] | None:
    """Split ``WHERE:REST`` into the place for :func:`open_store` and the rest, which is empty for ``WHERE`` alone.

    The folder must exist. The first colon after it splits, because both it and the rest may have colons. None where the
    text names no such place.
    """
    scheme = _SQLITE if text.startswith(_SQLITE) else ""
    parts = text.removeprefix(scheme).split(":")
    for count in range(1, len(parts) + 1):
        folder = ":".join(parts[:count])
        if folder and Path(folder).is_dir():
            return scheme + folder, ":".join(parts[count:])
    return None
