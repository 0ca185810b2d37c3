"""Timeouts that end a test in red, in a block, in a fixture and while the server starts; the next tests go on."""

import os
import threading

import pytest
from places import HOST, named, network, origin

from pytest_netns_mysql.run.pool import ServerPool


def hang():
    threading.Event().wait(60)


def slowly(pool, network, make):
    if "while_the_server_starts" in os.environ["PYTEST_CURRENT_TEST"]:
        hang()
    return start(pool, network, make)


start = ServerPool._started
ServerPool._started = slowly  # type: ignore[method-assign]


@pytest.fixture
def hanging():
    hang()


def test_plain():
    assert network() == HOST


@pytest.mark.timeout(3)
def test_ends_while_the_server_starts(netns_mysql):
    pass


@pytest.mark.netns("red")
@pytest.mark.timeout(0.3, func_only=True)
def test_ends_in_red(netns):
    hang()


@pytest.mark.netns("red")
@pytest.mark.timeout(0.3, func_only=True)
def test_ends_in_a_block(netns):
    with netns["blue"]:
        hang()


@pytest.mark.netns("red")
@pytest.mark.timeout(0.3)
def test_ends_in_a_fixture(hanging):
    pass


@pytest.mark.netns("blue")
def test_next(netns_mysql):
    assert network() == named("blue")
    assert origin(netns_mysql) == "198.51.100.2"


@pytest.mark.netns("red")
def test_statement(netns_mysql):
    assert origin(netns_mysql) == "192.0.2.2"
