# `make help` lists the targets. PYTHON selects the interpreter: make test PYTHON=python3.13
PYTHON ?= python3
ARGS ?=
N ?= 10000
JOBS ?= 2
SEED ?=
STACK ?= storesync
SAM_VERSION := 1.170.0
PIP_TOOLS_VERSION := 7.6.2
BANDIT_VERSION := 1.9.4
CHECKOV_VERSION := 3.3.30
RUNTIME := 3.13

VENV := .venv$(if $(filter-out python3,$(PYTHON)),-$(notdir $(PYTHON)))
BIN := $(VENV)/bin
SAM_VENV := .venv-sam
RUNTIME_VENV := .venv-runtime
AUDIT_VENV := .venv-audit
AUDIT_READY := $(AUDIT_VENV)/.installed
LOCK_VENV := .venv-lock
LOCK := shared/requirements.lock
READY := $(VENV)/.installed
SAM_READY := $(SAM_VENV)/.installed-$(SAM_VERSION)
PIP := -m pip install --quiet --disable-pip-version-check
# The runtime's own interpreter, wherever this machine keeps it; without one the artifacts are checked, not built.
RUNTIME_PYTHON := $(shell for p in python$(RUNTIME) $$(pyenv root 2>/dev/null)/versions/$(RUNTIME).*/bin/python$(RUNTIME); do \
	"$$p" -c '' 2>/dev/null && { command -v "$$p"; break; }; done)
SAM := SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=$(or $(AWS_DEFAULT_REGION),eu-central-1) $(SAM_VENV)/bin/sam

.DEFAULT_GOAL := help
.PHONY: help run test lint package deploy-local conformance audit clean bench mutate

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F '\t' '{printf "  make %-14s %s\n", $$1, $$2}'

run: $(READY)  ## both sandbox stores, AWS and the real functions on this machine (ARGS="--help" shows the options)
	$(BIN)/python -m tests.sandbox $(ARGS)

test: lint  ## style, import rules, types and every test
	$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

lint: $(READY)  ## style, import rules and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	PYTHONPATH=shared $(BIN)/lint-imports --cache-dir .import_linter_cache
	$(BIN)/mypy
	$(BIN)/cfn-lint template.yaml

package: $(READY) $(SAM_READY)  ## validate the template, build every artifact and drive each one the way Lambda does
	$(SAM) validate --lint
ifeq ($(RUNTIME_PYTHON),)
	@echo "python$(RUNTIME) was not found: the template is validated, the artifacts are not built"
else
	$(MAKE) --no-print-directory artifacts
endif

deploy-local: $(READY) $(SAM_READY)  ## `sam deploy` what is built into the emulator, and carry one order through it
ifeq ($(RUNTIME_PYTHON),)
	@echo "python$(RUNTIME) was not found, so nothing can be built: install it, then try again" && exit 1
else
	$(MAKE) --no-print-directory build
	SAM_VENV=$(SAM_VENV) $(BIN)/python -m pytest tests/infrastructure/deploying.py
endif

.PHONY: build artifacts
build: $(RUNTIME_VENV)/runtime/.installed
	rm -rf .aws-sam/build
	PATH="$(CURDIR)/$(RUNTIME_VENV)/bin:$$PATH" $(SAM) build

artifacts: build
	RUNTIME_VENV=$(RUNTIME_VENV) $(BIN)/python -m pytest tests/infrastructure/test_packaging.py

conformance: $(READY)  ## the sandbox stores against the recordings of real ones
	$(BIN)/python -m tests.conformance $(ARGS)

bench: $(READY)  ## the goals of speed and cost, beside a sequential connector (ARGS="--quick" to try it, ARGS="--resume" to go on; cold starts need `make package` before)
	PYTHONPATH=shared:. $(BIN)/python -m tests.bench $(ARGS)

.PHONY: paint
paint: $(READY)  ## how long the console takes from a press to the next paint, in headless Chromium (ARGS="--times 9")
	$(BIN)/python -m tests.browser.paint $(ARGS)

