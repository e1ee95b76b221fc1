"""Settings of recorded episodes: where training writes them, and what offline algorithms learn from."""

from __future__ import annotations

from dataclasses import dataclass

from leagues.errors import LeagueError
from leagues.setting_groups import SettingsGroup, setting


@dataclass(frozen=True)
class OfflineSettings(SettingsGroup):
    """Recorded episodes, named as in RLlib's ``AlgorithmConfig.offline_data()``."""

    input_: tuple[str, ...] = setting(
        (),
        "What bc, marwil and cql learn from: leagues, of which they take all recorded matches; members of leagues "
        "(`DIR:MEMBER`), of which they take their own steps; Parquet files; and folders of them.",
    )
    output: str | None = setting(
        None, "Folder for the episodes of the training games, as Parquet files.", none="they are not kept"
    )
    output_max_rows_per_file: int | None = setting(
        None,
        "Most steps of one file. No episode is cut, and what is left when a run ends is written, too.",
        unit="agent steps",
        low=1,
        high=10**9,
        none="a file for each iteration",
    )

    def _check(self) -> None:
        if self.output == "" or "" in self.input_:
            raise LeagueError("episodes are in a file or a folder, but got an empty name; name it")
