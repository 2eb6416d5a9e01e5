# Front door: `make demo` and `make test`. Everything works on a fresh machine with Python 3.11 or newer, make and pip.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --constraint constraints.txt

.PHONY: demo test check lint serve bench setup audit clean

demo: $(VENV)/.runtime  ## run a real two-picture edit and show the result
	@$(BIN)/cavendish weights install
	@$(BIN)/cavendish demo

test: setup  ## what the README promises, under five minutes
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not long and not alone"
	$(BIN)/python -m pytest -m alone

check: lint test  ## lint, tests and long tests
	$(BIN)/python -m pytest -n auto --dist worksteal -m long

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry src
	$(BIN)/codespell src tests benchmarks docs README.md

serve: $(VENV)/.runtime  ## serve the API on port 8000
	@$(BIN)/cavendish weights install
	$(BIN)/cavendish serve

bench: setup  ## figures as ratios to named floors, into bench-out/
	$(BIN)/python -m benchmarks

setup: $(VENV)/.dev  ## everything, weights and development tools included
	@$(BIN)/cavendish weights install

audit: $(VENV)/.dev
	$(INSTALL) pip-audit && $(BIN)/pip-audit

$(VENV)/.runtime: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing Cavendish into $(VENV) ..."
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing Cavendish with development tools into $(VENV) ..."
	@$(INSTALL) --editable '.[dev]'
	@touch $@ $(VENV)/.runtime

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Cavendish needs Python 3.11 or newer; $(PYTHON) is `$(PYTHON) --version`. Set PYTHON=..." >&2; exit 1; }
	@if command -v uv > /dev/null; then \
		uv venv --quiet --seed --python $(PYTHON) $(VENV); \
	elif $(PYTHON) -c 'import ensurepip' 2> /dev/null; then \
		$(PYTHON) -m venv $(VENV); \
	else \
		echo "$(PYTHON) has no ensurepip, so it cannot make a virtual environment." >&2; \
		echo "On Debian and Ubuntu: apt install python3-venv. Or install uv; make uses it when it is there." >&2; \
		exit 1; \
	fi

clean:
	rm -rf $(VENV) demo-out bench-out
