"""Readers find every page, and no link leads nowhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def links(page: Path) -> list[tuple[Path, str]]:
    """The files that a page links to, each with the heading in it; empty for none."""
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    found = re.findall(r"\]\(([^)\s]+)\)", prose)
    inside = [each.partition("#") for each in found if "://" not in each]
    return [((page.parent / file).resolve() if file else page, heading) for file, _, heading in inside]


def headings(page: Path) -> set[str]:
    """The names by which links find the headings of a page."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_readme_links_every_page_and_these_link_every_picture() -> None:
    first = {file for file, _ in links(ROOT / "README.md")}
    assert {page for page in (ROOT / "docs").glob("*.md") if page not in first} == set()
    second = first | {file for page in first if page.suffix == ".md" for file, _ in links(page)}
    assert {file for file in (ROOT / "docs" / "images").iterdir() if file not in second} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_to_a_heading_of_it(page: Path) -> None:
    for file, heading in links(page):
        assert file.exists(), file
        assert not heading or heading in headings(file), f"{file.name}#{heading}"


def rows_about_rllib() -> list[tuple[str, list[str]]]:
    """The rows of the page about RLlib: what its users know, and the tests that show it."""
    lines = [line for line in (ROOT / "docs" / "rllib.md").read_text().splitlines() if line.startswith("| ")]
    cells = [line.strip("| ").split(" | ") for line in lines if not line.startswith("| how RLlib's users")]
    return [(row[0], re.findall(r"`([^`]+)`", row[-1])) for row in cells]


def test_every_row_about_rllib_names_tests_that_exist() -> None:
    rows = rows_about_rllib()
    assert len(rows) > 60
    for capability, tests in rows:
        assert tests, capability
        folder = ROOT
        for test in tests:  # a name without a folder is in that of the test before it
            name, _, function = test.partition("::")
            file = ROOT / name if "/" in name else folder / name
            folder = file.parent
            assert file.is_file(), f"{capability}: {test}"
            assert not function or f"\ndef {function}(" in file.read_text(), f"{capability}: {test}"
