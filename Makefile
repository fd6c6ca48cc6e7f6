# Two commands do all the set-up: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3
BIN := .venv/bin
SNAKEMAKE := $(BIN)/python -m snakemake
STUDY ?= config.yaml
CORES ?= all
GPUS ?= 1
WORKERS ?= 2
# A file's tests run one after the other, the slow files first; each worker loads the libraries, about 1 GB.
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: help demo plan clean-checkpoints install test test-cluster check lint docs stages lock

help:  ## List the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

demo: install  ## Run the digits study and print what was chosen; goes on where it was interrupted
	@$(BIN)/python workflow_scripts/run_study.py --configfile $(STUDY) --cores $(CORES)

plan: install  ## Print what a study costs before it runs: make plan STUDY=studies/cifar10.yaml GPUS=16
	@$(BIN)/python workflow_scripts/plan_study.py --configfile $(STUDY) --gpus $(GPUS)

clean-checkpoints: install  ## List checkpoints of candidates and generators that a study no longer has; DELETE=1 deletes them
	@$(BIN)/python workflow_scripts/clean_checkpoints.py --configfile $(STUDY) $(if $(DELETE),--delete)

install: .venv/installed  ## Create .venv with the tested versions of requirements.lock

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"Python 3.11 or newer is needed, {sys.version.split()[0]} was found; set PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

test: install lint  ## Run every check but those of test-cluster, small studies included: ten minutes on two cores
	$(PYTEST)

check: install lint  ## Run the fast checks: two minutes
	$(PYTEST) -m "not slow"

test-cluster: install  ## Run small studies under faults, and on a SLURM brought up for it; TESTS="-m short" a part of it
	$(BIN)/python -m pytest tests/cluster $(TESTS)

lint: install  ## Check format and style of code and workflow
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m snakefmt --check Snakefile rules
	$(SNAKEMAKE) --lint

docs: install  ## Write the documents that are generated from the code: tables and the configuration's schema
	$(BIN)/python -m understudy.documents

stages: install  ## Record the code of the expensive stages, after a change that understudy/stages.py speaks of
	@$(BIN)/python -m understudy.dependencies

lock: install  ## Resolve requirements.lock anew from the ranges of pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/python -m uv pip compile --universal --python-version 3.11 --no-header --no-annotate \
		--no-emit-index-url --group development pyproject.toml -o requirements.lock
