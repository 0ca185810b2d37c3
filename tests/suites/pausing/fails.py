import pathlib

import pytest


def note(what):
    with pathlib.Path(__file__).with_name("notes").open("a") as file:
        file.write(f"{what}\n")


@pytest.fixture
def teardown():
    yield
    note("torn down")


@pytest.mark.netns("red")
def test_fails(netns_mysql, teardown):
    value = 41
    assert value == 42


@pytest.mark.netns("red")
@pytest.mark.netns_pause
def test_marked(netns, teardown):
    note("marked ran")


@pytest.fixture
def broken(netns_mysql):
    raise RuntimeError("the fixture is broken")


@pytest.mark.netns("blue")
def test_setup_fails(broken):
    raise AssertionError


@pytest.mark.netns("blue")
def test_passes(netns):
    note("passed")


def test_without_a_network():
    raise RuntimeError("no pause here")
