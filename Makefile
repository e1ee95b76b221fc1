PYTHON ?= python3.11
BIN := .venv/bin
STAMP := .venv/.installed
TIANSHOU := .venv-tianshou/.installed
LEAGUE := demo-league

.DEFAULT_GOAL := help
.PHONY: help venv demo test test-fast check format bench clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 20

venv: $(STAMP)  ## .venv with the tested versions of everything

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(STAMP)

demo: $(STAMP)  ## train a connect-four league for two minutes and look at it; again: two minutes more
	@if [ -e $(LEAGUE)/league.db ]; then \
	    echo "Going on with the league in $(LEAGUE) (to start afresh: rm -r $(LEAGUE))"; \
	    $(BIN)/arena train connect_four --league $(LEAGUE) --minutes 2 --resume; \
	else \
	    echo "Training a new league in $(LEAGUE)"; \
	    $(BIN)/arena train connect_four --league $(LEAGUE) --minutes 2 --seed 1; \
	fi
	$(BIN)/arena leaderboard $(LEAGUE)
	@echo
	@echo "Watch it:       $(BIN)/arena watch $(LEAGUE)"
	@echo "Replay a match: $(BIN)/arena replay $(LEAGUE) best"
	@echo "Play it:        $(BIN)/arena play connect_four --against $(LEAGUE):best"

test: $(STAMP)  ## the whole suite
	$(BIN)/python -m pytest

test-fast: $(STAMP)  ## the suite without its slow tests
	$(BIN)/python -m pytest -m "not slow"

check: $(STAMP)  ## format, lint, types, import walls
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(STAMP)  ## write the format and the mends that ruff knows
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP) $(TIANSHOU)  ## speed against others and against what is possible, as ratios; over an hour
	$(BIN)/python -m benchmarks

$(TIANSHOU): benchmarks/tianshou.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/tianshou.txt
	touch $@

clean:  ## remove the environments and the caches; leagues stay
	rm -rf .venv .venv-tianshou .pytest_cache .mypy_cache .ruff_cache .hypothesis
