"""Plugins that end tests, run them again or run them in other processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ecosystem.plugins.conftest import Beside, each_setting
from tests.support.processes import wait_for_end

pytestmark = pytest.mark.as_user


def test_a_timeout_by_signal_ends_its_test_alone(beside: Beside) -> None:
    """Also while the server starts, whose fixture the next tests share."""
    beside.write("timeouts", places="places")
    # On a busy machine the first test may end while a module is imported, which leaves its file open.
    lenient = "-Wignore::pytest.PytestUnraisableExceptionWarning"
    result = beside.run("--timeout-method=signal", "--timeout=60", lenient, plugins=["timeout"])
    result.assert_outcomes(passed=3, failed=2, errors=2)
    result.stdout.fnmatch_lines(
        [
            "FAILED test_timeouts.py::test_ends_in_red - Failed: Timeout (>0.3s) from pytest-timeout.",
            "FAILED test_timeouts.py::test_ends_in_a_block - Failed: Timeout (>0.3s) from pytest-timeout.",
            "ERROR test_timeouts.py::test_ends_while_the_server_starts - Failed: Timeout (>3.0s) from pytest-timeout.",
            "ERROR test_timeouts.py::test_ends_in_a_fixture - Failed: Timeout (>0.3s) from pytest-timeout.",
        ]
    )


@each_setting
def test_a_timeout_by_thread_ends_the_run_and_its_server(beside: Beside) -> None:
    beside.write("hanging", ini=["timeout = 1", "timeout_func_only = true"])
    result = beside.run("-k", "with_a", "--timeout-method=thread", plugins=["timeout"])
    assert result.ret == 1
    assert "Timeout" in result.stderr.str() + result.stdout.str()
    wait_for_end(int((beside.path / "pid").read_text()))


@each_setting
def test_faulthandler_timeout_shows_where_a_netns_test_hangs(beside: Beside) -> None:
    beside.write("hanging", ini=["faulthandler_timeout = 1", "timeout = 2", "timeout_func_only = true"])
    result = beside.run("-k", "ready or without", plugins=["timeout"])
    result.assert_outcomes(passed=1, failed=1)
    assert "in test_without_a_server" in result.stderr.str()


@pytest.mark.parametrize("arguments", [(), ("-n2",)], ids=["one process", "xdist"])
def test_a_rerun_is_in_the_same_place_with_a_fresh_schema(beside: Beside, arguments: tuple[str, ...]) -> None:
    beside.write("flaky", places="places")
    result = beside.run("--reruns=1", *arguments, plugins=["xdist", "rerunfailures"])
    assert result.parseoutcomes() == {"passed": 4, "rerun": 4}


def test_the_marker_of_pytest_forked_is_refused_on_a_netns_test(
    beside: Beside, pytester: pytest.Pytester, pytest8: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(pytest8), prepend=":")
    beside.write()
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.forked
        def test_plain(): pass

        @pytest.mark.forked
        @pytest.mark.netns("red")
        def test_netns(): pass
        """
    )
    result = beside.run("-Wdefault", plugins=["pytest_forked"])
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*pytest-forked runs this test in a child process, which cannot use the sandbox*"])


def test_pytest_forked_fails_with_pytest_9_2_by_itself(beside: Beside, pytester: pytest.Pytester) -> None:
    """The table says so: when a new pytest-forked makes this test fail, the table is to change."""
    beside.write()
    pytester.makepyfile("def test_plain(): pass")
    result = beside.run("--forked", "-Wdefault", "-p", "no:netns_mysql", plugins=["pytest_forked"])
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*running the test EXITED with status 3"])
