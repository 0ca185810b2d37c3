"""What a test does to the network: the next test finds none of it, whatever it is and however it was done."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite

pytestmark = pytest.mark.slow


def test_the_next_test_finds_the_network_as_it_was(suite: Suite, as_written: tuple[str, str]) -> None:
    result = suite("network_leftovers/changed", "-rP", *as_written)
    result.assert_outcomes(passed=15, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*left on the network: put back*",
            "red: link vpeer-red is down, was up",
            "red: route default via 192.0.2.1 dev vpeer-red is gone",
        ]
    )


def test_a_change_may_fail_its_test(suite: Suite, as_written: tuple[str, str]) -> None:
    result = suite("network_leftovers/changed", "--netns-leftovers=fail", *as_written)
    result.assert_outcomes(passed=15, failed=1, errors=9)
    result.stdout.fnmatch_lines(
        [
            "LeftoverError: the test changed the network and did not undo the change; the network was put back",
            "  where: test_inner.py::test_by_a_program*",
            "  tried: red: link vpeer-red is down, was up",
            "  tried: red: route default via 192.0.2.1 dev vpeer-red is gone",
            "  do: undo the change in the test, or in a function-scoped fixture: netns.link(...).up()",
            "  do: set netns_leftovers = reset to put changes back without an error",
            "LeftoverError: the test left changes on a server and in the network that other tests use; *",
            "  where: test_inner.py::test_both",
            "  tried: red: rule 100: from 192.0.2.2 lookup 77 is new",
            "  tried: mysqld: schema stray is new",
        ]
    )
    assert "ERROR at teardown of test_our_own_means" not in result.stdout.str()
    assert "ERROR at teardown of test_after" not in result.stdout.str()


def test_faults_that_a_test_leaves_are_healed_and_named(suite: Suite, as_written: tuple[str, str]) -> None:
    result = suite("network_leftovers/left_faults", "-rP", *as_written)
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        [
            "*left on the network: put back*",
            "the link of red to global is down",
            "global: link veth-red is down, was up",
            "blue: route default via 198.51.100.1 dev vpeer-blue is gone",
        ]
    )


@pytest.mark.parametrize(("leftovers", "is_kept"), [("keep", True), ("reset", False)])
def test_changes_may_be_kept(suite: Suite, leftovers: str, is_kept: bool) -> None:
    result = suite("network_leftovers/changed_route", f"--netns-leftovers={leftovers}", "-rP")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines([f"kept: {is_kept}"])


def test_tests_may_build_on_each_other(suite: Suite) -> None:
    result = suite("network_leftovers/wider_building", "-rP")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["red: address 192.0.2.9/24 dev vpeer-red is new"])


def test_wider_fixtures_keep_what_they_made(suite: Suite) -> None:
    suite("network_leftovers/wider_fixtures").assert_outcomes(passed=4)


def test_a_network_that_cannot_be_put_back_is_rebuilt(suite: Suite) -> None:
    result = suite("network_leftovers/beyond_repair", "-rP")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        ["*left on the network: the network is rebuilt*", "red: nftables table ip wider is gone"],
    )


def test_no_server_is_needed(suite: Suite) -> None:
    suite("network_leftovers/plain").assert_outcomes(passed=3)


def test_each_worker_puts_back_its_own_network(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNT", "8")
    suite("network_leftovers/plain", "-n2").assert_outcomes(passed=8)


def test_a_network_that_is_not_in_use_has_few_files_open(suite: Suite) -> None:
    suite("network_leftovers/several_topologies").assert_outcomes(passed=4)


def test_a_network_that_cannot_be_watched_is_reported(suite: Suite) -> None:
    result = suite("network_leftovers/changed_route", "-rP", conftest="network_leftovers/unwatched")
    result.assert_outcomes(passed=2)
    line = "netns-mysql: changes of the network are not put back: * inotify_init1: Too many open files (raise *"
    result.stdout.fnmatch_lines([line, "kept: True"])
