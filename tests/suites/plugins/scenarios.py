"""Scenarios of pytest-bdd: one with our marker, one with the tag @netns, one on the host's network."""

from pathlib import Path

import pytest
from places import HOST, network, origin
from pytest_bdd import given, parsers, scenario, scenarios, then, when

Path("origins.feature").write_text("""\
Feature: Where a client comes from
  Scenario: A client in red
    Given a connection
    When the client asks who it is
    Then its address is 192.0.2.2

  @netns
  Scenario: A client in the sandbox's own namespace
    Given a connection
    When the client asks who it is
    Then its address is 127.0.0.1

  Scenario: No client
    Given the host's network
""")


@pytest.mark.netns("red")
@scenario("origins.feature", "A client in red")
def test_red():
    assert network() != HOST


scenarios("origins.feature")


@given("a connection", target_fixture="connection")
def connection(netns_mysql):
    return netns_mysql


@given("the host's network")
def plain():
    assert network() == HOST


@when("the client asks who it is", target_fixture="address")
def ask(connection):
    return origin(connection)


@then(parsers.parse("its address is {expected}"))
def compare(address, expected):
    assert address == expected
