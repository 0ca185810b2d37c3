"""Fixtures of wider scopes stand outside of all namespaces, and what they connect to is never silently elsewhere."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]


@pytest.mark.parametrize("mode", ["auto", "rootless"])
def test_a_wider_fixture_does_not_connect_to_the_topology_from_outside(suite: Suite, mode: str) -> None:
    suite("wide_fixtures/connecting", f"--netns-mode={mode}").assert_outcomes(passed=5)


def test_the_error_of_a_wider_fixture_is_shown_once(suite: Suite) -> None:
    text = """
        import socket
        import pytest

        @pytest.fixture(scope="session")
        def connection(netns_mysqld):
            return socket.create_connection(("192.0.2.2", 3306))

        @pytest.mark.netns("red")
        def test_it(connection): ...
    """
    result = suite(text)
    result.assert_outcomes(errors=1)
    assert len([line for line in result.outlines if line.startswith("OriginError: the session-scoped fixture")]) == 1
    assert "where no endpoint can be reached" not in result.stdout.str()


def test_a_server_that_is_not_found_is_no_question_of_where_a_fixture_runs(suite: Suite) -> None:
    conftest = """
        from dataclasses import replace
        def pytest_netns_server_spec(spec): return replace(spec, mysqld="./nowhere")
    """
    result = suite("def test_it(netns_mysqld): ...", "--netns-start=late", conftest=conftest)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*ServerNotFoundError: *nowhere does not exist"])
    assert "where no endpoint can be reached" not in result.stdout.str()


def test_another_error_of_a_wider_fixture_has_a_hint(suite: Suite) -> None:
    text = """
        import pytest

        @pytest.fixture(scope="session")
        def connection(netns_mysqld):
            raise OSError("no route")

        @pytest.mark.netns("red")
        def test_it(connection): ...
    """
    result = suite(text)
    result.assert_outcomes(errors=1)
    hint = "the session-scoped fixture connection runs outside of all namespaces, where no endpoint can be reached: *"
    result.stdout.fnmatch_lines([hint])
