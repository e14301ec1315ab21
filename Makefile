# onedata-exporter: the targets are the CI. `make` lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SOURCES := exporter tests tools

.DEFAULT_GOAL := help
.PHONY: help run test lint types contracts docs docs-check unit tools clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,lint]'
	@touch $(READY)

run: $(READY) ## set up and run the demo: a simulated Onezone, watched by the real exporter
	$(BIN)/onedata-exporter demo

test: $(READY) tools lint types contracts docs-check unit ## set up, run every linter and every test

lint: $(READY) ## ruff: all rules, and the format
	$(BIN)/ruff check --quiet $(SOURCES)
	$(BIN)/ruff format --quiet --check $(SOURCES)

types: $(READY) ## mypy, strict
	$(BIN)/mypy

contracts: $(READY) ## import-linter: the order of the rooms
	$(BIN)/lint-imports

docs: $(READY) ## write the reference pages from the code
	$(BIN)/python -m tools.generate_reference
	$(BIN)/python -m tools.generate_configuration_doc

docs-check: $(READY) ## fail when a reference page differs from the code
	$(BIN)/python -m tools.generate_reference --check
	$(BIN)/python -m tools.generate_configuration_doc --check

unit: $(READY) ## all tests, against the simulator and the real tools
	$(BIN)/pytest --quiet

tools: ## install the real tools that the tests use (promtool, …), as far as this machine allows
	@tools/install-test-tools

clean: ## remove what the other targets made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
