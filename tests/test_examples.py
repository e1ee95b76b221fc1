"""The examples and the snippets in the documents run, and everything that the documents name exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from network_league import network_league

import arena
from arena.cli.app import build_app

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
PACKAGES = ("games", "agents", "leagues", "arena")


def case(name: str, code: str, *values: Any) -> Any:
    """A parameter set, marked slow if the code trains, because that starts Ray."""
    return pytest.param(*values, id=name, marks=[pytest.mark.slow] if "Config()" in code else [])


def snippets() -> list[Any]:
    """Every Python block of the documents with its file name. The block's first line gives the name if it matters."""
    found = []
    for document in DOCUMENTS:
        for code in re.findall(r"```python\n(.*?)```", document.read_text(), re.DOTALL):
            named = re.match(r"# (\w+\.py)\n", code)
            name = named[1] if named else "snippet.py"
            found.append(case(f"{document.stem}-{name}", code, name, code))
    return found


def run(script: Path, folder: Path) -> str:
    """Run ``script`` in ``folder`` as a person would, and return what it prints."""
    done = subprocess.run([sys.executable, str(script)], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("example", [case(path.stem, path.read_text(), path) for path in EXAMPLES])
def test_an_example_runs_and_shows_something(example: Path, tmp_path: Path) -> None:
    assert run(example, tmp_path).strip()


@pytest.mark.parametrize(("name", "code"), snippets())
def test_a_snippet_of_the_documents_runs(name: str, code: str, tmp_path: Path) -> None:
    if '"net.onnx"' in code:  # what an earlier command on the page has written
        arena.export(network_league(tmp_path / "my-league", "tic_tac_toe"), "best", tmp_path / "net.onnx")
    script = tmp_path / name
    script.write_text(code)
    run(script, tmp_path)


def test_snippets_are_short_enough_to_read() -> None:
    lengths = {name.id: len(name.values[1].splitlines()) for name in snippets()}
    assert {"README-snippet.py", "own-game-my_game.py", "extending-my_agent.py"} <= set(lengths)
    assert max(lengths.values()) <= 34, lengths


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_links_files_and_functions_that_a_document_names_exist(document: Path) -> None:
    text = document.read_text()
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert link.startswith("http") or (document.parent / link).exists(), link
    for path in re.findall(r"`([a-z_]+/[\w/]+(?:\.py|/))`", text):
        assert (ROOT / path).exists() or path.startswith("benchmarks/results"), path
    sources = "\n".join(path.read_text() for folder in PACKAGES for path in (ROOT / folder).rglob("*.py"))
    if document.stem == "rllib":  # the first column has what is RLlib's
        text = re.sub(r"^\|[^|]*\|", "|", text, flags=re.MULTILINE)
    for name in re.findall(r"`(?:\w+\.)*(\w+)\(\)`", text):
        assert re.search(rf"(?:def|class) {name}\b", sources), name


def test_the_commands_and_options_of_the_documents_exist() -> None:
    commands = typer.main.get_command(build_app()).commands  # type: ignore[attr-defined]
    text = "\n".join(document.read_text() for document in DOCUMENTS)
    written = re.findall(r"(?:`|^ +(?:python -m )?)arena ([a-z]+)([^`\n]*)", text, re.MULTILINE)
    for name, rest in written:
        options = {option for parameter in commands[name].params for option in parameter.opts}
        assert set(re.findall(r"--[a-z0-9-]+", rest)) <= options, (name, rest)
    assert {name for name, _ in written} == set(commands)


def test_make_lists_its_targets() -> None:
    command = ["make", "--no-print-directory"]  # otherwise make prints folders when it runs the tests itself
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {"demo", "test", "check"} <= set(targets)
    assert [line.split()[1] for line in shown.splitlines()] == targets
    assert all(len(line.split()) > 2 for line in shown.splitlines())
