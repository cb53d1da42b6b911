# make figures   create the environment, run the default study
# make fast      create the environment, run the tests that take no time
# make test      create the environment, run all tests
# make check     lint, format, types and spelling
# make lock      pin the requirements anew (needs uv)
# The first of these that runs: a name on the PATH may be a stub.
PYTHON ?= $(firstword $(foreach name,python3.11 python3,$(if $(shell $(name) -c "import sys; print(sys.version_info >= (3, 11) or str())" 2>/dev/null),$(name))))
CORES ?= $(shell getconf _NPROCESSORS_ONLN)
BIN := .venv/bin

.PHONY: figures fast test check lock

figures: .venv/installed
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --cores $(CORES) results/figures

fast: .venv/installed-dev
	PATH="$(CURDIR)/$(BIN):$$PATH" pytest -m "not slow" -n $(CORES)

test: .venv/installed-dev
	PATH="$(CURDIR)/$(BIN):$$PATH" pytest -n $(CORES) --dist loadfile

check: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/mypy
	$(BIN)/codespell
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --lint

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; set PYTHON" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/installed: envs/requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r $<
	touch $@

.venv/installed-dev: envs/requirements-dev.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r $<
	touch $@ .venv/installed

lock:
	for part in requirements requirements-dev; do \
	  uv pip compile --quiet --python-version 3.11 --universal --generate-hashes --no-emit-index-url \
	    --no-header --no-annotate envs/$$part.in -o envs/$$part.txt && cat envs/rbo.txt >> envs/$$part.txt; done
	for part in requirements-slurm requirements-causal; do \
	  uv pip compile --quiet --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-deps \
	    --no-header --no-annotate envs/$$part.in -o envs/$$part.txt; done
