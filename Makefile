# onedata-exporter: the targets are the CI. `make` lists them.
# A pipe fails with any part of it.
SHELL := bash
# Tests start some thousand processes: each would compile the exporter again.
unexport PYTHONDONTWRITEBYTECODE
.SHELLFLAGS := -o pipefail -c
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
READY := $(VENV)/.ready
SOURCES := exporter tests tools deploy grafana bench
ENGINE ?= docker
# An unpacked sdist is no repository, and carries its revision in a file.
REVISION = $(shell cat exporter/REVISION 2>/dev/null || git rev-parse HEAD)
VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' exporter/__init__.py)

# What builds releases, and nothing else: some 70 MB instead of the 500 MB of all tools.
DIST := build/dist-venv
# The time of the source: all files of an image, a package or a distribution have it, so that it can be built again.
EPOCH = $(shell if [ -e exporter/REVISION ]; then stat --format=%Y exporter/REVISION; else git log -1 --format=%ct; fi)
WHEEL = build/wheel/onedata_exporter-$(VERSION)-py3-none-any.whl

.DEFAULT_GOAL := help
.PHONY: help run test lint secrets types contracts docs docs-check grafana pictures unit test-deploy test-slow soak fuzz mutants bench tools \
	dist wheel deb rpm packages zipapp image constraints clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $(INSTALLED)

$(READY): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,lint,deploy,grafana]'
	@touch $(READY)

run: $(INSTALLED) ## set up and run the demo: a simulated federation, monitored by the real exporter
	$(BIN)/onedata-exporter demo

test: ## set up, run every linter and every test
	@$(MAKE) --no-print-directory --jobs 2 $(READY) tools
	@$(MAKE) --no-print-directory --jobs 2 lint secrets types contracts docs-check
	@$(MAKE) --no-print-directory unit

lint: $(READY) ## ruff: all rules, and the format; textlint: the prose of the documents
	$(BIN)/ruff check --quiet $(SOURCES)
	$(BIN)/ruff format --quiet --check $(SOURCES)
	tools/lint-prose

# The hashes of pinned packages and the fingerprints in pictures and observations are meant to look random.
secrets: $(READY) ## detect-secrets: nothing in the repository looks like a key, token or password
	git ls-files -z | grep -zvE '^(constraints|docs/images/)' | xargs -0 $(BIN)/detect-secrets-hook \
		--disable-plugin HexHighEntropyString --disable-plugin Base64HighEntropyString --disable-plugin KeywordDetector

types: $(READY) ## mypy, strict
	$(BIN)/mypy

contracts: $(READY) ## import-linter: the order of the rooms
	$(BIN)/lint-imports

docs: $(READY) ## write the reference pages from the code
	$(BIN)/python -m tools.generate_reference
	$(BIN)/python -m tools.generate_configuration_doc
	$(BIN)/python -m tools.generate_alerts
	$(BIN)/python -m tools.generate_chart_rules
	$(BIN)/python -m tools.generate_chart_readme
	$(BIN)/python -m tools.generate_schemas
	$(BIN)/python -m tools.generate_bounds
	$(BIN)/python -m tools.generate_man

docs-check: $(READY) ## fail when a reference page differs from the code
	$(BIN)/python -m tools.generate_reference --check
	$(BIN)/python -m tools.generate_configuration_doc --check
	$(BIN)/python -m tools.generate_alerts --check
	$(BIN)/python -m tools.generate_chart_rules --check
	$(BIN)/python -m tools.generate_chart_readme --check
	$(BIN)/python -m tools.generate_schemas --check
	$(BIN)/python -m tools.generate_bounds --check
	$(BIN)/python -m tools.generate_man --check

grafana: $(READY) ## build the Grafana dashboards from the code
	$(BIN)/python -m grafana.build

pictures: $(READY) ## draw the pictures of the pages in docs/images, with Chromium
	$(BIN)/python -m tools.make_pictures

# Some tests compare times, and other processes may hold the machine up: what fails gets one more run, alone.
AGAIN := $(BIN)/pytest --quiet --last-failed --last-failed-no-failures none

# CPython 3.11 may fail to parse a source for its traceback and end the whole run: native tracebacks need no parser.
SHARED_RUN := $(BIN)/pytest --quiet --dist loadfile --no-loadscope-reorder --tb native
CORES := $(shell getconf _NPROCESSORS_ONLN)
# Half of the time tests wait for something, so that a core has room for two. Long tests run real servers beside them,
# and wait still more; some measure: they begin when all others have ended.
QUICK_TESTS := -m 'not slow and not long' --numprocesses $(shell expr 2 '*' $(CORES)) --maxprocesses 8
LONG_TESTS = -m long --numprocesses $(shell expr 3 '*' $(CORES)) --maxprocesses 8 $(call FILES_WITH,long)
SLOW_TESTS = -m slow --numprocesses 2 $(call FILES_WITH,slow)
# Each process collects all files that it is given: three seconds of CPU if these are all.
FILES_WITH = $(shell grep --recursive --files-with-matches --include='*.py' 'pytest\.mark\.$(1)' tests | sort)

