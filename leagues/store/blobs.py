"""Blobs as the files of one folder, ``<sha256>.safetensors``. Never a pickle, never rewritten, never behind a link."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from leagues.store import files
from leagues.store.contract import MAX_BLOB, BlobStore, StoreError

SUFFIX = ".safetensors"
_DIGEST = re.compile(r"[0-9a-f]{64}")


def digest_of(data: bytes) -> str:
    """The name of a blob."""
    if len(data) > MAX_BLOB:
        raise StoreError(f"a blob has at most {MAX_BLOB:,} bytes, but got {len(data):,}; train a smaller network")
    return hashlib.sha256(data).hexdigest()


def check_digest(digest: str) -> None:
    """Refuse what is not the name of a blob, so that no name from outside can leave the store.

    Raises:
        StoreError: ``digest`` is not a hex SHA-256.
    """
    if not _DIGEST.fullmatch(digest):
        raise StoreError(f"a blob is named by the 64 hex digits of its SHA-256, but got {digest!r}")


class FolderBlobs(BlobStore):
    """The blobs in a folder, which is made with the first of them.

    The folder may come from a stranger, so links, pipes and devices in it are refused, and :meth:`prune` removes only
    files that this league has written.

    Args:
        folder: where the files lie.
        recorded: gives the digests that earlier processes of this league wrote here, for :meth:`prune`.
    """

    def __init__(self, folder: Path, recorded: Callable[[], Iterable[str]] = tuple) -> None:
        self._folder = folder
        self._recorded = recorded
        self._own: set[str] | None = None  # what this league has written; None until prune asks for it
        self._put: set[str] = set()

    def put(self, data: bytes) -> str:
        digest = digest_of(data)
        self._put.add(digest)
        try:
            self.get(digest)
        except StoreError:
            self._check_folder()
            try:
                files.write(self._path(digest), data)
            except OSError as error:
                raise StoreError(f"{self._path(digest)} cannot be written: {error.strerror}") from error
        return digest

    def get(self, digest: str) -> bytes:
        check_digest(digest)
        path = self._path(digest)
        self._check_folder()
        try:
            data = files.read(path, MAX_BLOB)
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error.strerror}; restore it from a copy") from error
        if (actual := hashlib.sha256(data).hexdigest()) != digest:
            raise StoreError(f"{path} was altered (its SHA-256 is {actual}); restore it from a copy")
        return data

    def has(self, digest: str) -> bool:
        check_digest(digest)
        self._check_folder()
        try:
            return stat.S_ISREG(self._path(digest).lstat().st_mode)
        except OSError:
            return False

    def prune(self, keep: Collection[str]) -> None:
        self._check_folder()
        if self._own is None:
            self._own = {digest for digest in self._recorded() if _DIGEST.fullmatch(digest)}
        self._own |= self._put
        for digest in self._own - set(keep):
            try:
                self._path(digest).unlink(missing_ok=True)
            except OSError as error:
                raise StoreError(f"{self._path(digest)} cannot be removed: {error.strerror}") from error
        self._own &= set(keep)
        self._put.clear()

    def sweep(self) -> None:
        """Remove what writers that were killed left half-written. Nobody may be writing here now."""
        self._check_folder()
        try:
            files.sweep(self._folder)
        except OSError as error:
            raise StoreError(f"{self._folder} cannot be cleared: {error.strerror}") from error

    def _path(self, digest: str) -> Path:
        return self._folder / f"{digest}{SUFFIX}"

    def _check_folder(self) -> None:
        try:
            mode = os.lstat(self._folder).st_mode
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(f"{self._folder} cannot be read: {error.strerror}") from error
        if not stat.S_ISDIR(mode):
            what = "a link" if stat.S_ISLNK(mode) else "a file"
            raise StoreError(f"{self._folder} is {what}, but must be a folder; put a folder in its place")
