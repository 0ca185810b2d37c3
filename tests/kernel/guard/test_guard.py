"""Every change of a network is reported in iproute2's words, and put back completely."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_netns_mysql.topology.file.load import load

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

FoundAfter = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("name", "command", "found"),
    [
        (
            "red",
            "ip link set vpeer-red down",
            ["red: link vpeer-red is down, was up", "red: route default via 192.0.2.1 dev vpeer-red is gone"],
        ),
        ("global", "ip link set veth-red down", ["global: link veth-red is down, was up"]),
        ("red", "ip link set vpeer-red mtu 1300", ["red: link vpeer-red mtu is 1300, was 1500"]),
        (
            "red",
            "ip link set vpeer-red alias mine promisc on arp off txqueuelen 7",
            [
                "red: link vpeer-red txqueuelen is 7, was 1000",
                "red: link vpeer-red alias is mine, was none",
                "red: link vpeer-red arp is off, was on",
                "red: link vpeer-red promisc is on, was off",
            ],
        ),
        ("red", "ip address add 192.0.2.9/24 dev vpeer-red", ["red: address 192.0.2.9/24 dev vpeer-red is new"]),
        (
            "red",
            "ip address flush dev vpeer-red",
            [
                "red: address 192.0.2.2/24 dev vpeer-red is gone",
                "red: route default via 192.0.2.1 dev vpeer-red is gone",
            ],
        ),
        ("red", "ip link set lo down", ["red: link lo is down, was up", "red: address ::1/128 dev lo is gone"]),
        ("red", "ip route del default", ["red: route default via 192.0.2.1 dev vpeer-red is gone"]),
        ("red", "ip route del 192.0.2.0/24", ["red: route 192.0.2.0/24 dev vpeer-red src 192.0.2.2 is gone"]),
        (
            "red",
            "ip route add blackhole 198.51.100.0/24 metric 5; ip route add default via 192.0.2.1 table 77",
            [
                "red: route default via 192.0.2.1 dev vpeer-red table 77 is new",
                "red: route blackhole 198.51.100.0/24 metric 5 is new",
            ],
        ),
        ("red", "ip rule add from 192.0.2.2 lookup 77 pref 100", ["red: rule 100: from 192.0.2.2 lookup 77 is new"]),
        (
            "red",
            "ip rule flush",
            ["red: rule 32766: from all lookup main is gone", "red: rule 32767: from all lookup default is gone"],
        ),
        (
            "red",
            "ip address change 192.0.2.2/24 dev vpeer-red valid_lft 100 preferred_lft 50",
            [
                "red: address 192.0.2.2/24 dev vpeer-red is gone",
                "red: address 192.0.2.2/24 dev vpeer-red dynamic is new",
            ],
        ),
        ("red", "ip rule del pref 0", ["red: rule 0: from all lookup local is gone"]),
        (
            "red",
            "ip nexthop add id 5 via 192.0.2.1 dev vpeer-red; ip route add 203.0.113.0/24 nhid 5",
            ["red: nexthop id 5 is new", "red: route 203.0.113.0/24 nhid 5 is new"],
        ),
        (
            "red",
            "ip neigh add 192.0.2.7 lladdr 02:00:00:00:00:01 dev vpeer-red; ip neigh add proxy 192.0.2.8 dev vpeer-red",
            [
                "red: neighbour 192.0.2.7 dev vpeer-red lladdr 02:00:00:00:00:01 PERMANENT is new",
                "red: neighbour 192.0.2.8 dev vpeer-red proxy is new",
            ],
        ),
        (
            "red",
            "ip neigh replace 192.0.2.1 lladdr 02:00:00:00:00:99 dev vpeer-red nud noarp",
            ["red: neighbour 192.0.2.1 dev vpeer-red lladdr 02:00:00:00:00:99 is new"],
        ),
        (
            "red",
            "ip neigh replace 192.0.2.1 lladdr 02:00:00:00:00:99 dev vpeer-red nud reachable",
            ["red: neighbour 192.0.2.1 dev vpeer-red lladdr 02:00:00:00:00:99 is new"],
        ),
        (
            "red",
            "tc qdisc add dev vpeer-red root handle 7: tbf rate 1mbit burst 10k latency 50ms",
            ["red: qdisc tbf 7: dev vpeer-red root is new"],
        ),
        ("global", "sysctl -qw net.ipv4.ip_forward=0", ["global: sysctl net.ipv4.ip_forward is 0, was 1"]),
        (
            "red",
            "sysctl -qw net.ipv4.tcp_retries2=3 net.ipv4.ip_local_port_range='10000 10010'",
            [
                "red: sysctl net.ipv4.ip_local_port_range is 10000 10010, was 32768 60999",
                "red: sysctl net.ipv4.tcp_retries2 is 3, was 15",
            ],
        ),
        (
            "global",
            "ip netns exec red sysctl -qw net.core.somaxconn=7; nsenter --net=/run/netns/blue ip link set lo mtu 1400",
            ["blue: link lo mtu is 1400, was 65536", "red: sysctl net.core.somaxconn is 7, was 4096"],
        ),
        (
            "red",
            "echo 1 > /proc/sys/net/ipv4/conf/vpeer-red/arp_ignore",
            ["red: sysctl net.ipv4.conf.vpeer-red.arp_ignore is 1, was 0"],
        ),
        (
            "red",
            "sysctl -qw net.ipv6.conf.all.disable_ipv6=1",
            ["red: address ::1/128 dev lo is gone", "red: sysctl net.ipv6.conf.all.disable_ipv6 is 1, was 0"],
        ),
        (
            "red",
            "ip link del vpeer-red",
            [
                "global: link veth-red is gone",
                "global: address 192.0.2.1/24 dev veth-red is gone",
                "red: link vpeer-red is gone",
                "red: address 192.0.2.2/24 dev vpeer-red is gone",
                "red: route default via 192.0.2.1 dev vpeer-red is gone",
            ],
        ),
        (
            "red",
            "ip link set vpeer-red down; ip link set vpeer-red name eth9; ip link set eth9 up",
            [
                "red: link vpeer-red is eth9, was vpeer-red",
                "red: route default via 192.0.2.1 dev vpeer-red is gone",
            ],
        ),
        (
            "red",
            "ip link set vpeer-red netns blue",
            [
                "red: link vpeer-red is gone",
                "red: address 192.0.2.2/24 dev vpeer-red is gone",
                "red: route default via 192.0.2.1 dev vpeer-red is gone",
                "blue: link vpeer-red is new",
            ],
        ),
        (
            "global",
            "ip link add mine type veth peer name yours; ip link add br0 type bridge; ip link set veth-red master br0",
            [
                "global: link veth-red master is br0, was none",
                "global: link yours is new",
                "global: link mine is new",
                "global: link br0 is new",
            ],
        ),
        (
            "global",
            "ip netns add green; ip link set veth-red netns green",
            [
                "namespace green is new",
                "global: link veth-red is gone",
                "global: address 192.0.2.1/24 dev veth-red is gone",
            ],
        ),
        ("global", "ip netns del red", ["namespace red is gone"]),
        ("global", "ip netns del red; ip netns add red", ["namespace red is replaced"]),
        ("global", "echo 192.0.2.9 mine >> /etc/hosts", ["/etc/hosts: 192.0.2.9 mine is new"]),
        ("red", "echo '# mine' >> /etc/resolv.conf", ["/etc/resolv.conf: # mine is new"]),
        (
            "global",
            "cp /etc/hosts /tmp/$$; mount --bind /tmp/$$ /etc/hosts; rm /tmp/$$",
            ["/etc/hosts is replaced by another file"],
        ),
    ],
)
def test_a_change_is_reported_and_put_back(found_after: FoundAfter, name: str, command: str, found: list[str]) -> None:
    assert found_after(load("red-blue"), (name, command)) == found
