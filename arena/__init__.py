"""What a person runs: training, matches, replay, the command line and the terminal UI."""
