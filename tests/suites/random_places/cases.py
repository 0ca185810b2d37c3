"""A doctest, and methods of unittest: they have no parameters, and so one topology.

>>> from test_inner import HOST
>>> network = getfixture("netns")
>>> network.here.name
'global'
>>> from syncactions import place
>>> place() != HOST
True
"""

from __future__ import annotations

import os
import unittest

import pytest
from asyncactions import born
from syncactions import place

HOST = int(os.environ["HOST_NETWORK"])
NOTED: list[int] = []


def note() -> None:
    NOTED.append(place())


@pytest.mark.netns("blue")
class TestUnittest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        note()
        cls.addClassCleanup(note)

    @classmethod
    def tearDownClass(cls) -> None:
        note()

    def setUp(self) -> None:
        self.blue = os.stat("/run/netns/blue").st_ino
        assert place() == self.blue
        self.addCleanup(self.check)

    def check(self) -> None:
        assert place() == born() == self.blue

    def tearDown(self) -> None:
        self.check()

    def test_method(self) -> None:
        with self.subTest(step=1):
            self.check()

    @unittest.expectedFailure
    def test_failing(self) -> None:
        raise ValueError

    async def helper(self) -> None: ...


@pytest.mark.netns("red")
def test_that_comes_last() -> None:
    assert len(NOTED) == 3
    assert len(set(NOTED)) == 1, "what belongs to the class runs in one place outside"
    assert not set(NOTED) & {os.stat(f"/run/netns/{name}").st_ino for name in ("red", "blue")}
