"""Signatures of processes, and whether the process of one is still there."""

from __future__ import annotations

import subprocess
import sys

from leagues.store.owner import is_gone, this_process


def test_a_process_that_has_ended_is_gone_and_others_are_not() -> None:
    place = this_process().rpartition(":")[0]
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert not is_gone(this_process())
    assert not is_gone(f"{place}:{child.pid}")
    child.communicate(b"\n")
    assert is_gone(f"{place}:{child.pid}")
    assert is_gone(f"{place}:{10**30}"), "no system counts that far"


def test_nothing_is_known_of_other_machines_and_of_what_is_no_signature() -> None:
    for signature in ("anna@elsewhere:999999999", "999999999", "", f"{this_process()}x"):
        assert not is_gone(signature)
