# Everything is made from nothing: `make demo` and `make test` need Python 3.11 to 3.13 alone.

PYTHON ?= $(firstword $(foreach version,3.13 3.12 3.11,$(shell python$(version) -c 'print("python$(version)")' 2>/dev/null)) python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
MEASURABLE := $(VENV)/.measurable
SEED ?= 1
MINUTES ?= 55
# Output of targets that run side by side, one after the other; make 3.81 cannot.
SYNC := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

.PHONY: demo test test-training test-rest test-kernel test-model lint types campaign benchmark check-python clean

demo: $(INSTALLED)
	@echo "Learning the bundled quatrains for two minutes ..."
	$(BIN)/charrnn train quatrains --name demo --minutes 2 --overwrite
	@echo; echo "Four poems it wrote:"; echo
	@$(BIN)/charrnn generate demo --count 4
	@echo; echo "Go on: .venv/bin/charrnn generate demo, .venv/bin/charrnn repl demo, .venv/bin/charrnn train FILE"

# XLA frees nothing that it has compiled, so the tests that use it run in processes of their own.
test: lint types
	@$(MAKE) --no-print-directory --jobs 2 $(SYNC) test-training test-rest test-kernel test-model

test-training: $(INSTALLED)
	$(BIN)/pytest tests/training

test-rest: $(INSTALLED)
	$(BIN)/pytest --ignore tests/model --ignore tests/training

test-kernel: $(INSTALLED)
	$(BIN)/pytest tests/model/test_kernel.py

test-model: $(INSTALLED)
	$(BIN)/pytest tests/model --ignore tests/model/test_kernel.py

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(INSTALLED)
	$(BIN)/mypy

# Cases of what must never happen, drawn from a seed; see docs/reliability.md.
campaign: $(INSTALLED)
	$(BIN)/python -m tests.campaign --seed $(SEED) --minutes $(MINUTES) $(OPTIONS)

benchmark: $(MEASURABLE)
	@mkdir -p build
	$(BIN)/python -m benchmarks.training --json build/benchmark.json $(OPTIONS)

# Torch that is there already is kept, so that it may be the smaller build for CPUs.
$(MEASURABLE): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --group benchmark
	@touch $@

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "charrnn needs Python 3.11, 3.12 or 3.13; make demo PYTHON=python3.12 names one."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable ".[chinese,english]" --group dev
	@touch $@

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