.PHONY: lock
lock:  ## pin the layer's packages by the hashes of their files (after a change of shared/requirements.txt)
	test -x $(LOCK_VENV)/bin/pip-compile || { $(PYTHON) -m venv $(LOCK_VENV) && $(LOCK_VENV)/bin/python $(PIP) pip-tools==$(PIP_TOOLS_VERSION); }
	# What the runtime brings, and what only that needs, is left out.
	$(LOCK_VENV)/bin/pip-compile --quiet --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --strip-extras \
		$(addprefix --unsafe-package ,botocore charset-normalizer lazy-importer python-dateutil six) --output-file $(LOCK).new shared/requirements.txt
	{ echo "# Made by \`make lock\` from requirements.txt: the same versions, with the hashes of their files. The layer is built of these only."; \
		grep -v '^#' $(LOCK).new | grep .; } > $(LOCK)
	rm $(LOCK).new
	rm -rf $(LOCK_VENV)/console
	$(LOCK_VENV)/bin/python -m pip download --quiet --no-deps --only-binary=:all: --dest $(LOCK_VENV)/console --requirement functions/console/requirements.txt
	{ echo "# Made by \`make lock\` from requirements.txt: the same version, with the hash of its file. The console is built of this only."; \
		echo "$$(grep -v '^#' functions/console/requirements.txt) $$($(LOCK_VENV)/bin/python -m pip hash $(LOCK_VENV)/console/* | grep -- --hash)"; \
		} > functions/console/requirements.lock

audit: $(AUDIT_READY)  ## look for weaknesses: bandit over the code, checkov over the template (exceptions and their reasons: .checkov.yaml, pyproject.toml)
	$(AUDIT_VENV)/bin/bandit --quiet --configfile pyproject.toml --recursive shared functions
	LOG_LEVEL=CRITICAL $(AUDIT_VENV)/bin/checkov --file template.yaml --config-file .checkov.yaml

simulate: $(READY)  ## N schedules of edits, faults and crashes against the real engine (SEED=n replays one)
	$(BIN)/python -m tests.sandbox.simulator --schedules $(N) --jobs $(JOBS) $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: letters
letters: $(READY)  ## changes of a deployed stack that failed five times (STACK=name; ARGS="again --all" sends them again, ARGS=--help)
	PYTHONPATH=shared $(BIN)/python -m storesync.operate --stack $(STACK) $(or $(ARGS),list)

.PHONY: archive
archive: $(READY)  ## a connection's state as one file (STACK=name; ARGS="export main main.jsonl", ARGS="import main main.jsonl")
	PYTHONPATH=shared $(BIN)/python -m storesync.archive --stack $(STACK) $(or $(ARGS),--help)

mutate: $(READY)  ## mutants of the rules and the engine, tried with the quick tests (long; ARGS="domain", "--minutes 4", "--again" for survivors)
	PYTHONPATH=shared:. $(BIN)/python -m tests.mutation $(ARGS)

clean:  ## remove what was built, installed and kept here
	rm -rf .venv .venv-* .aws-sam .local .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .mutation
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements-dev.txt shared/requirements.txt functions/console/requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP) -r requirements-dev.txt
	touch $@

$(SAM_READY):
	$(PYTHON) -m venv $(SAM_VENV)
	$(SAM_VENV)/bin/python $(PIP) aws-sam-cli==$(SAM_VERSION)
	touch $@

$(AUDIT_READY): Makefile
	$(PYTHON) -m venv $(AUDIT_VENV)
	$(AUDIT_VENV)/bin/python $(PIP) bandit==$(BANDIT_VERSION) checkov==$(CHECKOV_VERSION)
	touch $@

# Beside the interpreter, a folder with what Lambda's runtime brings, so that nothing else can be seen from the artifacts.
$(RUNTIME_VENV)/runtime/.installed: requirements-dev.txt shared/requirements.txt
	$(RUNTIME_PYTHON) -m venv $(RUNTIME_VENV)
	rm -rf $(RUNTIME_VENV)/runtime
	$(RUNTIME_VENV)/bin/python $(PIP) --no-deps --target $(RUNTIME_VENV)/runtime \
		$$(grep -hE '^(awslambdaric|boto3|botocore|jmespath|python-dateutil|s3transfer|simplejson|six|snapshot-restore-py|urllib3)==' \
		requirements-dev.txt shared/requirements.txt)
	touch $@
