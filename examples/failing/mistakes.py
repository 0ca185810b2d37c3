"""Mistakes in a test itself."""

import pytest


@pytest.mark.netns("red")
def test_endpoint_in_an_unknown_namespace(netns_start_mysqld):
    netns_start_mysqld(bind_address="192.0.2.2/green", options={"port": 3310})


@pytest.mark.netns("red")
def test_endpoint_that_the_server_does_not_have(netns_connect):
    netns_connect("red", endpoint="192.0.2.9/red")
