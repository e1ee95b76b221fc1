"""``arena export``: a member of a league as a file for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from arena.cli.options import AsJson, LeagueFolder, Networks, TrustCode


def export(
    folder: LeagueFolder,
    agent: Annotated[
        str,
        typer.Argument(metavar="AGENT", help="A member of the league, such as best or main@12.", show_default=False),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="A .onnx or .safetensors file.", show_default=False),
    ],
    modules: Networks = None,
    trust_code: TrustCode = False,
    as_json: AsJson = False,
) -> None:
    """Write a member's network to FILE.

    Your own program or another league can use it. FILE.onnx is an ONNX model for all seats, compared with PyTorch
    before it is written; it needs the extra "onnx". FILE.safetensors has the weights. The metadata of both have a card:
    the game, its observations and actions, how to call the network, where it comes from, and its rating. They play as
    onnx:FILE and weights:FILE. A file that exists is replaced.
    """
    from arena.cli.code import allow_imports, load_networks
    from arena.cli.output import print_json, print_text
    from arena.exports.deployment import export as write

    allow_imports(trust_code=trust_code)
    own = load_networks(modules or ())
    found = write(folder, agent, output, module_classes=own, trust_code=trust_code)
    if as_json:
        names = ("agent", "file", "name", "positions", "difference", "card")
        print_json({name: getattr(found, name) for name in names})
        return
    print_text(f"{found.agent} is written to {found.file}")
    if found.difference is not None:
        print_text(f"largest difference from PyTorch {found.difference:.1g} in {found.positions} positions")
    print_text(f"it plays as {found.name}")
