"""How many tables and evaluation games fit the length of a game."""

from games import make_game


def test_long_games_get_few_tables_and_rating_matches():
    from arena import LeaguePPOConfig
    from arena.training.game_length import TABLES, fitting_tables

    fewest, most = TABLES
    assert fitting_tables(make_game("tic_tac_toe"), 8192) == most
    assert fitting_tables(make_game("chess"), 8192) < most
    assert fitting_tables(make_game("connect_four(rows=40,columns=60)"), 64) == fewest
    config = LeaguePPOConfig().game("go(board_size=9)").training(train_batch_size_per_learner=64, minibatch_size=32)
    config.validate()
    assert config.num_envs_per_env_runner == fewest
    assert config.settings().evaluation.games_per_iteration == 2
    config = LeaguePPOConfig().game("chess").league(games_per_iteration=7).env_runners(num_envs_per_env_runner=9)
    config.validate()
    assert (config.settings().training.tables, config.settings().evaluation.games_per_iteration) == (9, 7)
