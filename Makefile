# Two commands do everything: `make demo` runs the examples, `make test` passes the tests.
PYTHON ?= python3
VENV ?= .venv

.PHONY: demo test clean

demo: $(VENV)/demo.done
	$(VENV)/bin/python -m pytest examples -rP -m "not slow"

test: $(VENV)/test.done
	$(VENV)/bin/python -m tox run

$(VENV)/demo.done: pyproject.toml | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[x,tls]'
	touch $@

$(VENV)/test.done: | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check "tox>=4.22"
	touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys, venv; sys.exit(sys.version_info < (3, 10))' || { \
	    echo "Python 3.10 or newer with its venv module is needed: make PYTHON=/path/to/python3 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

clean:
	rm -rf $(VENV) .tox .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