# The other tests measure their coverage: with a fork server for the commands, it costs half of their time again.
COVERAGE := $(CURDIR)/build/coverage

unit: $(READY) ## all tests, against the simulator and the real tools; fails if they cover too little
	@rm -rf $(COVERAGE) && mkdir -p $(COVERAGE)
	PYTHONPATH=$(CURDIR)/tools/coverage COVERAGE_FOLDER=$(COVERAGE) \
		$(SHARED_RUN) $(QUICK_TESTS) || { [ $$? -eq 1 ] && $(AGAIN); }
	$(BIN)/python -m tools.coverage_report $(COVERAGE)
	$(SHARED_RUN) $(LONG_TESTS) || { [ $$? -eq 1 ] && $(AGAIN); }

test-deploy: $(READY) tools ## the tests of compose, chart, systemd and release alone (`test` runs them, too)
	$(BIN)/pytest --quiet tests/deploy

# Image and packages each keep a core busy.
test-slow: $(READY) tools ## the tests that build the image, the packages and a second Python, and a minute of `soak` (ten minutes)
	$(SHARED_RUN) $(SLOW_TESTS) || { [ $$? -eq 1 ] && $(AGAIN) -m slow; }

soak: $(READY) ## ten minutes of random faults with 500 targets, a tenth of them hostile; its minute's form is one of the slow tests
	$(BIN)/python -m tools.soak

fuzz: $(READY) ## five minutes of hostile input for every parser of foreign text; its short form is one of the tests
	$(BIN)/python -m tools.fuzz

mutants: $(READY) ## mutation testing of diagnosis, reasons, counters and text (more than twenty minutes; what may survive: docs/mutants.md)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[mutation]'
	tools/mutants

tools: ## install the real tools that the tests use (promtool, …), as far as this machine allows
	@tools/install-test-tools

bench: $(INSTALLED) ## measure what the exporter costs beside blackbox_exporter (twelve minutes; writes docs/performance.md)
	$(BIN)/python -m bench

$(DIST)/.ready: constraints-dist.txt
	rm -rf $(DIST)
	$(PYTHON) -m venv $(DIST)
	$(DIST)/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes \
		--requirement constraints-dist.txt
	@touch $@

dist: $(DIST)/.ready ## sdist, wheel, SBOM and release notes, into dist/
	rm -rf dist
	SOURCE_DATE_EPOCH=$(EPOCH) $(DIST)/bin/python -m build --no-isolation --outdir dist .
	$(DIST)/bin/python -m tools.make_sbom dist
	$(DIST)/bin/python -m tools.release_notes --draft >dist/RELEASE_NOTES.md

wheel: $(DIST)/.ready
	rm -rf build/wheel
	SOURCE_DATE_EPOCH=$(EPOCH) $(DIST)/bin/python -m build --no-isolation --wheel --outdir build/wheel . >/dev/null

deb: wheel ## the Debian package, into dist/ (SUITE=trixie for another Debian than this machine's; needs root then)
	SOURCE_DATE_EPOCH=$(EPOCH) tools/build-packages $(WHEEL) deb

rpm: wheel ## the RPM package, into dist/ (SUITE as for deb)
	SOURCE_DATE_EPOCH=$(EPOCH) tools/build-packages $(WHEEL) rpm

packages: wheel ## both packages, from the same files (SUITE as for deb)
	SOURCE_DATE_EPOCH=$(EPOCH) tools/build-packages $(WHEEL) deb rpm

zipapp: wheel ## one executable file with all libraries, into dist/, for the Python of PYTHON
	SOURCE_DATE_EPOCH=$(EPOCH) tools/build-zipapp $(PYTHON) $(DIST) $(WHEEL)

# Podman's own format of images has no HEALTHCHECK, and podman takes the time of the files as an option.
image: ## the container image onedata-exporter:VERSION (ENGINE=podman for another engine)
	BUILDAH_FORMAT=docker SOURCE_DATE_EPOCH=$(EPOCH) $(ENGINE) build --tag onedata-exporter:$(VERSION) \
		--build-arg VERSION=$(VERSION) --build-arg REVISION=$(REVISION) --build-arg SOURCE_DATE_EPOCH=$(EPOCH) \
		$(if $(findstring podman,$(ENGINE)),--timestamp $(EPOCH)) $(IMAGE_OPTIONS) .

constraints: $(READY) ## pin what the image is made of to the newest versions
	tools/update-constraints

clean: ## remove what the other targets made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
