import fcntl
import os
import socket
import struct
import subprocess

import pytest


@pytest.mark.netns("red")
def test_by_a_program(netns):
    subprocess.run(["ip", "link", "set", "vpeer-red", "down"], check=True)


@pytest.mark.netns("red")
def test_after_a_program(netns_mysql):
    assert netns_mysql.is_connected()


def test_from_elsewhere(netns):
    netns["blue"].run(["ip", "route", "del", "default"], check=True)
    netns["red"].run(["ip", "address", "flush", "dev", "vpeer-red"], check=True)


def test_after_that(netns_connect):
    netns_connect("red", endpoint="blue")
    netns_connect("blue", endpoint="red")


def test_by_pyroute2(netns):
    from pyroute2 import IPRoute

    with netns["global"], IPRoute() as route:
        route.link("del", index=route.link_lookup(ifname="veth-red")[0])


def test_after_pyroute2(netns_connect):
    netns_connect("red", endpoint="blue")
    netns_connect("blue", endpoint="red")


def test_by_a_system_call(netns):
    with netns["blue"], socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sh14x", b"vpeer-blue", 0))  # SIOCSIFFLAGS


def test_by_a_thread(netns):
    def down():
        with netns["red"]:
            subprocess.run(["ip", "link", "set", "vpeer-red", "mtu", "1000"], check=True)

    import threading

    thread = threading.Thread(target=down)
    thread.start()
    thread.join()


def test_by_settings(netns):
    with netns["global"], open("/proc/sys/net/ipv4/ip_forward", "w") as file:
        file.write("0")


def test_after_settings(netns, netns_connect):
    netns_connect("red", endpoint="blue")
    with netns["red"]:
        mtu = subprocess.run(["ip", "link", "show", "vpeer-red"], capture_output=True, text=True, check=True).stdout
    assert "mtu 1500" in mtu


def test_names(netns):
    with netns["red"], open("/etc/hosts", "a") as file:
        file.write("192.0.2.99 shop.test\n")
    netns["global"].run(["ip", "netns", "add", "green"], check=True)
    netns["global"].run(["ip", "netns", "del", "blue"], check=True)


def test_after_names(netns, netns_connect):
    assert sorted(os.listdir("/run/netns")) == ["blue", "red"]
    with open("/etc/hosts") as file:
        assert "shop.test" not in file.read()
    netns["global"].run(["ip", "netns", "exec", "blue", "true"], check=True)
    netns_connect("blue", endpoint="red")


@pytest.mark.netns("red")
def test_it_breaks_and_fails(netns):
    subprocess.run(["ip", "link", "set", "lo", "down"], check=True)
    subprocess.run(["ip", "link", "set", "vpeer-red", "down"], check=True)
    assert not "it fails"


@pytest.mark.netns("red")
def test_after_a_failure(netns_connect):
    netns_connect(endpoint="blue")


def test_our_own_means(netns):
    netns.link("red").down()
    netns.link("red").up()
    with netns.partition("red"):
        pass


def test_both(netns, netns_mysqld):
    netns_mysqld.execute("CREATE SCHEMA stray")
    netns["red"].run(["ip", "rule", "add", "from", "192.0.2.2", "lookup", "77", "pref", "100"], check=True)
