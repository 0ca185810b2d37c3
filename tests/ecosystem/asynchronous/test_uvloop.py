"""uvloop, whose sockets and processes are created in C."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite

pytestmark = pytest.mark.as_user


@pytest.mark.parametrize("mode", ["auto", pytest.param("rootless", marks=pytest.mark.root)])
def test_tasks_of_uvloop_are_in_two_namespaces_at_once(suite: Suite, mode: str) -> None:
    """Its clients, servers, datagrams and programs; names are resolved in the sandbox."""
    result = suite(
        "asynchronous/uvloop_side_by_side",
        *("-p", "netns_mysql", f"--netns-mode={mode}"),  # nothing is loaded by itself here
        sockets="asynchronous/sockets",
    )
    result.assert_outcomes(passed=5)
