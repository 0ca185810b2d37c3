"""Asynchronous tests and fixtures, and the tasks, threads and processes that they make."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite

pytestmark = pytest.mark.as_user

ASYNCIO = ("-p", "asyncio", "-o", "asyncio_default_fixture_loop_scope=function", "--netns-mode=auto")


@pytest.mark.oldest_python
@pytest.mark.parametrize("scope", ["function", "class", "module", "session"])
def test_pytest_asyncio_runs_tests_in_their_namespaces(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, scope: str
) -> None:
    """Loops of wider scopes start on the host's network, and their background tasks open no socket in a test's.

    Tasks that a test leaves running get an error in the next.
    """
    monkeypatch.setenv("LOOP_SCOPE", scope)
    result = suite("asynchronous/pytest_asyncio_scopes", *ASYNCIO, sockets="asynchronous/sockets")
    result.assert_outcomes(passed=3 if scope == "function" else 6)


@pytest.mark.oldest_python
def test_a_thread_that_inherits_the_context_is_in_no_block(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Since Python 3.14, if told so or without the GIL, threads start with the context of the code that starts them."""
    monkeypatch.setenv("PYTHON_THREAD_INHERIT_CONTEXT", "1")
    result = suite("asynchronous/inherited_context", *ASYNCIO, sockets="asynchronous/sockets")
    result.assert_outcomes(passed=3)


def test_pytest_asyncio_needs_no_marker_in_its_auto_mode(suite: Suite) -> None:
    result = suite("asynchronous/auto_mode", *ASYNCIO, "--asyncio-mode=auto", sockets="asynchronous/sockets")
    result.assert_outcomes(passed=4)


@pytest.mark.oldest_python
def test_anyio_runs_tests_in_their_namespaces(suite: Suite) -> None:
    """On asyncio and on trio, where fixtures and tests of a module share one task."""
    result = suite("asynchronous/anyio_plugin", "-p", "anyio", "--netns-mode=auto", sockets="asynchronous/sockets")
    result.assert_outcomes(passed=10)


@pytest.mark.oldest_python
def test_unittest_runs_async_tests_in_their_namespaces(suite: Suite) -> None:
    result = suite("asynchronous/isolated_test_cases", "--netns-mode=auto", sockets="asynchronous/sockets")
    result.assert_outcomes(passed=2)


def test_pools_and_processes_of_an_async_block_stand_in_its_namespace(suite: Suite) -> None:
    """Pools that were made before, the default ones, and processes of every start method."""
    result = suite(
        "asynchronous/pools_and_processes",
        "--netns-mode=auto",
        "-Wdefault",  # Python 3.12 warns of fork() in a process with threads
        sockets="asynchronous/sockets",
    )
    result.assert_outcomes(passed=9)
