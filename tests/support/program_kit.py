"""A program that misbehaves as its argument says, and what tests of programs as agents need."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "programs" / "random_player.py"

_SOURCE = """
import json, os, subprocess, sys, time

fault, log = sys.argv[1], sys.argv[2]
hello = {"type": "hello", "protocol": 1}

def write(message):
    print(json.dumps(message), flush=True)

def note(text):
    with open(log, "a") as file:
        file.write(f"{text}\\n")

note(os.getpid())
if fault == "fork":
    note(subprocess.Popen(["sleep", "600"]).pid)
    note(subprocess.Popen(["sleep", "600"], start_new_session=True).pid)
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "hello":
        if fault == "refuse":
            hello = {"error": "chess \\x1b[31m only"}
        elif fault == "other protocol":
            hello["protocol"] = 2
        elif fault == "other game":
            hello["game"] = "chess"
        elif fault == "silent":
            time.sleep(600)
        elif fault == "dies at once":
            sys.exit("no weights \\x1b[31m here")
        elif fault == "state":
            hello["wants"] = "state"
        elif fault == "batch":
            hello["batch"] = True
        write(hello)
    elif message["type"] == "act":
        if fault in ("state", "log"):
            note(json.dumps(message))
        row = message["rows"][0]
        answer = {"id": message["id"], "actions": [each["legal"][0] for each in message["rows"]]}
        if row["seat"] == 0 or fault in ("state", "log", "fork", "batch", "good"):
            write(answer)
        elif fault == "hang":
            time.sleep(600)
        elif fault == "late":
            time.sleep(row["clock"] + 0.1)
            write(answer)
        elif fault == "die":
            sys.stderr.write("out of \\x1b[31m memory")
            sys.exit(3)
        elif fault == "killed":
            os.kill(os.getpid(), 9)
        elif fault == "flood":
            while True:
                os.write(1, b"x" * 65536)
        elif fault == "flood of lines":
            write(answer)
            while True:
                os.write(1, b"{}\\\\n" * 10000)
        elif fault == "flood of errors":
            while True:
                os.write(2, b"x" * 65536)
        elif fault == "garbage":
            print("bestmove \\x1b[31m e2e4", flush=True)
        elif fault == "deep":
            print("[" * 100000, flush=True)
        elif fault == "another table":
            write(answer | {"id": message["id"] - 1})
        elif fault == "too many":
            write(answer | {"actions": [0, 0]})
        elif fault == "words":
            write(answer | {"actions": ["e4"]})
        elif fault == "huge":
            write(answer | {"actions": [10**30]})
        elif fault == "illegal":
            write(answer | {"actions": [-5]})
    elif message["type"] == "bye":
        note("bye")
"""


def program(folder: Path, fault: str) -> str:
    """The command line of a program that takes the first legal action, but has this fault at every seat except 0.

    It writes the number of each of its processes, and what else it notes, to ``folder/log``.
    """
    path = folder / "program.py"
    path.write_text(_SOURCE)
    return shlex.join([sys.executable, str(path), fault, str(folder / "log")])


def processes(folder: Path) -> list[int]:
    """The numbers of the processes that have been started."""
    return [int(line) for line in (folder / "log").read_text().split("\n") if line.isdigit()]


def gone(process: int) -> bool:
    """Whether a process has ended, or ends within some seconds. A zombie has ended."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False
