"""What the tests of explanations share: an error is made for real, and its explanation is asserted as text."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pytest_netns_mysql import MySQLServer
from pytest_netns_mysql.report.explanations.context import Context
from pytest_netns_mysql.report.explanations.errornumbers import explain
from pytest_netns_mysql.report.reportdata import Explanation


class Explained:
    """The explanations of errors that calls end with."""

    def __init__(self, server: MySQLServer) -> None:
        self.context = Context(server.network, [server], began=time.time())

    def __call__(self, call: Callable[[], object], **context: Any) -> Explanation:
        """Return the explanation of the error that a call ends with; ``context`` replaces parts of the context."""
        __tracebackhide__ = True
        with pytest.raises(Exception) as caught:  # noqa: PT011 - of any driver
            call()
        found = explain(caught.value, replace(self.context, **context))
        assert found is not None, f"no explanation of {caught.value!r}"
        assert len(found.what) <= 150, found.what
        assert len(found.details) <= 3
        assert len(found.remedies) <= 2
        return found


@pytest.fixture
def explained(netns_mysqld: MySQLServer) -> Explained:
    """A function that returns the explanation of the error that a call ends with."""
    return Explained(netns_mysqld)


def run(connection: Any, *statements: str) -> None:
    """Run statements in a connection of any driver."""
    cursor = connection.cursor()
    for statement in statements:
        cursor.execute(statement)
        if cursor.description:
            cursor.fetchall()
    cursor.close()
