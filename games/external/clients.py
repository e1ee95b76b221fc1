"""The clients of this process: they connect over TCP and speak lines of JSON, as ``docs/own-game.md`` says."""

from __future__ import annotations

import errno
import json
import logging
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from games.errors import GameError
from games.foreign import BrokenRule

log = logging.getLogger(__name__)

PROTOCOL = 1
"""The version of the protocol, which both sides say in their hello."""

HOST = "127.0.0.1"
"""Clients of other machines come through a tunnel, which also says who they are."""

PORTS = 100
"""A process listens on the first free one of so many ports; each env runner is a process."""

PATIENCE = 60.0
"""Seconds without any client after which games break, and seconds that a client has for an answer."""

PATIENCE_OF_GAMES = 600.0
"""Seconds that a client has for a whole game."""

_LEAST_WAIT = 0.5
"""Seconds that each game waits for a client: short, so that a run without clients ends soon after those seconds."""

MOST_WRITTEN = 1 << 20
"""Bytes of a line, and of what a client may write before it is read."""

MOST_EPISODE = 1 << 23
"""The same where the line is a whole game."""

MOST_MODELS = 64
"""Models that a client keeps; more if a game has more policies."""

_HELLO = 10.0
"""Seconds that a new client has to say hello."""

_MOST_STRANGERS = 64
"""Most clients at a time that have not said hello yet. One more, and the one that came first is hung up."""

_MOST_CLIENTS = 256
"""Most clients of a process."""

_CHUNK = 1 << 16


class Gone(BrokenRule):
    """The client has hung up."""


