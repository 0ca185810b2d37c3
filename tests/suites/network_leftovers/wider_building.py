import pytest


def has(netns, address):
    shown = netns["red"].run(["ip", "address"], capture_output=True, text=True, check=True).stdout
    return address in shown


def add(netns, address):
    netns["red"].run(["ip", "address", "add", f"{address}/24", "dev", "vpeer-red"], check=True)


@pytest.mark.netns_leftovers("keep")
class TestBuildingOnEachOther:
    def test_one(self, netns):
        add(netns, "192.0.2.8")
        netns["red"].run(["sysctl", "-qw", "net.ipv4.tcp_retries2=9"], check=True)

    @pytest.mark.netns_leftovers("reset")
    def test_inside(self, netns):
        assert has(netns, "192.0.2.8")
        add(netns, "192.0.2.9")
        netns["red"].run(["sysctl", "-qw", "net.ipv4.tcp_retries2=3"], check=True)

    def test_two(self, netns):
        assert has(netns, "192.0.2.8")
        assert not has(netns, "192.0.2.9")
        with netns["red"], open("/proc/sys/net/ipv4/tcp_retries2") as file:
            assert file.read() == "9\n"


def test_after_them(netns):
    assert not has(netns, "192.0.2.8")
    with netns["red"], open("/proc/sys/net/ipv4/tcp_retries2") as file:
        assert file.read() == "15\n"
