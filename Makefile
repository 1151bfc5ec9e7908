# Every chore is one target, and each first sets up what it misses (dev/tools/setup.sh). CI runs these very targets.
MAKEFLAGS += --no-print-directory
BIN := .venv/bin
# A file stays with one worker, which has storage and a simulator of its own; the long ones begin (tests/conftest.py).
PYTEST := $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

# pyright's wrapper would ask the network for a newer version at every start.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.DEFAULT_GOAL := help
.PHONY: help up demo demo-transfer bench fire trace-demo audit-verify portal package sbom audit check test test-all lock clean python node azurite

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name what; do \
	    printf '  make %-13s %s\n' "$$name" "$$what"; done

up: python azurite portal ## start the app with a simulated Microsoft 365, in the foreground
	@exec $(BIN)/python -m dev.stack

demo: python azurite ## do the main job once on a demo tenant, then stop
	@$(BIN)/python -m dev.demo

demo-transfer: python azurite ## E3 to E5 with canary, pause, resume and revert on a demo tenant, then stop
	@$(BIN)/python -m dev.demo.transfer

bench: python azurite ## measure it (ROWS="limit small": these rows only)
	@$(BIN)/python -m dev.bench $(ROWS)

fire: python azurite ## random operations while everything fails, thirty seeds (SEEDS=n: so many, SEED=n: that one)
	@$(BIN)/python -m tests.fire $(if $(SEED),--seed $(SEED)) $(if $(SEEDS),--seeds $(SEEDS))

trace-demo: python azurite ## one operation as a trace, from the HTTP call to Graph's request ids, then stop
	@$(BIN)/python -m dev.trace_demo

audit-verify: python ## verify the audit of every tenant, by default of what make up runs (API_URL, API_KEY: of another)
	@$(BIN)/python -m dev.audit_verify

portal: python ## build the web page into portal/dist, where that is missing or out of date
	@sh dev/tools/portal.sh build

package: python portal ## make what is deployed into out/: the app alone, and with its libraries; prints what takes the room
	@$(BIN)/python -m dev.package

sbom: ## list what the product is made of into out/ (CycloneDX), and refuse licences that are not on the list
	@sh dev/tools/supply.sh sbom

audit: ## ask the advisory databases about every pinned version (needs the internet; CI has it as a step of its own)
	@sh dev/tools/supply.sh audit

check: python node ## lint, format, types, import contracts, requirements, the web page, the infrastructure
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@sh dev/tools/requirements.sh check
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/pyright
	@sh dev/tools/portal.sh check
	@sh dev/tools/infra.sh

test: check azurite portal ## check, and every test that is not slow
	@$(PYTEST) -m 'not slow'

test-all: check azurite portal ## check, and every test
	@$(PYTEST)

lock: ## compile the requirements from pyproject.toml (UPGRADE=1 takes the newest versions that fit)
	@sh dev/tools/requirements.sh lock $(if $(UPGRADE),--upgrade)

clean: ## remove what was installed or cached; local data in .localhost/ stays
	@rm -rf .venv .tools dev/azurite/node_modules portal/node_modules portal/dist out .supply .policy .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

python node azurite:
	@sh dev/tools/setup.sh $@
