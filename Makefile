PYTHON ?= python3.11
BIN := .venv/bin
STAMP := .venv/.installed
TIANSHOU := .venv-tianshou/.installed
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile
LEAGUE := demo-league

.DEFAULT_GOAL := help
.PHONY: help venv demo test test-fast check format bench clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 20

venv: $(STAMP)  ## create .venv with the tested version of every dependency

$(STAMP): pyproject.toml constraints.txt
	@echo "Installing into .venv: about 2.7 GB, in some minutes; pip says nothing meanwhile"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(STAMP)

demo: $(STAMP)  ## train a connect four league for two minutes and show it; call again for two more minutes
	@if $(BIN)/arena leaderboard $(LEAGUE) >/dev/null 2>&1; then \
	    echo "Continuing the league in $(LEAGUE) (to start over: rm -r $(LEAGUE))"; \
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

test: $(STAMP)  ## run the whole suite in two processes
	$(PYTEST)

test-fast: $(STAMP)  ## run the suite without its slow tests
	$(PYTEST) -m "not slow"

check: $(STAMP)  ## check format, lint, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(STAMP)  ## format the code and apply ruff's fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP) $(TIANSHOU)  ## run all benchmarks and print ratios of speed; takes over an hour
	$(BIN)/python -m benchmarks

$(TIANSHOU): benchmarks/tianshou.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/tianshou.txt
	touch $@

clean:  ## remove the virtual environments and caches; leagues stay
	rm -rf .venv .venv-tianshou .pytest_cache .mypy_cache .ruff_cache .hypothesis
