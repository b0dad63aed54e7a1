# Thin: every target is one command of the package, so that people without make lose nothing.
# Python 3.11 or newer is all that must be there; the first call makes .venv from the lock files.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
RUN := $(BIN)/python -m edtech_survey
# make reports OPEN=--accept-open goes on without what a person has not settled.
OPEN ?=

PACKAGE := $(shell find src -type f -not -path '*/__pycache__/*' -not -name '*.pyc')
RAW := $(shell find data/raw -type f)
PUBLISHED := $(filter-out data/raw/sample-%,$(RAW))
# Scratch notebooks have no number and rebuild nothing.
NOTEBOOKS := $(wildcard notebooks/[0-9][0-9]_*.ipynb)
PAGES := $(subst _,-,$(patsubst notebooks/%.ipynb,reports/%.html,$(NOTEBOOKS)))
GONE := $(filter-out $(wildcard $(PAGES)),$(PAGES))

.PHONY: help setup data public reports demo briefs lab test fuzz test-browser lint bench lock clean gone
.DEFAULT_GOAL := help

help:  ## say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

# A .venv that was moved, or whose Python is gone, is made anew.
STALE := $(shell [ ! -e .venv/runtime ] || { [ "$$(cat .venv/where)" = "$(CURDIR)" ] && $(BIN)/python -c ''; } 2>/dev/null || rm -f .venv/runtime)

.venv/runtime: locks/runtime.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@echo "Making .venv from locks/runtime.txt: a minute or two"
	$(PYTHON) -m venv --clear .venv
	$(PIP) --require-hashes -r locks/runtime.txt
	@echo "$(CURDIR)" > .venv/where
	@touch $@

.venv/package: .venv/runtime pyproject.toml
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: .venv/package locks/dev.txt
	$(PIP) --require-hashes -r locks/dev.txt
	@touch $@

.venv/lab: .venv/package locks/lab.txt
	$(PIP) --require-hashes -r locks/lab.txt
	@touch $@

setup: .venv/package  ## make .venv from the lock files (also done by the others)

data/processed/datapackage.json: .venv/package $(PACKAGE) $(RAW)
	$(RUN) data $(OPEN)

data: data/processed/datapackage.json  ## write data/processed: Parquet, CSV, Data Package

public: .venv/package  ## write data/public: what of it may be shared
	$(RUN) data --public $(OPEN)

# Where only notebooks are newer, only they run; where only the questions of the index are, the
# tour. The stamp is made after success, so that a failed notebook runs again.
reports/.made: .venv/package $(PACKAGE) $(PUBLISHED) $(NOTEBOOKS) notebooks/questions.csv $(if $(GONE),gone) | data/processed/datapackage.json
	$(RUN) reports $(if $(filter-out notebooks/%,$?),,$(or $(notdir $(filter %.ipynb,$?)),00)) $(OPEN)
	@touch $@

reports: reports/.made  ## run the notebooks on published figures, write reports/index.html

reports/demo/.made: .venv/package $(PACKAGE) $(RAW) $(NOTEBOOKS)
	$(RUN) reports --data sample --out reports/demo
	@touch $@

demo: reports/demo/.made  ## the same notebooks on the synthetic sample waves

briefs: .venv/package  ## a brief for each district of the published list
	$(RUN) briefs $(OPEN)

lab: .venv/lab  ## open JupyterLab in the notebooks
	$(RUN) lab

test: .venv/dev  ## the test suite, the same on every run (no network, no browser)
	$(BIN)/python -m pytest -n auto -m "not browser and not slow and not fuzz"

fuzz: .venv/dev  ## the property tests with a random search of examples
	EDTECH_SURVEY_HYPOTHESIS=fuzz $(BIN)/python -m pytest -n auto -m "hypothesis or fuzz"

test-browser: .venv/dev reports/.made  ## whole notebooks, and pages in a real Chromium, network cut
	EDTECH_SURVEY_REQUIRE_BROWSER=1 $(BIN)/python -m pytest -n auto -m "browser or slow"

lint: .venv/dev  ## ruff, mypy, and the words of the notebooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m tools.notebook_lint $(NOTEBOOKS)

bench: .venv/dev  ## speed and memory as ratios to what people do today
	$(BIN)/python -m benchmarks
	@echo "How often intervals hold the truth, in some minutes: $(BIN)/python -m benchmarks.coverage"

lock:  ## renew the lock files (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --all-extras pyproject.toml locks/build.in -o locks/all.txt
	for part in runtime lab dev; do \
	  extra=$$( [ $$part = runtime ] || echo --extra $$part ); \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate $$extra -c locks/all.txt pyproject.toml locks/build.in -o locks/$$part.txt; \
	done
	rm locks/all.txt

clean:  ## remove what was made, .venv included
	rm -rf .venv reports data/processed data/public .pytest_cache .mypy_cache .ruff_cache .hypothesis
