"""``arena check``: does an agent keep the contract?"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from arena.cli.options import AsJson, GameSpec, Networks, TrustCode


def check(
    agent: Annotated[
        str,
        typer.Argument(
            metavar="AGENT",
            help="The agent, such as 'exec:./my_program', py:my_agent:Factory or DIR:best.",
            show_default=False,
        ),
    ],
    game: GameSpec,
    modules: Networks = None,
    trust_code: TrustCode = False,
    as_json: AsJson = False,
) -> None:
    """Test whether an agent keeps the contract of agents.

    The agent is a program, one of your own, or any other. It plays some games with itself, one at a time and side by
    side, twice with the same seed. Every rule is printed with what was wrong. The check ends at the first fault, with
    exit code 1.
    """
    from agents.conformance import Check, checks
    from agents.programs.process import ProgramError
    from agents.registry import asks_person
    from arena.cli.code import allow_imports, load_game, load_networks
    from arena.cli.errors import FAILED, CallError
    from arena.cli.output import print_json, print_text
    from arena.names import load_agent

    if asks_person(agent):
        raise CallError(f"{agent!r} asks a person, and only agents that play by themselves can be checked")
    made = load_game(game)
    allow_imports([agent], trust_code=trust_code)
    code: dict[str, Any] = {"module_classes": load_networks(modules or ()), "trust_code": trust_code}
    done: list[Check] = []
    try:
        for each in checks(lambda of: load_agent(agent, of, **code), made):
            done.append(each)
            if not as_json:
                print_text(
                    f"ok      {each.rule}"
                    if each.fault is None
                    else f"FAILED  {each.rule}: {' '.join(each.fault.split())}"
                )
    except ProgramError as error:  # a program that runs, but keeps no protocol
        done.append(Check("starts, and says that it is ready", str(error)))
        if not as_json:
            print_text(f"FAILED  {done[-1].rule}: {error}")
    passed = all(each.fault is None for each in done)
    if as_json:
        rows = [{"rule": each.rule, "passed": each.fault is None, "fault": each.fault} for each in done]
        print_json({"agent": agent, "game": made.spec, "passed": passed, "checks": rows})
    if not passed:
        raise typer.Exit(FAILED)
