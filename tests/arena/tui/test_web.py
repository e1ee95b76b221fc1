"""``arena watch --web``: a real server, its page, its tabs, and whom it refuses."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from arena.cli.app import run

HOSTILE = "a b'\"; touch made; $(touch made) `touch made` <b>"
"""A folder's name that would run commands in a shell, and be markup in a page, if it were not quoted."""

_TIME_OUT = 120


@dataclass
class Served:
    """A running server, and its current folder."""

    folder: Path
    process: subprocess.Popen[str]
    url: str


@contextmanager
def serving(league: Path, folder: Path) -> Iterator[Served]:
    """Serve a league by a process whose current folder is ``folder``."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        [sys.executable, "-m", "arena", "watch", str(league), "--web", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
    ) as process:
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            assert url in said
            end = time.monotonic() + _TIME_OUT
            while not _listens(port):  # it says so a moment before
                assert time.monotonic() < end
                time.sleep(0.01)
            yield Served(folder, process, url)
        finally:
            process.kill()


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def served(league: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of a league whose folder has a hostile name."""
    folder = tmp_path_factory.mktemp("served")
    with serving(shutil.copytree(league, folder / HOSTILE), folder) as server:
        yield server


async def until(tab: ClientWebSocketResponse, words: str) -> None:
    """Wait until a tab shows ``words``."""
    seen = ""
    async with asyncio.timeout(_TIME_OUT):
        while words not in seen:
            message = await tab.receive()
            assert message.type == WSMsgType.BINARY, (message, seen)
            seen += message.data.decode()


async def test_the_page_asks_the_network_for_nothing(served: Served) -> None:
    async with ClientSession() as session, session.get(served.url) as answer:
        page, policy = await answer.text(), answer.headers["Content-Security-Policy"]
        assert answer.status == 200
        assert "<b>" not in page
        own = set(re.findall(r'(?:src|href)="([^"]+)"', page)) | set(re.findall(r'url\("([^"]+)"\)', page))
        for address in (each for each in own if each.startswith(served.url)):
            async with session.get(address) as file:
                assert file.status == 200
    allowed = dict(part.split(" ", 1) for part in policy.split("; "))
    assert allowed["default-src"].split() == ["'self'", "'unsafe-inline'", "data:"]
    assert allowed["connect-src"].split() == ["'self'", served.url.replace("http", "ws")]
    assert allowed["frame-ancestors"] == "'none'"


async def test_a_tab_shows_the_league_and_takes_keys_and_no_shell_reads_the_name_of_the_folder(served: Served) -> None:
    async with (
        ClientSession() as session,
        session.ws_connect(f"{served.url}/ws?width=120&height=40", headers={"Origin": served.url}) as tab,
    ):
        await until(tab, "13 matches")
        await tab.send_json(["stdin", "3"])
        await until(tab, "seat 1")
    assert [each.name for each in served.folder.iterdir()] == [HOSTILE]


@pytest.mark.parametrize("host", ["elsewhere.example", "elsewhere.example:{port}", "localhost:{port}", "127.0.0.1"])
async def test_a_name_that_resolves_to_this_machine_is_refused(served: Served, host: str) -> None:
    headers = {"Host": host.format(port=served.url.rpartition(":")[2]), "Origin": served.url}
    async with ClientSession() as session:
        for path in ("/", "/ws", "/download/key"):
            async with session.get(served.url + path, headers=headers) as answer:
                assert answer.status == 403
                assert served.url in await answer.text()


@pytest.mark.parametrize("origin", [None, "null", "http://elsewhere.example", "http://127.0.0.1", "http://127.0.0.1:1"])
async def test_the_page_of_another_site_gets_no_tab(served: Served, origin: str | None) -> None:
    async with ClientSession() as session:
        with pytest.raises(WSServerHandshakeError) as refused:
            await session.ws_connect(f"{served.url}/ws", headers={} if origin is None else {"Origin": origin})
    assert refused.value.status == 403


async def test_ctrl_c_ends_the_server_and_its_tabs(league: Path, tmp_path: Path) -> None:
    with serving(league, tmp_path) as served:
        async with (
            ClientSession() as session,
            session.ws_connect(f"{served.url}/ws", headers={"Origin": served.url}) as tab,
        ):
            assert (await tab.receive()).type == WSMsgType.BINARY
            served.process.send_signal(signal.SIGINT)
            async with asyncio.timeout(_TIME_OUT):
                while not tab.closed:
                    await tab.receive()
        out, _ = await asyncio.to_thread(served.process.communicate)
        assert (served.process.returncode, out) == (0, "")


def test_without_the_extra_the_error_names_it(
    league: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "arena.tui.web", raising=False)
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    assert run(["watch", str(league), "--web"]) == 2
    error = capsys.readouterr().err
    assert "which is not installed; pip install 'self-play-arena[web]'" in error
    assert error.count("\n") == 1


def test_wrong_calls_are_one_line(league: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert run(["watch", str(league), "--web", "--port", port]) == 2
    assert f"port {port} of 127.0.0.1 cannot be used" in capsys.readouterr().err
    assert run(["watch", str(league), "--port", port]) == 2
    assert "add --web" in capsys.readouterr().err
    (tmp_path / "file").touch()
    assert run(["watch", str(tmp_path / "file"), "--web"]) == 2
    assert "is a file" in capsys.readouterr().err
