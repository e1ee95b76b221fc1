"""How the benchmark of watching presses keys."""

from __future__ import annotations

import os
import pty
import select
import threading

from benchmarks.watch import QUIET, Terminal


def test_a_key_is_pressed_once_all_that_the_one_before_has_changed_is_drawn() -> None:
    mine, program = pty.openpty()
    terminal = Terminal.__new__(Terminal)  # without the UI
    terminal._mine = mine
    early: list[bool] = []

    def draw() -> None:
        for _ in range(10):
            os.write(program, b"late ")
            early.append(bool(select.select([program], [], [], QUIET / 10)[0]))
        os.read(program, 1)
        os.write(program, b"drawn")

    drawing = threading.Thread(target=draw)
    drawing.start()
    select.select([mine], [], [])
    assert terminal.press("j\n") > 0
    drawing.join()
    assert early == [False] * 10
    os.close(mine)
    os.close(program)
