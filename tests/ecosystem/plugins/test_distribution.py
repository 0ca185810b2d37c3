"""pytest-xdist and pytest-split: without root, no worker runs a plain test after a netns test."""

from __future__ import annotations

import pytest

from tests.ecosystem.plugins.conftest import Beside

pytestmark = pytest.mark.as_user


@pytest.mark.parametrize("dist", ["load", "worksteal"])
def test_a_worker_that_is_ready_early_steals_no_plain_test_after_a_netns_test(beside: Beside, dist: str) -> None:
    beside.write("stealing", places="places")
    beside.run("-n2", f"--dist={dist}", plugins=["xdist"]).assert_outcomes(passed=24)


def test_worksteal_runs_fewer_plain_tests_than_workers(beside: Beside) -> None:
    beside.write("ordered", places="places")
    result = beside.run("-n3", "--dist=worksteal", plugins=["xdist", "pytest_order"])
    result.assert_outcomes(passed=4)


def test_groups_may_have_plain_tests_and_netns_tests(beside: Beside) -> None:
    beside.write("groups", places="places")
    beside.run("-n2", "--dist=loadgroup", plugins=["xdist"]).assert_outcomes(passed=6)


def test_the_parts_of_pytest_split_run_each_test_in_its_place_once(beside: Beside) -> None:
    beside.write("base")
    passed = [
        beside.run("--splits=2", f"--group={group}", plugins=["pytest_split.plugin"]).parseoutcomes()["passed"]
        for group in (1, 2)
    ]
    assert passed == [5, 5]
