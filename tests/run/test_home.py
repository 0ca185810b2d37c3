"""After a netns test: root goes home, everybody else is behind a one-way door, and is told so."""

from __future__ import annotations

import pytest

from tests.support.suites import InnerRun, Suite


def order(result: InnerRun) -> list[str]:
    return [line.split("::")[1].split()[0] for line in result.stdout.lines if "::" in line and "PASSED" in line]


def test_root_goes_home_after_every_netns_test(suite: Suite, is_root: bool) -> None:
    result = suite("home/plain_and_netns", "-v")
    result.assert_outcomes(passed=5)
    written = ["test_before", "test_red", "test_between", "test_global", "test_after"]
    last = ["test_before", "test_between", "test_after", "test_red", "test_global"]
    assert order(result) == (written if is_root else last)


def test_rootless_orders_netns_tests_last_and_keeps_the_order_otherwise(suite: Suite) -> None:
    result = suite("home/plain_and_netns", "-v", "--netns-mode=rootless")
    result.assert_outcomes(passed=5)
    assert order(result) == ["test_before", "test_between", "test_after", "test_red", "test_global"]


def test_behind_the_door_another_test_fails_and_says_why(suite: Suite, as_written: tuple[str, str]) -> None:
    result = suite("home/plain_and_netns", *as_written, "--netns-mode=rootless")
    result.assert_outcomes(passed=3, errors=2)
    result.stdout.fnmatch_lines(
        [
            "this test has no netns marker and comes after a netns test: without root the process cannot go back, "
            "so the host's network is gone",
            "  do: keep the order that the plugin gives, netns tests last; with xdist --dist load or worksteal",
            "  do: run as root, or split the run: netns tests in one, the others in another",
            "  do: netns_other_tests = allow, if this test needs no network",
        ]
    )


def test_a_test_that_needs_no_network_may_be_allowed_behind_the_door(suite: Suite, as_written: tuple[str, str]) -> None:
    result = suite(
        "home/allowed_in_sandbox",
        *(*as_written, "--netns-mode=rootless", "--netns-other-tests=allow"),
    )
    result.assert_outcomes(passed=2)


def test_a_fixture_asked_for_at_run_time_is_noticed_too(suite: Suite) -> None:
    result = suite(
        "home/fixture_at_run_time",
        "--netns-mode=rootless",
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*so the host's network is gone"])


def test_a_thread_that_a_test_left_elsewhere_is_brought_home(suite: Suite) -> None:
    result = suite(
        "home/left_elsewhere",
        "-Wdefault",
    )
    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines(
        ["*NetnsWarning: the block of red at test_inner.py:* was still open when the test ended*"]
    )


def test_the_run_stops_where_the_thread_cannot_be_brought_home(suite: Suite) -> None:
    result = suite("home/no_way_home")
    result.assert_outcomes(failed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*SandboxError: the thread could not be brought back from the namespace that this test left it in",
            "*  where: test_inner.py::test_stray",
            "*Interrupted: the thread could not be brought back * left it in: test_inner.py::test_stray*",
        ]
    )


def test_blocks_nest_and_belong_to_their_thread(suite: Suite) -> None:
    result = suite("home/nested_blocks")
    result.assert_outcomes(passed=1)


def test_a_thread_from_before_the_sandbox_enters_only_where_it_can_come_back(
    suite: Suite, is_root: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETURNS", "yes" if is_root else "no")
    result = suite(
        "home/thread_from_before",
        "--netns-mode=auto",
    )
    result.assert_outcomes(passed=1)
