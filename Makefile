# The project's own checks, in its virtual environment. `make check` is what continuous integration runs.
BIN = .venv/bin

.PHONY: check lint types tests format
check: lint types tests

lint: $(BIN)/ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(BIN)/mypy
	$(BIN)/mypy

tests:
	tests/run

format: $(BIN)/ruff
	$(BIN)/ruff format .

$(BIN)/ruff $(BIN)/mypy:
	./install.sh tests
