"""A benchmark of a statement from red and blue, and one of a plain function."""

import pytest
from places import HOST, network, origin


@pytest.mark.netns("red", "blue")
def test_statement(benchmark, netns_mysql, netns):
    assert benchmark.pedantic(origin, args=[netns_mysql], rounds=3) == netns.here.address


def test_plain(benchmark):
    assert benchmark.pedantic(network, rounds=3) == HOST
