"""Asynchronous tests and fixtures of pytest-asyncio: also the threads of the loop stand where the test stands."""

import asyncio

import pytest
import pytest_asyncio
from places import HOST, named, network

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def here():
    yield network()


async def test_plain(here):
    assert here == network() == HOST == await asyncio.to_thread(network)


@pytest.mark.netns("red", "blue")
async def test_netns(netns, here):
    assert here == network() == named(netns.here.name) == await asyncio.to_thread(network)


async def test_plain_last(here):
    assert here == network() == HOST == await asyncio.to_thread(network)
