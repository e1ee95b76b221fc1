PYTHON ?= python3.11
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: venv demo test test-fast check format bench clean

venv: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(STAMP)

demo: $(STAMP)  ## train a connect-four league for two minutes and look at it
	$(BIN)/arena train connect_four --league demo-league --minutes 2 --seed 1
	$(BIN)/arena leaderboard demo-league
	@echo
	@echo "Watch it:       $(BIN)/arena watch demo-league"
	@echo "Replay a match: $(BIN)/arena replay demo-league best"
	@echo "Play it:        $(BIN)/arena play connect_four --against demo-league:best"

test: $(STAMP)  ## the whole suite
	$(BIN)/python -m pytest

test-fast: $(STAMP)
	$(BIN)/python -m pytest -m "not slow"

check: $(STAMP)  ## format, lint, types, import walls
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)  ## speed against stock RLlib, as ratios from one run
	$(BIN)/python -m benchmarks.against_rllib

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
