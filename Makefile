# Branch Lobby: two commands matter, `make run` and `make test`. `make help` lists the rest.

SHELL := /bin/sh
.NOTPARALLEL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PORT ?= 8000
DATA_DIR ?= var/demo
# What pytest runs, and with which options: make check-tests TESTS=tests/rules PYTEST_ARGS=-x
TESTS ?= tests
PYTEST_ARGS ?=
# How many files of tests run at once: the shelves wait for servers and browsers about as much as they compute.
WORKERS ?= 2
export PYTHON ?= python3.11

BIN := .venv/bin
SET_UP := deploy/set-up
SHARED := staff_tablet/web/shared
VENDORED := $(SHARED)/vendor/manifest.json
VOICED := staff_tablet/web/voice/list.txt
# A stamp is as old as the last time its work was done. Each lies inside what it vouches for, and goes with it.
RUN_STAMP := .venv/.made-for-run
TEST_STAMP := .venv/.made-for-test
TRYTON_STAMP := .tryton/.made
NPM_STAMP := node_modules/.made-for-test
NPM_RUN_STAMP := node_modules/.made-for-run
NPM_FILES := package.json package-lock.json .npmrc

step = @printf '\n=== %s\n'

.PHONY: help run test bench soak screens lock vendor tryton wheel clean packages environment
.PHONY: check check-python check-web check-tests format

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

# ---- Run ----------------------------------------------------------------------------------------------------------

run: $(RUN_STAMP) $(VENDORED) $(VOICED) $(if $(WITH_CRM),$(TRYTON_STAMP)) ## start the demo: PORT=8000 DATA_DIR=var/demo WITH_CRM=1
	@exec $(BIN)/branch-lobby demo --port $(PORT) --data-dir $(DATA_DIR) $(if $(WITH_CRM),--with-crm)

$(RUN_STAMP): requirements/server.lock requirements/build.lock pyproject.toml $(SET_UP)/environment.sh
	@$(SET_UP)/tools.sh python
	@echo "making the environment .venv (once)"
	@$(SET_UP)/environment.sh server build
	@touch $@

# With the packages there already, the tests' among them, a second `npm ci` would only take those away again.
$(VENDORED): $(SHARED)/vendor.json $(NPM_FILES) $(SET_UP)/vendor.py
	@$(SET_UP)/tools.sh python node
	@if [ ! $(NPM_STAMP) -nt package-lock.json ] && [ ! $(NPM_RUN_STAMP) -nt package-lock.json ]; then \
	  echo "fetching the browser files (once)" && npm ci --omit=dev --no-progress --loglevel=error && \
	  touch $(NPM_RUN_STAMP); fi
	@$(PYTHON) $(SET_UP)/vendor.py

# Without the tools screens are silent and say so; the next make looks for them again.
$(VOICED): deploy/voice/clips.toml deploy/voice/make_clips.py lobby_server/branch/service_types.toml
	@$(PYTHON) deploy/voice/make_clips.py --if-possible

vendor: ## copy the browser files from npm anew
	@rm -f $(VENDORED)
	@$(MAKE) --no-print-directory $(VENDORED)

# ---- Test ---------------------------------------------------------------------------------------------------------

test: packages environment check ## install what is missing, then check everything

packages:
	$(step) "Debian packages"
	@$(SET_UP)/tools.sh python node gcc
	@$(SET_UP)/debian_packages.sh

environment: $(TEST_STAMP) $(NPM_STAMP) $(VENDORED) $(VOICED) $(TRYTON_STAMP)

$(TEST_STAMP): requirements/test.lock requirements/server.lock requirements/build.lock pyproject.toml $(SET_UP)/environment.sh
	$(step) "Python environment"
	@$(SET_UP)/tools.sh python
	@$(SET_UP)/environment.sh test
	@touch $(RUN_STAMP) $@

$(TRYTON_STAMP): requirements/tryton.lock $(SET_UP)/tryton.sh $(wildcard deploy/tryton/*.py deploy/tryton/*.toml deploy/tryton/branch_lobby/* deploy/tryton/branch_lobby/view/*)
	$(step) "Tryton, a CRM to speak with"
	@$(SET_UP)/tools.sh python
	@$(SET_UP)/tryton.sh
	@touch $@

tryton: $(TRYTON_STAMP) ## make the CRM that `branch-lobby demo --with-crm` starts

$(NPM_STAMP): $(NPM_FILES)
	$(step) "npm packages"
	@$(SET_UP)/tools.sh node
	@npm ci --no-progress --loglevel=error
	@touch $@

check: check-python check-web check-tests ## every check, with what is already installed

check-python: $(TEST_STAMP) ## ruff, mypy and the import contracts
	$(step) "ruff: lint"
	@$(BIN)/ruff check --quiet .
	$(step) "ruff: format"
	@$(BIN)/ruff format --quiet --check .
	$(step) "mypy, strict"
	@$(BIN)/mypy
	$(step) "import contracts"
	@$(BIN)/lint-imports --no-logo --cache-dir var/cache/import-linter

check-web: $(NPM_STAMP) $(VENDORED) ## tsc, the browser lint and the JavaScript tests
	$(step) "tsc"
	@npm run --silent check
	$(step) "browser lint"
	@npm run --silent lint
	$(step) "JavaScript tests"
	@npm run --silent test

check-tests: environment ## pytest, all shelves (TESTS=, PYTEST_ARGS=)
	$(step) "Python tests, with the wheel's installation"
	@$(BIN)/pytest --numprocesses=$(WORKERS) --dist=loadfile $(PYTEST_ARGS) $(TESTS)

format: $(TEST_STAMP) ## put the Python files into shape
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

# ---- Measure and show ---------------------------------------------------------------------------------------------

bench: packages environment ## measure arrival to glass
	@$(BIN)/python benchmarks/arrival_to_glass.py

soak: packages environment ## the exhaustive and the long tests
	@$(BIN)/pytest -m soak --timeout=0 $(PYTEST_ARGS) $(TESTS)

screens: packages environment ## take the pictures of every screen anew
	@$(BIN)/pytest -m screens --timeout=0 $(PYTEST_ARGS) tests/whole

# ---- Keep ---------------------------------------------------------------------------------------------------------

lock: $(TEST_STAMP) ## pin the Python packages with hashes (UPGRADE=1 takes newer ones)
	@UPGRADE=$(UPGRADE) $(SET_UP)/lock.sh

wheel: $(TEST_STAMP) $(VENDORED) $(VOICED) ## build dist/: the wheel and the sdist
	@$(BIN)/python -m build --no-isolation --outdir dist .

clean: ## remove what make made, but never var/, where the data lies
	@rm -rf .venv .tryton node_modules dist $(SHARED)/vendor staff_tablet/web/voice .hypothesis var/cache
	@find . -name __pycache__ -not -path './var/*' -prune -exec rm -rf {} +
