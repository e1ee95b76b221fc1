"""Trains leagues in separate processes that kill themselves, with SIGKILL, at a chosen place.

``python killed_runs.py FILE``: FILE is JSON, a list of runs ``{"folder", "game", "steps", "kill", "settings",
"optimization", "algorithm", "network"}``. ``kill`` is null, or the name of a place in PLACES and the visit at which the
process ends there. The runs are made one after the other. Each is a fork of this process, so that the libraries load
once. It prints the status of each: 0, or -9 for a killed one.
"""

import importlib
import json
import os
import signal
import sys

LIBRARIES = ("arena.training.run", "arena.training.algorithms.ppo", "leagues.store.sqlite.writer", "torch._dynamo")
"""What a run loads, most of it late; it takes longer than the run itself."""

PLACES = ("sampling", "learning", "state_written", "stored")


def train(folder, game, steps, kill, settings, optimization, algorithm, network):
    from small_training import small

    from arena.settings import Resources
    from arena.training.run import run

    if kill is not None:
        die_at(*kill)
    config = small(game, folder, algorithm=algorithm, **settings).training(**optimization)
    config.rl_module(model_config=network)
    run(config, Resources(), steps=steps)


def die_at(place, visit):
    """Let this process die in the middle of what ``place`` names."""
    from arena.play.rounds import Rounds
    from arena.training.learners import Learners
    from arena.training.session import LeagueSession
    from leagues.store.sqlite.writer import SqlWriter

    owner, name = {
        "sampling": (Rounds, "_step"),
        "learning": (Learners, "update"),
        "state_written": (SqlWriter, "record"),
        "stored": (LeagueSession, "_played"),
    }[place]
    original, visits = getattr(owner, name), iter(range(1, 10**9))

    def visited(*arguments, **named):
        if (place != "state_written" or named.get("progress") is not None) and next(visits) == visit:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **named)

    setattr(owner, name, visited)


def main(file):
    from arena.training.process import prepare_process

    prepare_process()
    for library in LIBRARIES:
        importlib.import_module(library)
    with open(file) as text:
        runs = json.load(text)
    for run in runs:
        child = os.fork()
        if child == 0:
            train(**run)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(status, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
