# Xinglin: every command that a person or CI needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DOCS := .venv-docs
export XINGLIN_DEMO ?= 1

.PHONY: help run install test coverage check bench stopwatch drill chaos mutate schema words validator code bundle agent docs reference diagrams pictures clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

run: install  ## build, start everything, serve the demo alliance on http://127.0.0.1:$${PORT:-8000}
	@exec $(BIN)/python manage.py serve

install: $(VENV)/.runtime  ## build .venv from the hashed lock file

test: $(VENV)/.dev  ## all tests and checks
	$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

coverage: $(VENV)/.dev  ## lines that no test reaches, those of servers and their children counted: a table, and pages in .coverage/html
	@rm -rf .coverage && mkdir .coverage
	@$(BIN)/coverage run -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder; status=$$?; \
	  $(BIN)/coverage combine --quiet && $(BIN)/coverage html --quiet && $(BIN)/coverage report; exit $$status

check: $(VENV)/.dev  ## lint, format of code and templates, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djangofmt --check alliance consent records
	$(BIN)/mypy
	$(BIN)/lint-imports --config importlinter.toml

bench: $(VENV)/.dev  ## benchmarks: JSON lines on stdout, a table on stderr
	@$(BIN)/python -m tests.perf.bench

stopwatch: $(VENV)/.dev  ## from an enrolment code and a folder of exports to the core's doctor, by the clerk's guide: the minutes (PATIENTS=1000)
	@$(BIN)/python -m tests.perf.stopwatch

drill: export XINGLIN_DEMO := 0
drill: install  ## rehearse the return: restore the last backup elsewhere, compare it with the live site (FROM=DIR, else XINGLIN_BACKUP_DIR)
	@$(BIN)/python manage.py drill $(if $(FROM),--from "$(FROM)")

chaos: $(VENV)/.dev  ## kill, freeze, cut and fill what an installation lives on, under load, and hold it to its promises: SEED=… ROUNDS=…; with SYNC=1, members' agents and the way to it
	@$(BIN)/python -m tests.chaos$(if $(SYNC),.sync)

mutate: $(VENV)/.dev  ## mutation testing of the gate: what oracle and truth table do not notice
	@$(BIN)/python -m tests.oracle.mutate --show

schema: $(VENV)/.dev  ## write docs/schema.sql anew: the whole schema as `manage.py setup` leaves it
	@$(BIN)/python -m tests.schema

words:  ## compile the translations: each app's locale/…/django.po to django.mo (needs gettext)
	@for app in alliance consent records; do (cd $$app/locale/zh_Hans/LC_MESSAGES && msgfmt --check-format -o django.mo django.po) || exit 1; done

validator:  ## the HL7 validator, for tests/conformance (needs Java 17, Maven and npm)
	@mkdir -p .validator/packages
	@mvn -q -B -f tests/conformance/pom.xml dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/.validator/lib
	@cd .validator/packages && npm pack --silent hl7.terminology.r4@7.0.1 hl7.fhir.uv.ips@2.0.0

code: install  ## the six digits that the demo accounts ask for
	@$(BIN)/python manage.py demo_code

bundle: install  ## an archive for machines without a network, of the last commit: make bundle ARCH=aarch64 PYTHON_VERSION=3.12
	@PIP="$(CURDIR)/$(BIN)/python -m pip" distribution/bundle.sh "$(or $(ARCH),$(shell uname -m))" "$(or $(PYTHON_VERSION),3.11)"

agent:  ## dist/xinglin-agent.pyz: what a member's machine runs, one file for Python 3.8 and newer
	@$(PYTHON) distribution/agent/make_agent.py

docs: $(DOCS)/.ready  ## the documentation as a site, site/index.html, readable without a network; a broken link fails
	@$(DOCS)/bin/sphinx-build -q -W --keep-going -E -b html -d $(DOCS)/pages docs site
	@echo "site/index.html"

reference: install  ## write docs/reference anew, from what the code states of its doors
	@$(BIN)/python docs/reference/make_reference.py

diagrams:  ## draw docs/img/*.svg anew from docs/img/*.dot and the tables of states (needs Graphviz)
	@PYTHONPATH=. $(BIN)/python docs/img/make_states.py
	@$(PYTHON) docs/img/make_diagrams.py

pictures: $(VENV)/.dev $(DOCS)/.ready  ## take the pictures of docs/img/pages anew, on a demo of their own (needs Chromium)
	@$(BIN)/python docs/img/make_pictures.py
	@$(DOCS)/bin/python docs/img/shrink.py docs/img/pages/*.png

clean:  ## remove the environment (the data in var/ stays)
	rm -rf $(VENV) $(DOCS) site .coverage .pytest_cache .mypy_cache .ruff_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Xinglin needs Python 3.11 or newer; name it: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module is incomplete: on Debian and Ubuntu, apt install python3-venv, then try again"; exit 1; }

$(DOCS)/.ready: requirements-docs.lock
	@$(PYTHON) -m venv $(DOCS) || { rm -rf $(DOCS); echo "Python's venv module is incomplete: on Debian and Ubuntu, apt install python3-venv, then try again"; exit 1; }
	@$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-docs.lock
	@touch $@

$(VENV)/.runtime: requirements.lock | $(BIN)/python
	@echo "building the environment …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/.runtime
