"""Proxies in suites: what of them is refused at collection, and what is left when pytest is killed."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from pytest_netns_mysql import settings
from pytest_netns_mysql.run.serverkinds import ServerKinds
from tests.support.processes import wait_for_end, wait_for_file
from tests.support.suites import Suite, source

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("fixture", "told"),
    [
        ('factories.router(namespace="green")', "there is no namespace 'green'"),
        ('factories.proxy(["p"], namespace="green")', "there is no namespace 'green'"),
        (
            'factories.proxy(["p", "{adress}"], namespace="red")',
            "argv has *: there is no placeholder {adress}",
        ),
        ('factories.proxy(["p", "{"], namespace="red")', "argv has '{': there is a single brace"),
        ('factories.proxy(["p", 3306], namespace="red")', "argv has 3306: a word must be a string or a path"),
        (
            'factories.proxy("haproxy -f x", namespace="red")',
            "argv must be a list of a program and its arguments, got 'haproxy -f x'",
        ),
        ('factories.proxy([], namespace="red")', "argv must be a list of a program and its arguments, got [[][]]"),
        ('factories.proxy(["p"], namespace="red", port=70000)', "port must be a number from 1 to 65535, got 70000"),
        ('factories.router(namespace="red", port="6446")', "port must be a number from 1 to 65535, got '6446'"),
    ],
)
def test_a_mistake_is_told_at_collection(suite: Suite, fixture: str, told: str) -> None:
    result = suite(
        f"""
        from pytest_netns_mysql import factories

        between = {fixture}

        def test_it(between): pass
        """
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [f"*{told}", "*where: factories.* of the fixture between, for test_inner.py::test_it", "*do: *"]
    )


def test_without_router_and_without_apt_it_is_told_what_to_do(
    suite: Suite, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the sandbox is made: the rest of the run is not touched."""
    server = ServerKinds(settings.resolve(settings.environment), print).find("auto")  # fetched before there is no apt
    monkeypatch.setenv("PATH", str(pytester.path))
    result = suite(
        "proxies/router",
        f"--netns-cache={pytester.path / 'cache'}",
        f"--netns-mysqld={server.name}",
    )
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "*MySQL Router was not found, and cannot be fetched: this machine has no apt-get*",
            "*tried: mysqlrouter on PATH",
            "*tried: */cache/servers: none fetched earlier",
            "*do: run `netns-mysql fetch router` where the package sources can be reached",
            "*do: install MySQL Router, so that mysqlrouter is on PATH*",
        ]
    )


@pytest.mark.parametrize("mode", ["auto", "rootless"])
def test_sigkill_leaves_no_proxy(pytester: pytest.Pytester, mode: str) -> None:
    pytester.makepyfile(source("proxies/waiting"))
    command = [sys.executable, "-m", "pytest", f"--netns-mode={mode}", "-p", "no:cacheprovider", str(pytester.path)]
    process = subprocess.Popen(command, cwd=pytester.path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    file = pytester.path / "pid"
    try:
        wait_for_file(file, process)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    wait_for_end(int(file.read_text()))
