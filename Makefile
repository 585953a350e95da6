# Sets the project up and runs it. Everything is installed into .venv from the lock files; uv is used when it is there.
# PYTHON=... names the Python for a new .venv, DUMPS=... the dumps for `make run`, ETL_WAREHOUSE=... the warehouse.

.DEFAULT_GOAL := help
.PHONY: help install install-dev run test lint check docs airflow screenshots benchmark lock clean

VENV := .venv
BIN := $(VENV)/bin
# A stamp is named by what was installed, so that a changed lock installs again and nothing else does.
RUN_STAMP := $(VENV)/run-$(firstword $(shell cat requirements.lock pyproject.toml | cksum))
DEV_STAMP := $(VENV)/dev-$(firstword $(shell cat requirements-dev.lock pyproject.toml | cksum))

# Taken as they are: a path may hold blanks, quotes and dollar signs.
export DUMPS_GIVEN := $(value DUMPS)
export PYTHON_GIVEN := $(value PYTHON)

# What a shell may carry that would change what is installed, imported or tested here.
unexport PYTHONPATH PYTHONHOME PYTHONSAFEPATH PYTHONOPTIMIZE PYTHONWARNINGS PYTHONSTARTUP PYTHONINSPECT
unexport PIP_TARGET PIP_PREFIX PIP_ROOT PIP_PYTHON PIP_CONSTRAINT PIP_REQUIRE_HASHES PIP_NO_DEPS
unexport UV_PYTHON UV_SYSTEM_PYTHON UV_CONSTRAINT UV_OVERRIDE UV_EXCLUDE UV_REQUIRE_HASHES UV_NO_DEPS
unexport PYTEST_ADDOPTS PYTEST_PLUGINS PYTEST_DISABLE_PLUGIN_AUTOLOAD MYPYPATH RUFF_CONFIG
export PIP_USER := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Silent but for failures where nobody watches.
QUIET := $(shell [ -t 2 ] || echo --quiet)

help: ## list what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 18

install: $(RUN_STAMP) ## set up .venv with the locked run-time dependencies

install-dev: $(DEV_STAMP)

run: install ## run the Airflow DAGs once over DUMPS (the samples by default) and show what is in the warehouse
	@set -f; failed=0; \
	if [ -z "$$DUMPS_GIVEN" ]; then $(BIN)/python deploy/airflow/run_once.py || failed=1; \
	elif [ -e "$$DUMPS_GIVEN" ]; then $(BIN)/python deploy/airflow/run_once.py "$$DUMPS_GIVEN" || failed=1; \
	else printf '%s\n' "$$DUMPS_GIVEN" | xargs $(BIN)/python deploy/airflow/run_once.py || failed=1; fi; \
	$(BIN)/etl status || failed=1; \
	exit $$failed

test: lint ## lint, check types and layers, and run all tests
	@$(BIN)/python -m pytest

lint: install-dev ## the same without the tests
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

check: install ## check sources, expectations, SQL and generated pages against each other, without data
	@$(BIN)/etl check
	@$(BIN)/python docs/make_docs.py --check

docs: install ## write the data dictionary and the table of sources again
	@$(BIN)/python docs/make_docs.py

airflow: install ## start Airflow and its web page on this machine; Ctrl-C stops it
	@exec $(BIN)/python deploy/airflow/serve.py

screenshots: install-dev ## take pictures of every view of the dashboard, into build/screenshots; needs Chromium
	@$(BIN)/python -m tests.browser.screenshots

benchmark: install ## measure speed on the dumps at hand; see benchmarks/README.md
	@$(BIN)/python benchmarks/daily_year.py
	@$(BIN)/python benchmarks/snapshot.py
	@$(BIN)/python benchmarks/airflow_overhead.py

lock: ## make the lock files again, keeping pins that still fit; UPGRADE=1 takes the newest versions
	@command -v uv >/dev/null || { echo "make lock needs uv: https://docs.astral.sh/uv" >&2; exit 1; }
	@$(COMPILE) --extra dev --output-file requirements-dev.lock >/dev/null
	@echo setuptools | $(COMPILE) - --constraints requirements-dev.lock --output-file requirements.lock >/dev/null

clean: ## remove .venv, caches and Airflow's own files; warehouses stay
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One set of versions for all platforms and Pythons, with the hashes of the public files.
COMPILE = UV_FIND_LINKS= UV_EXTRA_INDEX_URL= uv pip compile pyproject.toml $(if $(UPGRADE),--upgrade) --quiet \
	--universal --python-version 3.11 --fork-strategy fewest --generate-hashes --annotation-style line \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

# The Python that was asked for, else the first that fits; pip needs one that can make an environment by itself.
define FIND_PYTHON
if [ -n "$$PYTHON_GIVEN" ]; then set -- "$$PYTHON_GIVEN"; \
else set -- python3 python python3.13 python3.12 python3.11 python3.14; fi; \
needs=sys; command -v uv >/dev/null || needs=ensurepip; python=; \
for candidate; do \
    if "$$candidate" -c "import sys, $$needs; sys.exit(not (3, 11) <= sys.version_info < (3, 15))" 2>/dev/null; \
    then python=$$candidate; break; fi; \
done; \
if [ -z "$$python" ]; then \
    echo "no Python 3.11 to 3.14 with venv among: $$*; install one, or name it with make PYTHON=/path/to/python" >&2; exit 1; \
fi
endef

$(BIN)/python:
	@$(FIND_PYTHON); \
	if command -v uv >/dev/null; then uv venv --quiet --clear --python "$$python" $(VENV); \
	else "$$python" -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }; fi

# $(call pip_install,what): with uv, else with the environment's own pip.
define pip_install
if command -v uv >/dev/null; then uv pip install $(QUIET) --python $(BIN)/python $(1); \
else $(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null; \
$(BIN)/python -m pip install $(QUIET) $(1); fi
endef

$(RUN_STAMP): $(BIN)/python
	@echo "installing into $(VENV), about 1 GB the first time" >&2
	@$(call pip_install,--require-hashes -r requirements.lock)
	@$(call pip_install,--no-deps --no-build-isolation -e .)
	@rm -f $(VENV)/run-* && touch $@

$(DEV_STAMP): $(RUN_STAMP)
	@$(call pip_install,--require-hashes -r requirements-dev.lock)
	@rm -f $(VENV)/dev-* && touch $@
