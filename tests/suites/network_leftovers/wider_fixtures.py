import pytest


def shown(netns, *argv):
    return netns["red"].run(argv, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def second_address(netns):
    netns["red"].run(["ip", "address", "add", "192.0.2.8/24", "dev", "vpeer-red"], check=True)
    netns["red"].run(["sysctl", "-qw", "net.ipv4.tcp_retries2=9"], check=True)
    yield
    netns["red"].run(["ip", "address", "del", "192.0.2.8/24", "dev", "vpeer-red"], check=True)


@pytest.fixture(scope="session")
def late(netns):
    netns["red"].run(["ip", "link", "add", "mine", "type", "veth", "peer", "name", "yours"], check=True)
    netns["red"].run(["ip", "link", "set", "mine", "up"], check=True)


def test_one(netns, second_address):
    netns["red"].run(["ip", "address", "flush", "dev", "vpeer-red"], check=True)
    netns["red"].run(["sysctl", "-qw", "net.ipv4.tcp_retries2=3"], check=True)


def test_it_stays(netns, second_address, request):
    assert "192.0.2.8/24" in shown(netns, "ip", "address")
    assert shown(netns, "sysctl", "-n", "net.ipv4.tcp_retries2").strip() == "9"
    netns["red"].run(["ip", "address", "add", "192.0.2.9/24", "dev", "vpeer-red"], check=True)
    request.getfixturevalue("late")
    netns["red"].run(["ip", "link", "set", "mine", "down"], check=True)


def test_what_came_late_stays_too(netns, late):
    assert "192.0.2.9" not in shown(netns, "ip", "address")
    assert "mine@yours" in shown(netns, "ip", "link")
    netns["red"].run(["ip", "link", "del", "mine"], check=True)


def test_and_is_made_anew(netns, late):
    assert ",UP," in shown(netns, "ip", "link", "show", "mine")
