"""The error of agents. It loads nothing, because the command line makes its help without NumPy."""

from __future__ import annotations


class AgentError(Exception):
    """An agent cannot be made, cannot play this game, or broke a rule. The message names the rule and the fix."""
