"""The numbers of netlink messages are those that pyroute2 has under the same names."""

from __future__ import annotations

import inspect
import struct
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from pyroute2 import netlink
from pyroute2.netlink import nfnetlink, rtnl
from pyroute2.netlink.nfnetlink import nfctsocket, nftsocket
from pyroute2.netlink.rtnl import fibmsg, ifaddrmsg, ifinfmsg, ndmsg, rtmsg, tcmsg

from pytest_netns_mysql.kernel.netlink import constants

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

MODULES: tuple[ModuleType, ...] = (
    *(netlink, rtnl, ifinfmsg, ifaddrmsg, rtmsg, fibmsg, ndmsg, tcmsg),
    *(nfnetlink, nftsocket, nfctsocket),
)
# pyroute2 has some numbers by the words of iproute2.
WORDS = {"RTN_": rtnl.rt_type, "RTPROT_": rtnl.rt_proto, "RT_SCOPE_": rtnl.rt_scope}
UNKNOWN_TO_PYROUTE2 = {
    *("NLA_TYPE_MASK", "NETLINK_CAP_ACK", "RTEXT_FILTER_SKIP_STATS", "IFNAMSIZ"),
    *(
        "IFLA_INET_CONF",
        "IPV4_DEVCONF_FORWARDING",
        "IPV4_DEVCONF_ROUTE_LOCALNET",
        "IN6_ADDR_GEN_MODE_NONE",
        "IFA_PROTO",
    ),
    *("RTM_NEWNEXTHOP", "RTM_DELNEXTHOP", "RTM_GETNEXTHOP", "RTNLGRP_NEXTHOP", "RTA_NH_ID", "NHA_ID"),
    *("RT_TABLE_UNSPEC", "RT_TABLE_DEFAULT", "RT_TABLE_MAIN", "RT_TABLE_LOCAL", "RTM_F_CLONED", "FIB_RULE_INVERT"),
    *("NFNL_MSG_BATCH_BEGIN", "NFNL_MSG_BATCH_END", "NFTA_OBJ_DATA", "NFTA_OBJ_USE", "NFTA_OBJ_HANDLE"),
    *("NFT_PAYLOAD_NETWORK_HEADER", "NFT_PAYLOAD_TRANSPORT_HEADER", "NFT_REG_1", "NFT_REG_2"),
    *("NFT_NAT_DNAT", "NFT_CT_STATUS", "NF_IP_PRI_NAT_DST", "NF_IP_PRI_NAT_SRC"),
    *("NF_DROP", "NF_INET_LOCAL_IN", "NF_INET_LOCAL_OUT", "NF_NETDEV_INGRESS", "NFT_NG_RANDOM", "NFT_BYTEORDER_HTON"),
    *("NFT_REJECT_TCP_RST", "NFT_REJECT_ICMPX_UNREACH", "NFT_REJECT_ICMPX_HOST_UNREACH"),
}


def numbers_of_attributes(owner: type, seen: set[type]) -> Iterator[tuple[str, int]]:
    """Yield the name and the number of each attribute that a class of pyroute2 and the classes in it declare."""
    seen.add(owner)
    declared: Any = getattr(owner, "nla_map", ())
    if isinstance(declared, tuple):
        for place, entry in enumerate(declared):
            yield (entry[1], entry[0]) if isinstance(entry[0], int) else (entry[0], place)
    for value in vars(owner).values():
        if inspect.isclass(value) and value not in seen:
            yield from numbers_of_attributes(value, seen)


def numbers_of_pyroute2() -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    seen: set[type] = set()
    for module in MODULES:
        for name, value in vars(module).items():
            if isinstance(value, int):
                found.setdefault(name, set()).add(value)
            elif inspect.isclass(value) and value.__module__.startswith("pyroute2"):
                enumerated = [(key, member) for key, member in vars(value).items() if isinstance(member, int)]
                for key, number in (*enumerated, *numbers_of_attributes(value, seen)):
                    found.setdefault(key, set()).add(number)
    for prefix, words in WORDS.items():
        for word, number in words.items():
            if isinstance(word, str):
                found.setdefault(prefix + word.upper(), set()).add(number)
    return found


def test_numbers_are_those_of_pyroute2() -> None:
    ours = {name: value for name, value in vars(constants).items() if isinstance(value, int)}
    theirs = numbers_of_pyroute2()
    assert {*ours} - {*theirs} <= UNKNOWN_TO_PYROUTE2
    assert {name: {value} for name, value in ours.items() if name in theirs} == {
        name: values for name, values in theirs.items() if name in ours
    }


def test_names_that_pyroute2_does_not_know_are_in_use() -> None:
    assert {*vars(constants)} >= UNKNOWN_TO_PYROUTE2


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (constants.IFINFOMSG, ifinfmsg.ifinfmsg),
        (constants.IFADDRMSG, ifaddrmsg.ifaddrmsg),
        (constants.RTMSG, rtmsg.rtmsg),
        (constants.FIB_RULE_HDR, fibmsg.fibmsg),
        (constants.NDMSG, ndmsg.ndmsg),
        (constants.TCMSG, tcmsg.tcmsg),
        (constants.NFGENMSG, nfnetlink.nfgen_msg),
    ],
)
def test_headers_are_as_long_as_those_of_pyroute2(header: struct.Struct, message: Any) -> None:
    assert header.size == struct.calcsize("=" + "".join(field[1].lstrip(">!") for field in message.fields))
