"""Write docs/settings.md from the declarations of the settings.

python docs/make_settings.py
"""

from __future__ import annotations

from pathlib import Path

from arena.settings import Settings, groups
from arena.training.algorithms import ALGORITHMS, algorithm_settings
from leagues.setting_groups import SettingsGroup, default, kind, rules, shown

DOCUMENT = Path(__file__).with_name("settings.md")

HEAD = """# Settings

<!-- written by docs/make_settings.py -->

Every league stores all of its settings, so that an upgrade never changes how it trains. `arena show DIR --settings`
prints them as TOML. A new league starts with the [preset](strength.md#presets) that fits its game; `preset` in its
settings says which. `--config FILE` of `arena train` lays the settings in a file over the preset. A file names only
what differs:

    [league]
    roles = {main = 1, main_exploiter = 1}

    [optimization]
    lr = 3e-4

Options of the command line win over the file. `arena train --resume` takes the settings from the league. It takes the
resources, `training.trace` and `offline_data.output` anew, and may change `training.tables`,
`training.checkpoint_every` and the rest of offline_data.

In Python, `LeaguePPOConfig.league()` takes the settings of the groups league, evaluation, training, positions and
population by name; the methods `training`, `offline_data`, `env_runners`, `learners` and `rl_module` set the others as
in RLlib.
"""


def text() -> str:
    """The whole document."""
    usual = Settings().algorithm
    sections = [section(f"`[{name}]`", group) for name, group in groups(usual).items()]
    others = [name for name, entry in ALGORITHMS.items() if name != usual and entry.settings.startswith("arena.")]
    sections += [section(f"`[optimization]` of `{name}`", algorithm_settings(name)) for name in others]
    return HEAD + "".join(sections)


def section(heading: str, group: type[SettingsGroup]) -> str:
    """One group as a table."""
    title = (group.__doc__ or "").partition("\n")[0]
    lines = ["| setting | type | default | rule | meaning |", "|---|---|---|---|---|"]
    lines += [row(group, each) for each in rules(group)]
    return f"\n## {heading}\n\n{title}\n\n" + "".join(f"{line}\n" for line in lines)


def row(group: type[SettingsGroup], name: str) -> str:
    """One setting: what it is, what None means, and typical values."""
    rule, value = rules(group)[name], default(group, name)
    unit = f" Unit: {rule.unit}." if rule.unit else ""
    none = f" None: {rule.none}." if rule.none else ""
    typical = f" Typical: {rule.typical}." if rule.typical else ""
    text = rule.text(name).replace("|", "\\|")
    cells = (
        f"`{name}`",
        kind(group, name),
        f"`{shown(value)}`",
        f"`{text}`" if text else "",
        f"{rule.help}{unit}{none}{typical}",
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    DOCUMENT.write_text(text())
