"""Settings: types and rules are checked once, and everything else is made from their declarations."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from leagues.records import LeagueError
from leagues.setting_groups import SettingsGroup, default, kind, rules
from leagues.settings import EvaluationSettings, LeagueSettings

GROUPS = [LeagueSettings, EvaluationSettings]


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_survives_json_copies_and_pickles(group: type[SettingsGroup]) -> None:
    settings = group()
    assert group.from_dict(settings.to_dict()) == copy.deepcopy(settings) == pickle.loads(pickle.dumps(settings))


@pytest.mark.parametrize("group", GROUPS)
def test_every_setting_says_what_it_is(group: type[SettingsGroup]) -> None:
    for name, rule in rules(group).items():
        assert rule.help.endswith("."), name
        assert "value" not in kind(group, name), name
        assert rule.allows(default(group, name)), name
        assert (default(group, name) is None) == bool(rule.none), name


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"beaten": 2}, r"`0 <= beaten <= 1` must hold, but got beaten=2.0"),
        ({"beaten": True}, "beaten must be a number, but got True"),
        ({"beaten": float("nan")}, "must hold, but got beaten=nan"),
        ({"payoff_decay": 0.0}, "`0 < payoff_decay <= 1` must hold"),
        ({"snapshot_min_steps": 2.5}, "snapshot_min_steps must be a whole number, but got 2.5"),
        ({"snapshot_min_steps": 0}, "`1 <= snapshot_min_steps <= 1e.12` must hold"),
        ({"snapshot_min_steps": 10**400}, r"but got snapshot_min_steps=1000+\.\.\."),
        ({"enough_games": float("inf")}, "must hold, but got enough_games=inf"),
        ({"enough_games": 10**400}, "must hold, but got enough_games=inf"),
        ({"opponents_at_once": 10**30}, "opponents_at_once <= 1000` must hold"),
        ({"baselines": [None]}, "baselines must be a list of texts, but got"),
        ({"snapshot_min_steps": 10**9}, "`snapshot_min_steps <= snapshot_max_steps` must hold"),
        ({"roles": {"main": 1.5}}, "roles must be a table"),
        ({"roles": {"main": -1}}, "`0 <= roles <= 100` must hold"),
        ({"opponents": {"latest": 0.5}}, "shares of `opponents` must sum to 1"),
        ({"baselines": "random"}, "baselines must be a list of texts, but got 'random'"),
        ({"baselines": ["random", "random"]}, "must not repeat"),
        ({"pfsp_weighting": "soft"}, "pfsp_weighting in"),
        ({"beeten": 0.5}, "no setting 'beeten'; did you mean 'beaten'"),
    ],
)
def test_what_breaks_a_rule_is_refused_in_one_line(values: dict[str, Any], message: str) -> None:
    with pytest.raises(LeagueError, match=message) as error:
        LeagueSettings.from_dict(values)
    assert "\n" not in str(error.value)


def test_what_json_and_toml_give_is_taken() -> None:
    settings = LeagueSettings.from_dict({"baselines": ["random", "first"], "beaten": 1, "roles": {"main": 2}})
    assert settings.baselines == ("random", "first")
    assert isinstance(settings.beaten, float)
    assert settings.replaced({"beaten": 0.5}).roles == {"main": 2}
    with pytest.raises(TypeError):
        settings.roles["main"] = 3  # type: ignore[index]
