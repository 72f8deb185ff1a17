PYTHON ?= python3
BIN := .venv/bin

.PHONY: plan test test-long lint types docs clean

plan: .venv/.ready
	$(BIN)/optalloc solve inputs/pacific.xlsx --out out

test: .venv/.ready
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-long: .venv/.ready
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"

lint: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.ready
	$(BIN)/mypy

# The documents as a site, into site/. The variable leaves out a notice about later versions.
docs: .venv/.ready
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf .venv out dist site .pytest_cache .mypy_cache .ruff_cache
