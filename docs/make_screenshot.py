"""Draw the README's picture as SVG: the terminal UI showing a trained league.

arena train connect_four --league my-league --minutes 2 --seed 1
python docs/make_screenshot.py my-league docs/images/watch.svg
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from arena.tui import LeagueApp
from arena.tui.widgets.board import Board
from arena.view.replay import best_match
from leagues.store import open_store

SIZE = (124, 30)


async def draw(folder: Path) -> str:
    """Return the screen as SVG. It shows the last move of the newest match between the league's best two members."""
    with open_store(folder).reader() as reader:
        match, progress = best_match(reader), reader.progress()
    at = progress.at if progress is not None else datetime.now(UTC)
    app = LeagueApp(
        folder, match, now=lambda: at + timedelta(seconds=1)
    )  # one second after the last iteration, so it still looks live
    async with app.run_test(size=SIZE) as pilot:
        board = app.screen.query_one(Board)
        while board.opened is None:
            await pilot.pause(0.05)
        await pilot.press("end")
        await pilot.pause()
        return app.export_screenshot(title="arena watch")


def main(folder: Path, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(asyncio.run(draw(folder)))
    print(f"{out}: {out.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
