"""Modules with one marker each, whose argument is an odd value."""

import pytest
from oddvalues import VALUES  # noqa: F401

from pytest_netns_mysql import NetnsError

MARKERS = [
    lambda value: pytest.mark.netns.with_args(value),
    lambda value: pytest.mark.netns.with_args("red", value),
    lambda value: pytest.mark.netns("red", topology=value),
    lambda value: pytest.mark.netns("red", unknown=value),
    lambda value: pytest.mark.netns_mysqld.with_args(value),
    lambda value: pytest.mark.netns_mysqld(min=value),
    lambda value: pytest.mark.netns_mysqld(flavor=value),
    lambda value: pytest.mark.netns_mysqld(flavor=[value]),
    lambda value: pytest.mark.netns_mysqld(local=value),
]


def pytest_exception_interact(node, call, report):
    """Note what is not an error of ours, and a text that no terminal should get."""
    text = str(call.excinfo.value)
    if not isinstance(call.excinfo.value, (NetnsError, pytest.fail.Exception)):
        print(f"FAULT {node.nodeid}: {call.excinfo.typename}: {ascii(text)[:200]}")
    if not all(char.isprintable() or char == "\n" for char in text):
        print(f"FAULT {node.nodeid}: {ascii(text)[:200]}")


def pytest_collection_finish(session):
    print(f"collected {len(session.items)}")
