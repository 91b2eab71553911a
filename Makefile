# make demo  runs the main job on the shipped data;  make test  passes the tests. Both do all the set-up.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
WHATWORKS := $(BIN)/whatworks
PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check

# make lock LOCK=--upgrade takes the newest versions; without it only what pyproject.toml asks for changes.
LOCK ?=
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--no-emit-index-url --custom-compile-command 'make lock' $(LOCK) pyproject.toml

.PHONY: help setup servers owl spark demo test slow coverage lock sbom release clean

help:
	@echo "make demo      check the shipped graph, answer three questions, show one intervention as JSON-LD"
	@echo "make test      run the tests"
	@echo "make slow      run the tests that take long: other engines, kills, wheels, all against all"
	@echo "make servers   put the servers that the tests ask into build/servers"
	@echo "make owl       put the OWL API and HermiT, which run in Java, into the environment"
	@echo "make spark     put Apache Spark, which one test runs, into build/spark (430 MB; needs Java 17)"
	@echo "make coverage  run all tests under measurement and say what they do not reach"
	@echo "make setup     make the environment $(VENV) that both use"
	@echo "make lock      renew requirements/ after a change of dependencies (LOCK=--upgrade: the newest versions)"
	@echo "make sbom      renew the bill of materials after a change of version"
	@echo "make release   put sdist, wheel, bill of materials and checksums of the version into dist/"
	@echo "make clean     remove the environment"

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "whatworks needs Python 3.11 or newer; say which: make demo PYTHON=python3.12")'
	@echo "Setting up $(VENV) (once, a minute or two) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --require-hashes --only-binary :all: --requirement requirements/dev.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q src/whatworks
	@touch $@

demo: setup
	@echo
	@echo "1. Check the shipped graph with its shapes: nothing may be wrong, and nothing personal may be in it."
	@echo "   \$$ whatworks check --profile publication | tail -n 1"
	@$(WHATWORKS) check --profile publication --output $(VENV)/report.txt 2>/dev/null; tail -n 1 $(VENV)/report.txt
	@echo "   What is missing, record by record: whatworks check"
	@echo
	@echo "2. A stored query: which success factors recur?"
	@echo "   \$$ whatworks query success-factor-themes --limit 5"
	@$(WHATWORKS) query success-factor-themes --limit 5 --format table
	@echo "   All questions: whatworks queries"
	@echo
	@echo "3. A stored query with parameters: mainstreamed interventions in Belgium."
	@echo "   \$$ whatworks query interventions --country Belgium --stage mainstreamed"
	@$(WHATWORKS) query interventions --country Belgium --stage mainstreamed --format table
	@echo "   Other parameters: whatworks query interventions --help"
	@echo
	@echo "4. A stored query: which pilots became regular provision, and after how long?"
	@echo "   \$$ whatworks query pilots-mainstreamed --limit 5"
	@$(WHATWORKS) query pilots-mainstreamed --limit 5 --format table
	@echo "   The SPARQL behind it: whatworks query pilots-mainstreamed --show"
	@echo
	@echo "5. One intervention as JSON-LD."
	@echo "   \$$ whatworks export expairs-project --format jsonld"
	@$(WHATWORKS) export expairs-project --format jsonld
	@echo "   To read it as a person: whatworks show expairs-project"
	@echo
	@echo "Done. The command is $(WHATWORKS); start with: $(WHATWORKS) queries"

# SPARQL and web servers for the tests, and the shapes of DCAT-AP, in build/servers; what cannot be had is said, and its tests are skipped.
servers: setup
	@$(BIN)/python -m tests.endpoints

# Spark for its test; far larger than all else together, so it is no part of setup or test.
spark: setup
	@$(PIP) --upgrade --target build/spark 'pyspark>=4.0,<5'

# The OWL API and HermiT for tests/test_owl.py, where there is Java for them; else that test is skipped.
owl: setup
	@if [ -z "$$JAVA_HOME" ] && ! command -v java >/dev/null; then echo "The OWL API is left out: there is no Java."; \
	elif ! cmp -s requirements/owl.txt $(VENV)/.owl; then \
	$(PIP) --require-hashes --no-deps --only-binary :all: --requirement requirements/owl.txt \
	&& cp requirements/owl.txt $(VENV)/.owl && echo "The OWL API is there." || echo "The OWL API is left out."; \
	else echo "The OWL API is there."; fi

# make test is for every change; what needs minutes (all against all, other engines, kills, wheels) is in make slow. The gate
# runs both at once, with make test ALL=1, so that no processor waits twice for the last file, but for what is marked long.
# There the examples of Hypothesis are the same every time: what it says depends on the code alone. Elsewhere they are new.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist loadfile

test: setup servers owl
	@$(PYTEST) $(if $(ALL),-m "not long" --durations 25 --hypothesis-profile ci,-m "not slow")

slow: setup servers owl
	@$(PYTEST) -m slow

# Too slow for the gate.
coverage: setup servers owl
	@COVERAGE_FILE=$(CURDIR)/build/coverage/data $(PYTEST) \
		--cov --cov-report term-missing:skip-covered --cov-fail-under 95

# The bill of materials needs the licences of what is installed on other systems and Pythons as well:
# Windows with Python 3.11 needs every package of requirements/run.txt.
lock: setup
	$(COMPILE) --extra dev --output-file requirements/dev.txt
	$(COMPILE) --constraint requirements/dev.txt --output-file requirements/run.txt
	$(COMPILE:pyproject.toml=) --no-deps requirements/owl.in --output-file requirements/owl.txt
	rm -rf build/run
	$(BIN)/uv pip install --quiet --target build/run --python-platform windows --python-version 3.11 \
		--require-hashes --no-deps --only-binary :all: --requirement requirements/run.txt
	$(BIN)/python requirements/sbom.py build/run

sbom: setup
	$(BIN)/python requirements/sbom.py

# Version, changelog and citation must agree, and all must be committed: docs/how-to/package.md.
release: setup
	@$(BIN)/python requirements/release.py

clean:
	rm -rf $(VENV) build dist
