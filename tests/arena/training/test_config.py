"""The config: a wrong setting is one clear line, and stored settings are accepted."""

import pytest
from small_training import small

from arena import LeaguePPOConfig
from games import UnknownGameError
from leagues.records import LeagueError


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda c: c.game("conect_four"), UnknownGameError, "connect_four"),
        (lambda c: c.league(pfps=0.5), LeagueError, "there is no setting"),
        (lambda c: c.league(opponents={"latest": 0.9}), LeagueError, "must sum to 1"),
        (lambda c: c.league(games_per_iteration=-1), LeagueError, "0 <= games_per_iteration"),
        (lambda c: c.league(module_per_seat={"player_0": True}), LeagueError, "module_per_seat must be a switch"),
        (lambda c: c.training(overlap=True).validate(), LeagueError, "`overlap` needs sampling processes"),
        (lambda c: c.training(lr=-1.0).validate(), LeagueError, "`lr > 0` must hold"),
        (lambda c: c.env_runners(env_to_module_connector=lambda env: []).validate(), ValueError, "without connectors"),
        (lambda c: c.callbacks(on_episode_step=lambda **kwargs: None).validate(), ValueError, "on_episode_step"),
        (lambda c: type(c)().validate(), ValueError, "needs a game"),
        (lambda c: c.game("2048"), LeagueError, "at least 2 seats"),
        (lambda c: c.debugging(seed=2**31).validate(), ValueError, "0 <= seed"),
    ],
)
def test_a_wrong_setting_is_one_clear_line(change, error, message):
    with pytest.raises(error, match=message) as raised:
        change(small())
    assert "\n" not in str(raised.value)


def test_a_config_that_was_changed_is_validated_again():
    config = small()
    config.validate()
    assert config.validated() is config
    config.training(lr=-1.0)
    with pytest.raises(LeagueError, match="`lr > 0` must hold"):
        config.validated()


def test_evaluation_outside_the_league_plays_the_first_main_learner():
    config = small(roles={"main_exploiter": 1, "main": 2})
    assert config.policy_mapping_fn("player_0", None) == "main"
    config = small(roles={"main_exploiter": 1})
    assert config.policy_mapping_fn("player_0", None) == "main_exploiter"


@pytest.mark.parametrize("settings", [{"precison": "bfloat16"}, {"hidens": [8]}])
def test_a_misspelt_setting_of_the_network_is_refused(settings):
    config = LeaguePPOConfig().game("tic_tac_toe").rl_module(model_config=settings)
    with pytest.raises(ValueError, match=f"has the settings network, .* but got '{next(iter(settings))}'"):
        config.validate()


def test_settings_that_a_league_was_stored_with_are_taken_up_whatever_they_are():
    stored = LeaguePPOConfig().game("tic_tac_toe").settings().replaced({"network.config": {"from_a_later_version": 1}})
    LeaguePPOConfig().game("tic_tac_toe").apply(stored, stored=True).validate()
    with pytest.raises(ValueError, match="but got 'from_a_later_version'"):
        LeaguePPOConfig().game("tic_tac_toe").apply(stored).validate()
