"""After a netns test: a process of root returns to the host's network, a rootless process cannot return."""

from __future__ import annotations

import pytest

from tests.support.suites import InnerRun, Suite

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]


def order(result: InnerRun) -> list[str]:
    return [line.split("::")[1].split()[0] for line in result.stdout.lines if "::" in line and "PASSED" in line]


def test_as_root_the_process_returns_to_the_host_network_after_each_netns_test(suite: Suite, is_root: bool) -> None:
    result = suite("home/plain_and_netns", "-v")
    result.assert_outcomes(passed=5)
    written = ["test_before", "test_red", "test_between", "test_global", "test_after"]
    last = ["test_before", "test_between", "test_after", "test_red", "test_global"]
    assert order(result) == (written if is_root else last)


def test_rootless_orders_netns_tests_last_and_keeps_the_order_otherwise(suite: Suite) -> None:
    result = suite("home/plain_and_netns", "-v", "--netns-mode=rootless")
    result.assert_outcomes(passed=5)
    assert order(result) == ["test_before", "test_between", "test_after", "test_red", "test_global"]


def test_without_root_a_plain_test_after_a_netns_test_fails_with_the_reason(
    suite: Suite, as_written: tuple[str, str]
) -> None:
    result = suite("home/plain_and_netns", *as_written, "--netns-mode=rootless")
    result.assert_outcomes(passed=3, errors=2)
    result.stdout.fnmatch_lines(
        [
            "this test has no netns marker and comes after a netns test: without root the process cannot go back, "
            "so the host's network is gone",
            "  do: keep the order that the plugin gives, netns tests last",
            "  do: if a worker of xdist crashed, mend that: its tests were given to workers that have run netns tests",
            "  do: run as root, or split the run: netns tests in one, the others in another",
            "  do: netns_other_tests = allow, if this test needs no network",
        ]
    )


def test_netns_other_tests_allow_runs_plain_tests_after_netns_tests(suite: Suite, as_written: tuple[str, str]) -> None:
    result = suite(
        "home/allowed_in_sandbox",
        *(*as_written, "--netns-mode=rootless", "--netns-other-tests=allow"),
    )
    result.assert_outcomes(passed=2)


def test_a_fixture_requested_at_run_time_also_moves_the_process(suite: Suite) -> None:
    result = suite(
        "home/fixture_at_run_time",
        "--netns-mode=rootless",
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*so the host's network is gone"])


def test_the_main_thread_is_brought_back_if_a_test_leaves_it_in_a_namespace(suite: Suite) -> None:
    result = suite(
        "home/left_elsewhere",
        "-Wdefault",
    )
    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines(
        ["*NetnsWarning: the block of red at test_inner.py:* was still open when the test ended*"]
    )


def test_the_run_stops_if_the_thread_cannot_be_brought_back(suite: Suite) -> None:
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