class Client:
    """A connection to a program that plays any number of games. It is closed for good after its first breach of the
    protocol. Threads may share it.

    Attributes:
        games: numbers of the games that are under way there.
        closed: whether it is closed.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._lock = threading.RLock()
        self._written, self._most = bytearray(), MOST_WRITTEN
        self._searched = 0  # bytes of it without the end of a line
        self._asked = 0  # questions so far
        self._gone = False
        self._dropped: deque[int] = deque()  # games that the client need not know any more
        self._models: list[int] = []  # those that the client has, the least recently used first
        self.games: set[int] = set()
        self.closed = False
        connection.setblocking(False)
        with suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        """Hang up, after the answer to a question of another thread."""
        with self._lock:
            self.closed = True
            self._socket.close()

    def hang_up(self) -> None:
        """Hang up at once, also while another thread waits for an answer. That thread gets :class:`Gone`."""
        self.closed = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # it wakes the other thread, which a close would not do
        if self._lock.acquire(blocking=False):  # or else the other thread closes the socket
            self._socket.close()
            self._lock.release()

    def forget(self, game: int, *, over: bool = False) -> None:
        """A game is not played on. Unless it is over, the next question names it."""
        self.games.discard(game)
        if not over:
            self._dropped.append(game)

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Send a message and wait for its answer.

        Raises:
            Gone: the client has hung up.
            BrokenRule: it is too slow, or breaks the protocol. It is closed then.
        """
        with self._lock:
            self._most = MOST_WRITTEN
            return self._ask(question, PATIENCE)

    def play(self, question: dict[str, Any], models: Mapping[int, str]) -> dict[str, Any]:
        """As :meth:`ask`, for a whole game.

        Args:
            question: the message.
            models: number -> model, in base64, of those that play. Those that the client lacks are sent.
        """
        with self._lock:
            self._most = MOST_EPISODE
            new = {number: model for number, model in models.items() if number not in self._models}
            known = [number for number in self._models if number not in models] + list(models)
            most = max(MOST_MODELS, len(models))
            self._models, forget = known[-most:], known[:-most]
            question = question | ({"models": new} if new else {}) | ({"forget": forget} if forget else {})
            return self._ask(question, PATIENCE_OF_GAMES)

    def _ask(self, question: dict[str, Any], patience: float) -> dict[str, Any]:
        deadline = time.monotonic() + patience
        self._asked += 1
        dropped = [self._dropped.popleft() for _ in range(len(self._dropped))]
        try:
            if self.closed:
                raise ConnectionResetError(errno.ECONNRESET, "its connection is closed")
            self._read()
            if self._gone:
                raise ConnectionResetError(errno.ECONNRESET, "it has closed the connection")
            if self._written:
                raise BrokenRule(f"a client answers questions only, but wrote {_shown(self._written)} without one")
            self.send(question | {"id": self._asked} | ({"dropped": dropped} if dropped else {}), deadline)
            answer = self.receive(deadline)
            if answer.get("id") != self._asked:
                raise BrokenRule(
                    f"a client answers with the id of the question, {self._asked}, but wrote {answer!a:.100}"
                )
            if "error" in answer:
                raise BrokenRule(f"the client cannot go on: {str(answer['error'])[:200]!a}")
        except TimeoutError:
            self.close()
            raise BrokenRule(f"a client answers within {patience:g} s, but this one did not") from None
        except OSError as error:
            self.close()
            raise Gone(f"the client has gone: {error.strerror or error}") from None
        except BrokenRule:
            self.close()
            raise
        return answer

    def send(self, message: dict[str, Any], deadline: float) -> None:
        """Send a line.

        Raises:
            OSError: the connection is closed, or, as a TimeoutError, the line was not taken before ``deadline``.
        """
        left = memoryview(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        while left:
            try:
                left = left[self._socket.send(left[:_CHUNK]) :]
            except BlockingIOError:
                self._wait(selectors.EVENT_WRITE, deadline)

    def receive(self, deadline: float) -> dict[str, Any]:
        """The next message.

        Raises:
            OSError: as :meth:`send`.
            BrokenRule: the line is too long, or no JSON object.
        """
        while (message := self.received()) is None:
            self._wait(selectors.EVENT_READ, deadline)
        return message

    def received(self) -> dict[str, Any] | None:
        """The next message; None if it has not come yet. Raises as :meth:`receive`."""
        self._read()
        end = self._written.find(b"\n", self._searched)
        self._searched = len(self._written) if end < 0 else 0
        if end < 0:
            if self._gone:
                raise ConnectionResetError(errno.ECONNRESET, "it has closed the connection")
            return None
        line = self._written[:end]
        del self._written[: end + 1]
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            raise BrokenRule(f"a client writes lines of JSON objects, but wrote {_shown(line)}")
        return message

    def _read(self) -> None:
        """Take what has come."""
        with suppress(BlockingIOError):
            while data := self._socket.recv(_CHUNK):
                self._written += data
                if len(self._written) > self._most:
                    raise BrokenRule(f"a client writes at most {self._most:,} bytes at once, but wrote more")
            self._gone = True

    def _wait(self, event: int, deadline: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, event)
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError


def _shown(written: bytes | bytearray) -> str:
    return ascii(bytes(written[:100]).decode("utf-8", "replace"))


class Clients(threading.Thread):
    """Lets clients in, and gives each new game to the one with the fewest games.

    Args:
        hello: what the hello to a client says about the game.
        port: the first port to try.

    Attributes:
        port: where they connect.
        hang_ups: how often :meth:`hang_up` was called.

    Raises:
        GameError: no port is free.
    """

    def __init__(self, hello: dict[str, Any], port: int) -> None:
        super().__init__(name="clients", daemon=True)
        self._hello = hello
        self._here: list[Client] = []
        self._news = threading.Condition()
        self._last_seen = time.monotonic()  # when a client was here
        self._games = 0  # games so far
        self.hang_ups = 0
        self._listener, self.port = _listen(port)
        log.warning("clients can connect to %s:%d now", HOST, self.port)

    def new_game(self, hang_ups: int) -> tuple[Client, int]:
        """The client of a new game, and the number of the game, which no other one of this process has.

        Args:
            hang_ups: :attr:`hang_ups` when the game was first asked for.

        Raises:
            BrokenRule: no client is here, and none has been for :data:`PATIENCE` seconds; or all were hung up since.
        """
        with self._news:
            if self._open():
                self._last_seen = time.monotonic()
            least, most = _LEAST_WAIT, self._last_seen + PATIENCE - time.monotonic()
            if not self._news.wait_for(lambda: self.hang_ups > hang_ups or self._open(), max(least, most)):
                raise BrokenRule(f"no client has been at port {self.port} for {PATIENCE:g} s; start one")
            if self.hang_ups > hang_ups:
                raise BrokenRule("the arena has hung up all clients, so the game ends")
            client = min(self._here, key=lambda each: len(each.games))
            self._games += 1
            client.games.add(self._games)
            return client, self._games

    def hang_up(self) -> None:
        """Hang up all clients at once. Their games break, and games that wait for a client do."""
        with self._news:
            self.hang_ups += 1
            for client in self._open():
                client.hang_up()
            self._news.notify_all()

    def here(self) -> int:
        """How many clients are here."""
        with self._news:
            return len(self._open())

    def _open(self) -> list[Client]:
        self._here = [client for client in self._here if not client.closed]
        return self._here

    def _let_in(self, client: Client) -> None:
        with self._news:
            if len(self._open()) < _MOST_CLIENTS:
                self._here.append(client)
                self._last_seen = time.monotonic()
                self._news.notify()
            else:
                client.close()

    def run(self) -> None:
        """Let clients in, until the process ends."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            strangers: dict[Client, float] = {}  # with their deadlines
            while True:
                for key, _ in selector.select(_HELLO if strangers else None):
                    if key.data is None:
                        with suppress(OSError):
                            client = Client(self._listener.accept()[0])
                            selector.register(client, selectors.EVENT_READ, client)
                            strangers[client] = time.monotonic() + _HELLO
                        continue
                    client = key.data
                    if (known := self._greets(client)) is None:
                        continue
                    selector.unregister(client)
                    del strangers[client]
                    self._let_in(client) if known else client.close()
                now, surplus = time.monotonic(), len(strangers) - _MOST_STRANGERS
                for at, (client, until) in enumerate(list(strangers.items())):  # those that came first come first
                    if at < surplus or now > until:
                        selector.unregister(client)
                        del strangers[client]
                        client.close()

    def _greets(self, client: Client) -> bool | None:
        """Whether a client has said hello in our protocol, and was answered; None if it has said nothing yet."""
        try:
            said = client.received()
            if said is None:
                return None
            if (said.get("type"), said.get("protocol")) != ("hello", PROTOCOL):
                client.send({"type": "bye", "error": f"begin with a hello of protocol {PROTOCOL}"}, time.monotonic())
                return False
            client.send(self._hello | {"type": "hello", "protocol": PROTOCOL}, time.monotonic())
        except (OSError, BrokenRule):
            return False
        return True


def _listen(first: int) -> tuple[socket.socket, int]:
    for port in range(first, min(first + PORTS, 2**16)):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen(_MOST_STRANGERS)
        except OSError as error:
            listener.close()
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                continue
            raise GameError(f"no client can come to {HOST}:{port}: {error.strerror}") from error
        listener.setblocking(False)
        return listener, port
    raise GameError(f"all ports from {first} to {first + PORTS - 1} are in use; choose another one with port=...")


_CLIENTS: dict[tuple[int, str], Clients] = {}
_LOCK = threading.Lock()


def clients_of(port: int, hello: dict[str, Any]) -> Clients:
    """The clients of a game in this process, which begins to listen with the first call.

    Args:
        port, hello: as of :class:`Clients`.

    Raises:
        GameError: no port is free.
    """
    key = port, json.dumps(hello)
    with _LOCK:
        if key not in _CLIENTS:
            _CLIENTS[key] = Clients(hello, port)
            _CLIENTS[key].start()
        return _CLIENTS[key]
