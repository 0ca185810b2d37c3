import os

import pytest

from pytest_netns_mysql.kernel.namespaces import syscalls

pytestmark = pytest.mark.netns("red")


def leave_network():
    syscalls.unshare(syscalls.CLONE_NEWNET)


def leave_mounts():
    syscalls.unshare(syscalls.CLONE_NEWNS)


ACTIONS = [leave_network, leave_mounts]


@pytest.fixture
def moving(request):
    request.param()


@pytest.fixture
def moving_at_last(request):
    yield
    request.param()


def check(netns):
    assert netns.here.name == "red"
    assert os.path.exists("/run/netns/red")


@pytest.mark.parametrize("action", ACTIONS)
class TestIn:
    def test_call(self, action, netns):
        check(netns)
        action()

    def test_after(self, action, netns):
        check(netns)


@pytest.mark.parametrize("moving", ACTIONS[:1], indirect=True)
def test_setup(moving, netns):
    check(netns)


@pytest.mark.parametrize("moving_at_last", ACTIONS, indirect=True)
def test_teardown(moving_at_last, netns):
    check(netns)


def test_after(netns):
    check(netns)
