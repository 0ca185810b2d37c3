import asyncio
import unittest
from typing import Any

import pytest
from sockets import HOST, born, namespaces, thread_stands_in


@pytest.fixture
def network(request, netns):
    request.instance.network = netns


@pytest.mark.usefixtures("network")
@pytest.mark.netns("red")
class TestRed(unittest.IsolatedAsyncioTestCase):
    network: Any

    async def asyncSetUp(self):
        self.there = namespaces(self.network)
        assert born() == self.there["red"]

    async def test_tasks(self):
        assert await asyncio.create_task(asyncio.to_thread(born)) == self.there["red"]
        async with self.network["blue"]:
            assert born() == self.there["blue"]
            assert await asyncio.to_thread(thread_stands_in) == self.there["blue"]
        assert born() == self.there["red"]

    async def asyncTearDown(self):
        assert born() == self.there["red"]


class TestPlain(unittest.IsolatedAsyncioTestCase):
    async def test_plain(self):
        assert await asyncio.to_thread(born) == HOST
