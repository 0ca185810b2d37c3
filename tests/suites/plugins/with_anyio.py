"""Asynchronous tests and fixtures of anyio, on asyncio and trio."""

import anyio
import pytest
from places import HOST, named, network

pytestmark = pytest.mark.anyio


@pytest.fixture
async def here():
    yield network()  # noqa: PT022 - as fixtures with a teardown do


async def test_plain(here):
    assert here == network() == HOST == await anyio.to_thread.run_sync(network)


@pytest.mark.netns("red", "blue")
async def test_netns(netns, here):
    assert here == network() == named(netns.here.name) == await anyio.to_thread.run_sync(network)


async def test_plain_last(here):
    assert here == network() == HOST == await anyio.to_thread.run_sync(network)
