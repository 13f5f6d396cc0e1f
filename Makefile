# Two commands on a fresh machine (python3.11, make, git): `make demo` and `make test`.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Three on two processors: tests of the real process wait as much as they work.
TRIES := $(BIN)/python -m pytest -n 3 --dist worksteal --durations=25
DEEP := -m "(deep or promise) and not whole"

.PHONY: demo test test-deep test-whole promises check format lock clean help

help:  ## Say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: $(READY)  ## Show the main job live on the built-in simulators
	@$(BIN)/bridge demo

check: $(READY)  ## Format check, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check  ## Everything that a change must pass
	$(TRIES) -m "not deep and not whole"

test-deep: $(READY)  ## The slow sweeps; ends with a line for each promise
	$(TRIES) $(DEEP)

test-whole: $(READY)  ## What takes hours: a whole real log, and all pairs of troubles
	$(BIN)/python -m pytest -n 2 -m whole

# With "=", or pytest takes the page for a place of tests, and reads no settings of theirs.
promises: $(READY)  ## The same, and its figures are written to docs/promises.md
	$(TRIES) $(DEEP) --write-promises=docs/promises.md

format: $(READY)  ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:  ## Renew the locked dependencies (needs uv)
	uv lock
	uv export --quiet --format requirements-txt --no-emit-project > requirements.lock
	uv export --quiet --format requirements-txt --no-emit-project --no-dev > requirements-runtime.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
