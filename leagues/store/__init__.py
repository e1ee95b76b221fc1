"""Where a league lives: its records, its weights and its learners' states, behind one contract."""

from leagues.store.contract import (
    BlobStore,
    Heartbeat,
    LeagueInfo,
    Progress,
    Reader,
    RunningGame,
    Store,
    StoreError,
    Writer,
)
from leagues.store.url import open_store

__all__ = [
    "BlobStore",
    "Heartbeat",
    "LeagueInfo",
    "Progress",
    "Reader",
    "RunningGame",
    "Store",
    "StoreError",
    "Writer",
    "open_store",
]
