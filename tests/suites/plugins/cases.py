"""Cases of unittest, also asynchronous ones: markers on classes and methods, fixtures by usefixtures and autouse."""

import asyncio
import unittest
from typing import Any

import pytest
from places import HOST, named, network, origin


def stands_in_red():
    assert network() == named("red")


class PlainCase(unittest.TestCase):
    def setUp(self):
        assert network() == HOST

    def test_plain(self):
        assert network() == HOST


class MethodCase(unittest.TestCase):
    def setUp(self):
        self.place = network()

    def test_plain(self):
        assert self.place == HOST

    @pytest.mark.netns("blue")
    def test_marked(self):
        assert self.place == named("blue")


@pytest.mark.netns("red")
class MarkedCase(unittest.TestCase):
    def setUp(self):
        assert network() == named("red")
        self.addCleanup(stands_in_red)

    def tearDown(self):
        assert network() == named("red")

    def test_red(self):
        assert network() == named("red")


@pytest.fixture
def connected(request, netns_mysql):
    request.instance.connection = netns_mysql


@pytest.mark.netns("blue")
@pytest.mark.usefixtures("connected")
class ConnectedCase(unittest.TestCase):
    connection: Any

    def test_origin(self):
        assert origin(self.connection) == "198.51.100.2"


class AutouseCase(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _take(self, netns_connect):
        self.connect = netns_connect

    def test_origins(self):
        assert origin(self.connect("red")) == "192.0.2.2"
        assert origin(self.connect("blue")) == "198.51.100.2"


class AsyncCase(unittest.IsolatedAsyncioTestCase):
    async def test_plain(self):
        assert await asyncio.to_thread(network) == HOST

    @pytest.mark.netns("red")
    async def test_red(self):
        assert network() == named("red")
        assert await asyncio.to_thread(network) == named("red")


@pytest.mark.netns("blue")
class MarkedAsyncCase(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        assert network() == named("blue")

    async def asyncTearDown(self):
        assert network() == named("blue")

    async def test_blue(self):
        assert await asyncio.to_thread(network) == named("blue")

    def test_synchronous(self):
        assert network() == named("blue")
