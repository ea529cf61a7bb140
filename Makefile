# make demo    three guests, one virtual card, one report   (OUT=out/demo)
# make test    everything: lint, types, layers, tests       (ARGS="-k rings" goes to pytest)
# make check   lint, types and layers only
# make bench   writes bench.json
# make clean   removes what these made
#
# All of them work in .venv, made with PYTHON and the versions of constraints.txt, and are quick when repeated.

PYTHON ?= python3
OUT    ?= out/demo
ARGS   ?=

BIN     := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.DELETE_ON_ERROR:
.PHONY: demo test check bench packages clean

demo: .venv/core
	$(BIN)/vsnd demo --out $(OUT)

# 5: ARGS chose none of these
test: check
	$(BIN)/python -m pytest -m "not realtime" -n auto --dist worksteal $(ARGS) || [ $$? -eq 5 ]
	$(BIN)/python -m pytest -m realtime $(ARGS) || [ $$? -eq 5 ]

check: packages .venv/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

bench: packages .venv/dev
	$(BIN)/python -m tests.bench

packages:
	@tools/install_packages.sh

clean:
	rm -rf .venv out bench.json dist build
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What .venv holds: `core` is vsnd as its users have it, `dev` adds the tools.
.venv/core: pyproject.toml constraints.txt | .venv/pyvenv.cfg
	$(INSTALL) -e .
	@touch $@

.venv/dev: pyproject.toml constraints.txt | .venv/pyvenv.cfg packages
	$(INSTALL) -e '.[dev,pulse,hlog,metrics,lab]'
	$(INSTALL) -e '.[alsa]' || echo "Going on without pyalsaaudio: it is built with gcc and libasound2-dev."
	@touch $@ .venv/core

.venv/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "vsnd needs Python 3.11 or later: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv .venv || { rm -rf .venv; echo "no venv made: on Debian, apt install python3-venv"; exit 1; }
