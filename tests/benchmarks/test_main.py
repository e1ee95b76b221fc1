"""``python -m benchmarks``: its help, wrong names, and JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.suites import SUITES

ROOT = Path(__file__).parents[2]


def test_help_lists_the_suites(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--help"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in SUITES)


@pytest.mark.parametrize(
    ("arguments", "message"), [(["sampeling"], "there is no suite sampeling"), (["--repeats", "0"], "at least 1")]
)
def test_a_wrong_call_is_refused(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.slow
def test_json_is_one_document_and_progress_goes_to_stderr() -> None:
    shortened = (
        "import sys, benchmarks.games as games, benchmarks.suites as suites;"
        "games.GAMES = {'tic_tac_toe': ''}; suites.QUICK_SECONDS = 0.01;"
        "sys.argv = ['benchmarks', 'games', '--quick', '--json'];"
        "from benchmarks.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", shortened], cwd=ROOT, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    assert report["machine"]["cores"] >= 1
    assert report["games"]["games"]["tic_tac_toe"]["sides"]["ours"]["median"] > 0
    assert "tic_tac_toe" in done.stderr
