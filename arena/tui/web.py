"""The terminal UI in a browser of this machine, by Textual's own server. Every tab is a process of ``arena watch``.

The server listens on the loopback interface only. A page of another site must not reach it through the person's browser
either: not by a form or a script that knows the address (its ``Origin`` is another one), nor by a name of its own that
it lets resolve to this machine (its ``Host`` is another one). So both must be the address that was printed.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Sequence
from typing import NoReturn

from aiohttp import web
from textual_serve.server import Server

from arena.play.child import command_of
from arena.view.text import plain

HOST = "127.0.0.1"

_POLICY = "; ".join(
    [
        "default-src 'self' 'unsafe-inline' data:",  # no font from the network, which Textual's page asks for
        "connect-src 'self' ws://{host}",
        "frame-ancestors 'none'",
        "form-action 'none'",
        "base-uri 'none'",
    ]
)


class LeagueServer(Server):
    """Textual's server, for the browser of this machine alone.

    Args:
        arguments: the words of the command behind ``arena`` that every tab runs.
        port: where it listens.
        title: what the page says while it loads.
    """

    def __init__(self, arguments: Sequence[str], port: int, title: str) -> None:
        # The server has a shell run the command. Quoted, a word is one word there, whatever characters it has.
        command = shlex.join(command_of("arena.cli", *arguments))
        super().__init__(command, host=HOST, port=port, title=plain(title))
        self.address = f"{HOST}:{port}"
        self.public_url = f"http://{self.address}"
        self._tabs: set[asyncio.Task[object]] = set()

    async def handle_index(self, request: web.Request) -> web.StreamResponse:
        """The page."""
        self._check(request)
        response = await super().handle_index(request)
        response.headers["Content-Security-Policy"] = _POLICY.format(host=self.address)
        return response

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """A tab: what the process writes, and what the person types."""
        self._check(request)
        if request.headers.get("Origin") != self.public_url:
            self._refuse()
        tab = asyncio.current_task()
        assert tab is not None
        self._tabs.add(tab)
        try:
            return await super().handle_websocket(request)
        finally:
            self._tabs.discard(tab)

    async def handle_download(self, request: web.Request) -> web.StreamResponse:
        """A file of a tab."""
        self._check(request)
        return await super().handle_download(request)

    def _check(self, request: web.Request) -> None:
        if request.headers.get("Host") != self.address:
            self._refuse()

    def _refuse(self) -> NoReturn:
        raise web.HTTPForbidden(text=f"this server answers only to its own page; open {self.public_url}\n")

    def initialize_logging(self) -> None:
        """Nothing: its messages go where all messages of the command go."""

    async def on_startup(self, app: web.Application) -> None:
        """Say where it listens."""
        print(f"{self.public_url} shows the league in a browser of this machine; Ctrl-C ends it", flush=True)

    async def on_shutdown(self, app: web.Application) -> None:
        """End the tabs and their processes."""
        for tab in self._tabs:
            tab.cancel()
