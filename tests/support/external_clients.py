"""Clients of external games, as scripts of tests."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

PROGRAMS = Path(__file__).parents[2] / "examples" / "programs"
HELLO = {"type": "hello", "protocol": 1}

Answers = Callable[[dict[str, Any]], Any]
"""What a client writes to a question: a message, bytes, or None to say nothing and hang up."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def connect(port: int) -> socket.socket:
    """A connection to a process that listens by now, or soon."""
    while True:
        with suppress(ConnectionRefusedError):
            return socket.create_connection(("127.0.0.1", port))


@contextmanager
def client(port: int, answers: Answers, hello: Any = HELLO) -> Iterator[None]:
    """A client that runs beside the test until it is hung up."""

    def talk() -> None:
        with suppress(OSError), connect(port) as connection, connection.makefile("rwb") as stream:
            write(stream, hello)
            for line in stream:
                question = json.loads(line)
                if question["type"] == "hello":
                    continue
                if question["type"] == "bye":
                    return
                if (answer := answers(question)) is None:
                    return
                write(stream, answer if isinstance(answer, bytes) else {"id": question["id"]} | answer)

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    yield


def write(stream: Any, message: Any) -> None:
    stream.write(message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n")
    stream.flush()
