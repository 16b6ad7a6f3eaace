# Two commands do it all on a machine with Python 3.11+ and make: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin

# Compiled files are kept, or each of the many processes would compile its imports again.
unexport PYTHONDONTWRITEBYTECODE

# What requirements.lock holds: all but `econml`, whose 8 packages only those need who ask for them.
LOCKED := sql streams features dags console intake scenarios local dev
SERVICES := kafka or clickhouse or airflow or browser

.PHONY: demo test quick lint types unit faults bench format lock clean
.DELETE_ON_ERROR:

demo: .venv/ready
	$(BIN)/flowdrop demo

test: lint types unit

lint: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/ready
	$(BIN)/mypy

# What needs no service, while one works; `make test` is the whole.
quick: lint types
	$(BIN)/pytest --quiet --numprocesses 3 --dist loadfile --no-loadscope-reorder -m "not long and not ($(SERVICES))"

# Two cores; modules that start services are begun first (tests/conftest.py).
unit: .venv/ready
	$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

# A thousand simulated runs, then hours of faults on real processes; docs/simulator.md, faults.md.
# Then what tests draw at random, in its long form (tests/long.py).
faults: .venv/ready
	$(BIN)/python -m tests.simulator --seeds 0-999
	$(BIN)/python -m tests.faults
	FLOWDROP_FAULTS_REPEAT=20 $(BIN)/pytest tests/streams/test_full_disk.py
	FLOWDROP_BACKFILL_DAYS=30 $(BIN)/pytest tests/dags/test_schedule.py
	FLOWDROP_TEST_LONG=1 $(BIN)/pytest tests/scenarios tests/console tests/sql tests/benchmarks \
	  tests/features/lifecycle tests/streams/test_feed.py

# Measures everything (over an hour) and writes the tables of docs/benchmarks.md.
bench: .venv/ready
	$(BIN)/python -m benchmarks.page

format: .venv/ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# uv comes by pip, checked against the lock file like everything else.
.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "flowdrop needs Python 3.11 or newer; name it: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -c "import re,pathlib; t=pathlib.Path('requirements.lock').read_text(); pathlib.Path('.venv/uv.lock').write_text(re.search(r'^uv==.*?(?=^\S)', t, re.M|re.S)[0])"
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.lock
	VIRTUAL_ENV=.venv $(BIN)/uv pip sync --quiet --require-hashes requirements.lock
	VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --no-deps --editable .
	touch $@

lock:
	$(BIN)/uv pip compile --universal --generate-hashes $(LOCKED:%=--extra %) --python-version 3.11 --no-header pyproject.toml -o requirements.lock

clean:
	rm -rf .venv build
