SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Python: the newest real one >= 3.12 (never a pyenv shim); when there is none, uv downloads one.
PYTHON := $(firstword $(shell for p in $$(ls -d $${PYENV_ROOT:-$$HOME/.pyenv}/versions/3.1[2-9]*/bin/python 2>/dev/null | sort -rV) \
	$$(command -v python3.14 python3.13 python3.12 python3); do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo $$p; done))
UV := $(or $(shell uv --version >/dev/null 2>&1 && command -v uv),.tools/bin/uv)
export UV_PYTHON := $(PYTHON)
export UV_PYTHON_DOWNLOADS := $(if $(PYTHON),never,automatic)

DEMO := .venv/.demo
DEVELOPMENT := .venv/.development
BIN := .venv/bin

.PHONY: help demo up test test-long oracles bench-fetcher bench-fairness bench-classifier bench-ledger check format lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo: $(DEMO) ## the main job on real parts: connect, import, show (ARGS=--exit ends at once)
	@$(BIN)/achats demo $(ARGS)

up: $(DEMO) ## the same parts without the scenario
	@$(BIN)/achats up $(ARGS)

test: $(DEVELOPMENT) ## every test but the long ones, on a real Kafka and PostgreSQL, three files at a time
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

test-long: $(DEVELOPMENT) ## the long ones: faults of every kind during imports (FAULT_SEED=N draws others)
	@$(MAKE) --no-print-directory oracles || echo "Without hledger and ledger the two tests that ask them fail; the others run." >&2
	@$(BIN)/python -m pytest -m long $(ARGS)

oracles: ## hledger and ledger, other people's programs that judge the book (Debian packages; asks for root when they are missing)
	@{ command -v hledger && command -v ledger; } >/dev/null || $(if $(filter 0,$(shell id -u)),,sudo) apt-get install -y --no-install-recommends hledger ledger

bench-fetcher: $(DEVELOPMENT) ## documents a second, memory, and calls to Amazon a day (ARGS=10000 orders)
	@$(BIN)/python -m tests.bench.fetcher $(ARGS)

bench-fairness: $(DEVELOPMENT) ## how long 1,000 connections wait for their runs, on two workers (ARGS=connections)
	@$(BIN)/python -m tests.bench.fairness $(ARGS)

bench-classifier: $(DEVELOPMENT) ## documents classified a second, memory over a million, the worker on real parts (ARGS=documents)
	@$(BIN)/python -m tests.bench.classifier $(ARGS)

bench-ledger: $(DEVELOPMENT) ## what the book costs where bare COPY is 1.00 (ARGS="postings 1e7": parts of it, the largest book)
	@$(BIN)/python -m tests.bench.ledger $(ARGS)

check: $(DEVELOPMENT) ## format, lint, strict types, import contracts, contracts, architecture
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/sqlfluff lint --processes 1 --disable-progress-bar --nocolor -q services
	@$(BIN)/basedpyright --level error
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/achats contracts check
	@$(BIN)/python -m pytest -q tests/architecture

format: $(DEVELOPMENT) ## put everything in its form, and write the contracts' schemas
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/achats contracts write

LOCK := pip compile pyproject.toml --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-header --quiet --group local
SHIPPED := --extra fetcher --extra classifier --extra ledger --extra notifier --extra ops
lock: | $(filter .tools/bin/uv,$(UV)) ## renew requirements/*.lock from pyproject.toml
	@$(UV) $(LOCK) $(SHIPPED) -o requirements/demo.lock
	@$(UV) $(LOCK) --all-extras --group dev -o requirements/development.lock

clean: ## forget the environment
	@rm -rf .venv .tools

.tools/bin/uv:
	@python3 -m venv .tools
	@.tools/bin/pip install --quiet --disable-pip-version-check uv==0.13.9

.venv/bin/python: | $(filter .tools/bin/uv,$(UV))
	@$(UV) venv --quiet --allow-existing .venv

$(DEMO): requirements/demo.lock pyproject.toml | .venv/bin/python
	@test -e $(DEVELOPMENT) || $(UV) pip sync --quiet --python .venv requirements/demo.lock
	@$(UV) pip install --quiet --python .venv --no-deps --editable .
	@touch $@

$(DEVELOPMENT): requirements/development.lock pyproject.toml | .venv/bin/python
	@$(UV) pip sync --quiet --python .venv requirements/development.lock
	@$(UV) pip install --quiet --python .venv --no-deps --editable .
	@touch $@
