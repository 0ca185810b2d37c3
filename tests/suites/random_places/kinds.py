"""Fixtures and tests of every kind: each looks where it runs."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asyncactions import born
from syncactions import place

HOST = int(os.environ["HOST_NETWORK"])
NUMBERS = pytest.mark.parametrize("number", range(int(os.environ["RANDOM_TESTS"])))
EVERYWHERE = pytest.mark.netns("red", "blue")
SCOPES = ["class", "module", "package", "session"]
Note = Callable[[], None]
WRONG: list[str] = []
RESTING: set[int] = set()


@atexit.register
def told() -> None:
    if WRONG:
        os._exit(99)  # what is found after the last test


def expected(request: Any) -> int:
    """The namespace of a test, by its marker's parameter and by the file that names it."""
    return os.stat(f"/run/netns/{request.node.callspec.params['netns_name']}").st_ino


def inside(where: str, here: int) -> None:
    if {place(), born()} != {here}:
        WRONG.append(where)
        raise AssertionError(f"{where} ran elsewhere")


def outside(where: str) -> None:
    """A wider fixture runs in one place, which is the host's network for root."""
    RESTING.add(place())
    if len(RESTING - {HOST}) > 1 or place() != born():
        WRONG.append(where)
        raise AssertionError(f"{where} ran in a namespace of a test")


def wider(scope: Any) -> Any:
    @pytest.fixture(scope=scope, name=f"wide_{scope}")
    def fixture(request: pytest.FixtureRequest) -> Iterator[None]:
        outside(f"the setup of {scope}")
        request.addfinalizer(lambda: outside(f"a finalizer of {scope}"))  # noqa: PT021 - this is what is tested
        yield
        outside(f"the teardown of {scope}")

    return fixture


wide_class, wide_module, wide_package, wide_session = map(wider, SCOPES)


@pytest.fixture(scope="module", params=[1, 2])
def parametrized(request: pytest.FixtureRequest) -> Iterator[int]:
    outside("the setup of a parametrized fixture")
    yield request.param
    outside("the teardown of a parametrized fixture")


@pytest.fixture
def here(request: pytest.FixtureRequest, netns_name: str) -> Iterator[int]:
    found = expected(request)
    inside("the setup of a fixture", found)
    yield found
    inside("the teardown of a fixture", found)


@pytest.fixture
def later(request: pytest.FixtureRequest, here: int) -> Callable[[str], None]:
    """What adds finalizers while the test runs."""
    request.node.addfinalizer(lambda: inside("a finalizer of the node, added in the setup", here))

    def add(where: str) -> None:
        request.addfinalizer(lambda: inside(f"a finalizer of a fixture, added {where}", here))
        request.node.addfinalizer(lambda: inside(f"a finalizer of the node, added {where}", here))

    return add


@pytest.fixture(autouse=True)
def always(request: pytest.FixtureRequest) -> Iterator[None]:
    before = place()
    yield
    if place() != before:
        WRONG.append("an autouse fixture")
    assert place() == before


@NUMBERS
@EVERYWHERE
def test_fixtures(
    number: int, request: pytest.FixtureRequest, here: int, later: Callable[[str], None], parametrized: int
) -> None:
    inside("the test", here)
    for scope in SCOPES:
        request.getfixturevalue(f"wide_{scope}")
        inside("the test after a wider fixture", here)
    later("by the test")
    request.addfinalizer(lambda: inside("a finalizer of the test", here))


@EVERYWHERE
@pytest.mark.usefixtures("wide_class")
class TestMarkedClass:
    @classmethod
    def setup_class(cls) -> None:
        outside("setup_class")

    @classmethod
    def teardown_class(cls) -> None:
        outside("teardown_class")

    def setup_method(self) -> None:
        self.at = place()

    def teardown_method(self) -> None:
        inside("teardown_method", self.at)

    @NUMBERS
    def test_method(self, number: int, here: int) -> None:
        inside("setup_method", self.at)
        assert self.at == here

    @NUMBERS
    def test_subtests(self, number: int, here: int, request: pytest.FixtureRequest) -> None:
        try:
            subtests = request.getfixturevalue("subtests")
        except pytest.FixtureLookupError:
            return  # pytest 8
        for step in range(2):
            with subtests.test(step=step):
                inside("a subtest", here)

    @NUMBERS
    @pytest.mark.reruns
    def test_that_runs_again(self, number: int, here: int, later: Callable[[str], None], runs: list[int]) -> None:
        inside("a rerun", here)
        later("in a rerun")
        runs.append(number)
        assert len(runs) == 3, "it passes the third time"


@NUMBERS
def test_plain(number: int, wide_session: None) -> None:
    assert place() == born() == HOST
