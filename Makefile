# Everything runs in .venv, which every target makes for itself from the locks; a second call is instant.
# Needs Python 3.11 or newer and make. `make PYTHON=/path/to/python3.12 setup` names another Python.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
export PYTHONUTF8 := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

PYTHON ?= $(firstword $(foreach p,python3.11 python3 python3.12 python3.13 python3.14 python,\
  $(shell $(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p))))
JOBS ?= 2
SEEDS ?= 2000
BLOCKS ?= 60
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-installed
SETUP := $(VENV)/.setup-done
NODE := .tools/node_modules/.installed
PIP_COMPILE := CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/pip-compile --quiet --generate-hashes --strip-extras \
  --allow-unsafe --build-deps-for=editable --no-emit-options --no-emit-index-url --no-emit-find-links \
  --no-emit-trusted-host

.PHONY: help setup node demo test simulate check format format-check lint types imports docs lock image bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: $(RUNTIME) ## watch the whole story on a local chain; nothing to configure
	$(BIN)/watcher demo

test: $(SETUP) $(NODE) ## run every test, then hold coverage to its bars
	rm -f .coverage .coverage.*
	$(BIN)/pytest -n $(JOBS) -m 'not live and not postgres' --cov --cov-report=
	$(BIN)/pytest -n $(JOBS) -m postgres
	$(BIN)/python -m tests.coverage_bars

simulate: $(SETUP) ## live many seeds of trouble: make simulate SEEDS=20000, or SEEDS=500:520 BLOCKS=400 POSTGRES=1
	$(BIN)/python -m tests.faults.simulator --seeds $(SEEDS) --blocks $(BLOCKS) --jobs $(JOBS) $(if $(POSTGRES),--postgres)

check: format-check lint types imports test ## everything that CI runs

setup: $(SETUP) ## make .venv with everything that development needs

node: $(NODE) ## install the real node that some tests start (anvil)

format: $(SETUP) ## rewrite the code in the project's format
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

format-check: $(SETUP)
	$(BIN)/ruff format --check

lint: $(SETUP) ## look for mistakes
	$(BIN)/ruff check

types: $(SETUP) ## check the types
	$(BIN)/mypy

imports: $(SETUP) ## check who imports whom
	$(BIN)/lint-imports --no-logo

docs: $(SETUP) ## make the references in docs/ and the JSON Schemas anew from the code
	$(BIN)/python -m watcher.config.schema
	$(BIN)/python -m watcher.config.reference program docs/programs.md
	$(BIN)/python -m watcher.config.reference deployment docs/operations.md
	$(BIN)/python -m watcher.cli._reference docs/commands.md
	$(BIN)/python -m watcher.store.reference docs/database.md

lock: $(SETUP) ## resolve the dependencies anew and write requirements*.txt
	$(PIP_COMPILE) --upgrade --extra demo --output-file requirements.txt pyproject.toml
	$(PIP_COMPILE) --upgrade --extra demo --extra cluster --extra forecast --extra pictures --extra dev --constraint requirements.txt \
	  --output-file requirements-dev.txt pyproject.toml

image: ## build the container image
	docker build --tag watcher:latest .

bench: $(SETUP) $(NODE) ## measure, and write the tables of docs/performance.md
	$(BIN)/python benchmarks/suite.py

clean: ## remove everything that make made
	rm -rf $(VENV) .tools/node_modules build dist .coverage .coverage.* .hypothesis .import_linter_cache \
	  .mypy_cache .pytest_cache .ruff_cache

$(BIN)/python:
	@test -n '$(PYTHON)' || { echo 'No Python 3.11 or newer found: install one, or name it: make PYTHON=...' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements.txt pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(SETUP): requirements-dev.txt $(RUNTIME)
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

# Not `npm ci`: it insists on lock entries for the platforms that this one cannot install.
$(NODE): .tools/package.json .tools/package-lock.json | $(SETUP)
	cd .tools && '$(CURDIR)/$(BIN)/npm' install --loglevel=error --no-save --ignore-scripts --no-audit --no-fund
	@touch $@
