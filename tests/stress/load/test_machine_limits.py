"""Limits of the machine: what reaches one says which, how high it is, and what to do."""

from __future__ import annotations

import re

import pytest

from tests.support.stress import check
from tests.support.suites import Suite, parts_of_failure

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

AREA = "Load"


def test_what_reaches_a_limit_names_it(suite: Suite, is_root: bool) -> None:
    result = suite("load/machine_limits", "--netns-topology=red-blue")
    names = ["test_sockets", "test_sockets_beside_a_server", "test_connections[mysql.connector]"]
    names += ["test_connections[pymysql]", "test_programs"]
    faults = []
    for name in names:
        because = " ".join(parts_of_failure(result, name)["because"])
        if not re.fullmatch(
            r"this process has as many open files as it may have: ulimit -n is \d+ open are \d+ .*"
            r"do: close what is no longer needed; connections of netns_connect stay open until the test ends "
            r"do: or(, as root,)? raise the limit: ulimit -n \d+",
            because,
        ):
            faults.append(f"{name}: {because}")
    check(AREA, "tests that open more files than they may: the report names the limit", len(names), faults)
    if is_root:
        result.assert_outcomes(failed=len(names), errors=3, passed=3, skipped=1)
    else:
        result.assert_outcomes(failed=len(names) + 1, errors=3, passed=3)
        assert parts_of_failure(result, "test_threads_of_mysqld")["because"][0].startswith(
            "mysqld could not start a thread for the connection: ulimit -u is 1"
        )
    result.stdout.fnmatch_lines(
        [
            "EndpointError: bind_address = '127.0.0.1': port 3306 is taken there",
            "  where: server same",
            "  do: give one of the two servers another bind_address, or another port: options={'port': 3307}",
            "EndpointError: bind_address = '[*]': port 3306 is taken there",
            "EndpointError: bind_address = '127.0.0.1': port 33062 is taken there",
            "  where: server admin_too",
        ]
    )
