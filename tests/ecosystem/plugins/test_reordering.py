"""Plugins and options that reorder, repeat or leave out tests: none makes a plain test fail."""

from __future__ import annotations

import os
import sys

import pytest

from tests.ecosystem.plugins.conftest import Beside, each_setting
from tests.support.suites import InnerRun
from tests.support.terminal import Terminal

pytestmark = pytest.mark.as_user

IS_ROOT = os.geteuid() == 0
NOTE = "netns: without root, netns tests run after all others; *"
# numpy's OpenBLAS starts a thread for each processor when it is imported, and pytest-randomly imports numpy.
NUMPY = "import numpy\n"


def order(result: InnerRun) -> list[str]:
    return [line.split("::")[1].split()[0] for line in result.outlines if " PASSED" in line]


@pytest.mark.parametrize("late", [(), ("--order-after-ff", "--ff")], ids=["", "after --ff"])
def test_pytest_order_orders_netns_tests_and_plain_tests(beside: Beside, late: tuple[str, ...]) -> None:
    beside.write("ordered", places="places")
    result = beside.run("-v", *late, plugins=["pytest_order"])
    result.assert_outcomes(passed=4)
    if IS_ROOT:
        assert order(result) == ["test_first", "test_unordered", "test_after_a_netns_test", "test_last"]
    else:
        assert order(result) == ["test_unordered", "test_after_a_netns_test", "test_last", "test_first"]
        result.stdout.fnmatch_lines([NOTE])


@pytest.mark.parametrize("hook", ["pytest_collection_modifyitems", "pytest_collection_finish"])
@pytest.mark.parametrize("when", ["tryfirst", "trylast", "wrapper=True, tryfirst", "wrapper=True, trylast"])
def test_a_plugin_that_reorders_late_makes_no_plain_test_fail(
    beside: Beside, pytester: pytest.Pytester, hook: str, when: str
) -> None:
    items, change = ("items", "items.reverse()") if "modify" in hook else ("session", "session.items.reverse()")
    body = f"    yield\n    {change}" if "wrapper" in when else f"    {change}"
    reversing = f"import pytest\n\n@pytest.hookimpl({when}=True)\ndef {hook}({items}):\n{body}\n"
    pytester.makepyfile(reversing=reversing)
    beside.write("stopping", places="places")
    (beside.path / "failing").write_text("")
    result = beside.run("-v", plugins=["reversing"])
    result.assert_outcomes(passed=3)
    assert order(result) == (
        ["test_blue", "test_plain", "test_red"] if IS_ROOT else ["test_plain", "test_blue", "test_red"]
    )


@each_setting
@pytest.mark.parametrize("arguments", [(), ("-n2", "--dist=loadscope")], ids=["one process", "xdist"])
def test_pytest_randomly_beside_numpy_which_starts_threads(
    beside: Beside, pytester: pytest.Pytester, arguments: tuple[str, ...]
) -> None:
    pytester.makeconftest(NUMPY)
    beside.write("base")
    beside.run("-p", "randomly", *arguments, "--randomly-seed=7", plugins=["xdist"]).assert_outcomes(passed=10)


def test_pytest_repeat_repeats_a_test_in_each_of_its_namespaces(beside: Beside) -> None:
    beside.write("repeated", places="places")
    beside.run(plugins=["pytest_repeat"]).assert_outcomes(passed=6)


def test_last_failed_and_failed_first_pick_a_netns_test(beside: Beside) -> None:
    beside.write("stopping", places="places")
    (beside.path / "failing").write_text("blue")
    beside.run().assert_outcomes(passed=2, failed=1)
    (beside.path / "failing").write_text("")
    assert order(beside.run("--lf", "-v")) == ["test_blue"]
    (beside.path / "failing").write_text("blue")
    beside.run().assert_outcomes(passed=2, failed=1)
    (beside.path / "failing").write_text("")
    result = beside.run("--ff", "-v")
    assert order(result) == (
        ["test_blue", "test_red", "test_plain"] if IS_ROOT else ["test_plain", "test_blue", "test_red"]
    )


def test_stepwise_leaves_out_no_test_that_has_not_run(beside: Beside) -> None:
    """Without root the plain test runs first, although it is written behind a netns test."""
    beside.write("stopping", places="places")
    (beside.path / "failing").write_text("plain")
    beside.run("--sw").assert_outcomes(passed=1 if IS_ROOT else 0, failed=1)
    (beside.path / "failing").write_text("blue")
    beside.run("--sw").assert_outcomes(passed=1 if IS_ROOT else 2, failed=1)
    (beside.path / "failing").write_text("")
    beside.run("--sw").assert_outcomes(passed=1)


def test_a_run_stops_after_a_failing_netns_test_or_has_the_debugger_there(beside: Beside) -> None:
    beside.write("stopping", places="places")
    (beside.path / "failing").write_text("red blue")
    beside.run("-x").assert_outcomes(passed=0 if IS_ROOT else 1, failed=1)
    with Terminal([sys.executable, "-m", "pytest", "-p", "netns_mysql", "--pdb", "-x"], beside.path) as terminal:
        terminal.expect("(Pdb)")
        terminal.enter("len({network(), named('red'), HOST})\n")
        terminal.expect("2\n(Pdb)")
        terminal.enter("q\n")
        terminal.expect("1 failed")
