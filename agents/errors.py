"""The errors of agents. This loads nothing, because the command line makes its help without NumPy."""

from __future__ import annotations


class AgentError(Exception):
    """An agent cannot be made, cannot play this game, or broke a rule. The message names the rule and the fix."""


class SlowAgent(AgentError):
    """An agent missed the time for a move. An agent that knows this itself raises it in its ``act``.

    Attributes:
        stalled: whether no answer came at all; else it came too late.
    """

    def __init__(self, stalled: bool) -> None:
        super().__init__("it gave no answer" if stalled else "its answer came after its time was up")
        self.stalled = stalled

    def __reduce__(self) -> tuple[type[SlowAgent], tuple[bool]]:
        return SlowAgent, (self.stalled,)
