"""A league in memory: the SQLite store over a database without a file."""

from __future__ import annotations

from collections.abc import Collection, Hashable

from leagues.store.blobs import check_digest, digest_of
from leagues.store.contract import BlobStore, LeagueInfo, Reader, Store, StoreError, Writer


class MemoryBlobs(BlobStore):
    """Blobs in a dict."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        digest = digest_of(data)
        self._blobs[digest] = bytes(data)
        return digest

    def get(self, digest: str) -> bytes:
        if not self.has(digest):
            raise StoreError(f"blob {digest} is not in this store; put it there first")
        return self._blobs[digest]

    def has(self, digest: str) -> bool:
        check_digest(digest)
        return digest in self._blobs

    def prune(self, keep: Collection[str]) -> None:
        self._blobs = {digest: data for digest, data in self._blobs.items() if digest in keep}


class MemoryStore(Store):
    """A league that lives as long as this object."""

    def __init__(self) -> None:
        self.name = "memory:"
        self.weights = MemoryBlobs()
        self.states = MemoryBlobs()
        self._writer: Writer | None = None

    def exists(self) -> bool:
        return self._writer is not None

    def identity(self) -> Hashable | None:
        return None if self._writer is None else id(self)

    def check(self) -> list[str]:
        return []

    def create(self, info: LeagueInfo) -> Writer:
        from leagues.store.sqlite import database
        from leagues.store.sqlite.writer import SqlWriter, fill

        if self._writer is not None:
            raise StoreError(f"{self.name!r} already holds a league; resume it, or make another store")
        engine = database.memory_engine()
        fill(engine, self.name, info)
        self._writer = SqlWriter(engine, self.name, self.weights)
        return self._writer

    def reader(self) -> Reader:
        return self.writer()

    def writer(self) -> Writer:
        if self._writer is None:
            raise StoreError(f"{self.name!r} holds no league")
        return self._writer
