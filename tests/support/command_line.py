"""What running ``arena`` in a test gives; the fixture ``cli`` runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Cli = Callable[..., tuple[int, str, str]]
"""Runs ``arena`` on its arguments, with ``typed=`` on stdin. Returns the exit code, stdout and stderr."""


def rows(cli: Cli, *args: object) -> Any:
    """What a command prints with ``--json``."""
    code, out, err = cli(*args, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)
