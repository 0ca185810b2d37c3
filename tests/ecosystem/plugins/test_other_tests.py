"""Tests that are no plain functions: scenarios, subtests, unittest, doctests, examples of hypothesis, coroutines."""

from __future__ import annotations

import pytest

from tests.ecosystem.plugins.conftest import Beside
from tests.ecosystem.plugins.rows import ROWS

pytestmark = pytest.mark.as_user


def test_scenarios_of_pytest_bdd_run_where_their_marker_or_tag_says(beside: Beside) -> None:
    beside.write("scenarios", places="places")
    beside.run(plugins=["pytest-bdd"]).assert_outcomes(passed=3)


@pytest.mark.parametrize("version", [8, 9])
def test_a_subtest_fails_alone_and_its_test_goes_on_in_place(
    beside: Beside, version: int, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Subtests are part of pytest 9; for pytest 8 they are the plugin pytest-subtests."""
    if version == 8:
        monkeypatch.setenv("PYTHONPATH", str(request.getfixturevalue("pytest8")), prepend=":")
    beside.write("subtested", places="places")
    result = beside.run(plugins=["subtests"] if version == 8 else [])
    text = result.stdout.str()
    assert "test_red" in text
    for failed in ("[fails in blue]", "[fails]"):
        assert failed in text
    for passed in ("[plain]", "[red]", "[blue]", "[goes on in red]", "[goes on in blue]"):
        assert f"FAIL{passed}" not in text
    assert result.ret == 1


def test_cases_of_unittest_run_where_their_markers_say(beside: Beside) -> None:
    beside.write("cases", places="places")
    beside.run().assert_outcomes(passed=10)


def test_doctests_that_ask_for_fixtures_are_netns_tests(beside: Beside) -> None:
    beside.write("base", places="places", documented="documented", conftest="documented_conftest")
    beside.run("--doctest-modules", "documented.py", "test_base.py").assert_outcomes(passed=16)


def test_examples_of_hypothesis_share_the_namespace_and_may_not_share_a_connection(beside: Beside) -> None:
    beside.write("given", places="places")
    result = beside.run(plugins=["hypothesispytest"])
    result.assert_outcomes(passed=6, failed=1)
    result.stdout.fnmatch_lines(
        [
            "FAILED test_given.py::test_health_check - hypothesis.errors.FailedHealthCheck: *uses a function-scoped "
            "fixture 'netns_mysql'.*"
        ]
    )


def test_coroutines_of_pytest_asyncio_and_the_threads_of_their_loop_are_where_the_marker_says(beside: Beside) -> None:
    beside.write("asynchronous", places="places", ini=ROWS["pytest-asyncio"].ini)
    beside.run(plugins=["asyncio"]).assert_outcomes(passed=4)


def test_coroutines_of_anyio_and_their_threads_are_where_the_marker_says(beside: Beside) -> None:
    beside.write("with_anyio", places="places")
    beside.run(plugins=["anyio"]).assert_outcomes(passed=8)
