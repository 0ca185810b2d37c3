import contextlib

import pytest

held = contextlib.ExitStack()


@pytest.fixture(scope="module")
def slow_blue(netns):
    with netns.link("blue").shape(rate="10mbit"):
        yield


def test_it_leaves_faults(netns, slow_blue):
    held.enter_context(netns.link("red").down())
    netns["blue"].run(["ip", "route", "del", "default"], check=True)
    assert [fault.what for fault in netns.fault_log.in_force] == [
        "the link of blue to global is limited to 10mbit",
        "the link of red to global is down",
    ]


def test_the_next_test_finds_none(netns, netns_connect, slow_blue):
    netns_connect("red", endpoint="blue")
    assert [fault.what for fault in netns.fault_log.in_force] == ["the link of blue to global is limited to 10mbit"]
    held.close()  # the fault is healed already
    netns_connect("red", endpoint="blue")
    by = "the cleaning after test_inner.py::test_it_leaves_faults"
    assert [(fault.what, fault.healed_by) for fault in netns.fault_log.healed] == [
        ("the link of red to global is down", by),
        ("blue: route default via 198.51.100.1 dev vpeer-blue is gone", by),
    ]


def test_the_fault_of_a_fixture_ends_with_the_fixture(netns):
    assert [fault.what for fault in netns.fault_log.in_force if "10mbit" not in fault.what] == []
