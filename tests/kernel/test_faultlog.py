"""The log of faults: which are in force, and which were healed when and by whom."""

from __future__ import annotations

from pytest_netns_mysql.kernel.faultlog import FaultLog


def test_a_fault_is_in_force_until_it_is_healed() -> None:
    log = FaultLog()
    down = log.note("the link of red to global is down", "red", "global")
    slow = log.note("the link of blue to global is limited to 1mbit", "blue", "global")
    down.heal()
    assert (log.in_force, log.healed) == ([slow], [down])
    assert down.ended is not None
    assert down.began <= down.ended
    assert down.healed_by == ""


def test_a_fault_is_healed_once() -> None:
    fault = FaultLog().note("the link of red to global is down", "red")
    fault.heal()
    first = fault.ended
    fault.heal("the cleaning after the test")
    assert (fault.ended, fault.healed_by) == (first, "")


def test_the_log_is_restored_to_the_faults_of_a_former_time() -> None:
    log = FaultLog()
    wider, left, own = (log.note(what) for what in ("by a wider fixture", "left by the test", "healed by the test"))
    own.heal()
    wider.heal()
    assert log.restore([wider], "the cleaning after test_it") == [left]
    assert log.in_force == [wider]
    assert (left.healed_by, own.healed_by, wider.healed_by) == ("the cleaning after test_it", "", "")


def test_faults_in_force_are_never_forgotten() -> None:
    log = FaultLog()
    first = log.note("in force")
    for number in range(1000):
        log.note(f"fault {number}").heal()
    assert log.in_force == [first]
    assert log.healed[-1].what == "fault 999"
    assert len(log.healed) < 500
