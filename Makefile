# `make demo` shows five short scenes, `make examples` runs all examples, `make test` the tests of a few minutes,
# `make test-all` everything, `make stress` the long form of the stress tests, whose figures it writes to
# docs/explanation/stress.md.
PYTHON ?= python3
VENV ?= .venv
PIP = $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo examples test test-all stress clean

demo: $(VENV)/demo.done
	@$(VENV)/bin/python -m pytest examples/demo -c examples/demo/pytest.ini
	@echo "The scenes are tests: see examples/demo/test_demo.py. \`make examples\` runs all other examples."

examples: $(VENV)/examples.done
	$(VENV)/bin/python -m pytest examples -rP -m "not slow"

test: $(VENV)/test.done
	bash .ci/test $(VENV)/bin/python

test-all: $(VENV)/tox.done
	$(VENV)/bin/python -m tox run

stress: $(VENV)/test.done
	bash .ci/engine bash .ci/stress $(VENV)/bin/python $(ARGS)

$(VENV)/demo.done: pyproject.toml | $(VENV)/bin/python
	$(PIP) --editable .
	touch $@

$(VENV)/examples.done: pyproject.toml | $(VENV)/bin/python
	$(PIP) --editable '.[x,tls,compose]'
	touch $@ $(VENV)/demo.done

$(VENV)/test.done: pyproject.toml | $(VENV)/bin/python
	$(PIP) --upgrade "pip>=25.1"
	$(PIP) --editable '.[x,tls,compose]' --group test
	touch $@ $(VENV)/demo.done $(VENV)/examples.done

$(VENV)/tox.done: | $(VENV)/bin/python
	$(PIP) "tox>=4.22"
	touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys, venv; sys.exit(sys.version_info < (3, 10))' || { \
	    echo "Python 3.10 or newer with its venv module is needed: make PYTHON=/path/to/python3 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

clean:
	rm -rf $(VENV) .tox .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
