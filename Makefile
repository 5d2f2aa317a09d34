# Xinglin: every command that a person or CI needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export XINGLIN_DEMO ?= 1

.PHONY: help run install test check bench mutate validator code clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

run: install  ## build, start everything, serve the demo alliance on http://127.0.0.1:$${PORT:-8000}
	@exec $(BIN)/python manage.py serve

install: $(VENV)/.runtime  ## build .venv from the hashed lock file

test: $(VENV)/.dev  ## all tests and checks
	$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

check: $(VENV)/.dev  ## lint, types, import rules
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --config importlinter.toml

bench: $(VENV)/.dev  ## benchmarks: JSON lines on stdout, a table on stderr
	@$(BIN)/python -m tests.perf.bench

mutate: $(VENV)/.dev  ## mutation testing of the gate: what oracle and truth table do not notice
	@$(BIN)/python -m tests.oracle.mutate --show

validator:  ## the HL7 validator, for tests/conformance (needs Java 17, Maven and npm)
	@mkdir -p .validator/packages
	@mvn -q -B -f tests/conformance/pom.xml dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/.validator/lib
	@cd .validator/packages && npm pack --silent hl7.terminology.r4@7.0.1 hl7.fhir.uv.ips@2.0.0

code: install  ## the six digits that the demo accounts ask for
	@$(BIN)/python manage.py demo_code

clean:  ## remove the environment (the data in var/ stays)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Xinglin needs Python 3.11 or newer; name it: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module is incomplete: on Debian and Ubuntu, apt install python3-venv, then try again"; exit 1; }

$(VENV)/.runtime: requirements.lock | $(BIN)/python
	@echo "building the environment …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/.runtime
