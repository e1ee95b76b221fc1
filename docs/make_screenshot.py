"""Draw the README's pictures as SVG: four screens of the terminal UI on a trained league.

arena train connect_four --league my-league --minutes 30 --seed 1
python docs/make_screenshot.py my-league docs/images
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from textual.pilot import Pilot

from arena.tui import LeagueApp
from arena.view.replay import best_match
from leagues.store import open_store

SIZE = (124, 32)
PATIENCE = 60.0
"""Most seconds to wait for what a screen has to show."""

KEYS = {
    "leaderboard": ("space", "j", "j"),
    "payoffs": ("2",),
    "training": ("4",),
    "replay": ("right",) * 13,
}
"""Picture -> what is pressed, once the league has been read."""

SHOWN = {
    "leaderboard": ("Elo", "Main learners"),
    "payoffs": ("newest matches",),
    "training": ("Entropy", "steps per second"),
    "replay": ("13/", "Policy of"),
}
"""Picture -> what stands on the screen when all of it is there."""


async def draw(folder: Path, name: str) -> str:
    """The screen called ``name`` as SVG."""
    with open_store(folder).reader() as reader:
        match = best_match(reader) if name == "replay" else None
        progress = reader.progress()
    at = progress.at if progress is not None else datetime.now(UTC)
    app = LeagueApp(folder, match, now=lambda: at + timedelta(seconds=1))
    async with app.run_test(size=SIZE) as pilot:
        await _see(pilot, lambda: app.view is not None and app.view.best is not None)
        if name == "replay":
            await _see(pilot, lambda: "the start" in _text(app))
        await pilot.press(*KEYS[name])
        await _see(pilot, lambda: all(part in _text(app) for part in SHOWN[name]))
        await pilot.pause(1.0)
        return app.export_screenshot(title=f"arena {'replay' if name == 'replay' else 'watch'}")


def _text(app: LeagueApp) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def _see(pilot: Pilot[Exception], condition: Callable[[], bool]) -> None:
    for _ in range(int(PATIENCE / 0.05)):
        if condition():
            return
        await pilot.pause(0.05)
    raise TimeoutError(f"not everything is shown after {PATIENCE:.0f} s:\n{_text(pilot.app)}")


def main(folder: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name in KEYS:
        path = out / f"{name}.svg"
        path.write_text(asyncio.run(draw(folder, name)))
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    os.environ["COLORTERM"] = "truecolor"  # whatever the terminal of the call can show
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
