"""The command line: ``arena``. Commands load what they need when they run, so that ``--help`` is quick."""

from arena.cli.app import main

__all__ = ["main"]
