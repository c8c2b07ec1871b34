# make demo: everything on made-up data.   make test: all tests.   Both need Python >= 3.11 only.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test soak bench bench-matches check clean

demo: $(VENV)/.runtime
	rm -rf build/demo
	$(BIN)/touchline demo build/demo

test: $(VENV)/.dev check
	tests/services/install.sh
	$(BIN)/pytest -n 2 --dist worksteal -m "not soak"

soak: $(VENV)/.dev
	tests/services/install.sh
	$(BIN)/pytest -m soak

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/bench.py

bench-matches: $(VENV)/.dev
	$(BIN)/python benchmarks/bench.py --only matches

check: $(VENV)/.dev
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) build

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: $(VENV)/bin/python requirements/runtime.txt pyproject.toml
	$(BIN)/pip install -q -r requirements/runtime.txt
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt requirements/spark.txt
	$(BIN)/pip install -q -r requirements/dev.txt -r requirements/spark.txt
	touch $@
