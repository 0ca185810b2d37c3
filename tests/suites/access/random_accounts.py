"""Random sets of accounts and origins: each login ends as it was explained."""

import os
import string
from ipaddress import IPv4Network

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rawlogin import RefusedError, login

from pytest_netns_mysql import Origin, factories
from pytest_netns_mysql.mysql.access.explain import LoginExplainer
from pytest_netns_mysql.mysql.dialects.quoting import literal

EXAMPLES = int(os.environ["EXAMPLES"])
OPTIONS = {"max_connections": 500}
plain = factories.mysqld(options=OPTIONS)
resolving = factories.mysqld(options={**OPTIONS, "skip_name_resolve": False, "port": 3307})

ORIGINS = [  # the client's namespace and address, and where it connects
    ("red", "192.0.2.2", "192.0.2.1"),
    ("red", "192.0.2.130", "192.0.2.1"),
    ("red", "2001:db8:1::2", "2001:db8:1::1"),
    ("blue", "198.51.100.2", "198.51.100.1"),
    ("blue", "2001:db8:2::2", "2001:db8:2::1"),
    ("global", "127.0.0.1", "127.0.0.1"),
    ("global", "127.0.0.5", "127.0.0.1"),
    ("global", "::1", "::1"),
]
USERS = ["app", "ap_p", "App", ""]
IPV4 = [address for _, address, _ in ORIGINS if ":" not in address]
LITERALS = [address for _, address, _ in ORIGINS] + ["localhost", "red.test", "blue.db.test", "RED.test", "red6.test"]
ODD = [
    *["%", "", "0.0.0.0", "0.0.0.0/0", "0.0.0.0/0.0.0.0", "0.0.0.0/1", "192.0.2.2/255.255.255.255", "192.0.2.2/32"],
    *["192.0.2.1/24", "192.0.2.1/255.255.255.0", "192.0.2.0/33", "192.0.2.0/", "192.0.2", "192.0.2.", "192.0.2.1%"],
    *["192.0.2.0/255.0.255.0", "0.0.0.2/0.0.0.255", "192.000.2.2", "2001:db8:1::/64", "2001:0db8:1::2", "%.test"],
]


@st.composite
def networks(draw):
    network = IPv4Network((draw(st.sampled_from(IPV4)), draw(st.integers(1, 31))), strict=False)
    return draw(st.sampled_from([network.with_prefixlen, network.with_netmask]))


@st.composite
def patterns(draw):
    letters = list(draw(st.sampled_from(LITERALS)))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(letters)))
        end = draw(st.integers(start, min(len(letters), start + draw(st.sampled_from([1, 1, 4, 40])))))
        letters[start:end] = draw(st.sampled_from(["%", "%", "_", "__", "\\_", "\\%", "."]))
    pattern = "".join(letters)
    is_dotted = pattern.translate(str.maketrans("", "", string.digits + ".")) in ("%", "_")
    return "%" if is_dotted and pattern.count(".") == 3 else pattern  # see test_an_address_with_a_wildcard_behind


HOSTS = st.one_of(st.sampled_from(LITERALS), st.sampled_from(ODD), networks(), patterns(), patterns())
ACCOUNTS = st.lists(st.tuples(st.sampled_from(USERS), HOSTS), min_size=1, max_size=25)
ADMITTING = st.sampled_from([[], [("other", "%")]])  # an account that lets every host go on to the login


@pytest.mark.parametrize("name", ["plain", "resolving"])
def test_each_login_ends_as_it_was_explained(request, netns, name):
    server = request.getfixturevalue(name)
    run = server._administrator.run
    port = server.endpoints[0].port
    ends = {"picked": 0, "refused": 0, "not admitted": 0}

    def attempt(namespace, address, user, source):
        try:
            user_of_account, _, host = login(netns[namespace], address, user, source=source, port=port).rpartition("@")
        except RefusedError as error:
            ends["not admitted" if error.errno == 1130 else "refused"] += 1
            return error.errno
        ends["picked"] += 1
        return f"{literal(user_of_account)}@{literal(host)}"

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(ACCOUNTS, ADMITTING)
    def compare(accounts, admitting):
        names = ", ".join(f"{literal(user)}@{literal(host)}" for user, host in accounts + admitting)
        try:
            run(f"CREATE USER IF NOT EXISTS {names}", "FLUSH PRIVILEGES")
            explainer = LoginExplainer(server)
            for namespace, source, address in ORIGINS:
                for user in ("app", "ap_p", "nobody"):
                    explained = explainer.from_origin(user, Origin(source))
                    assert (explained.account or explained.error) == attempt(namespace, address, user, source), (
                        user,
                        str(explained),
                    )
        finally:
            run(f"DROP USER IF EXISTS {names}")

    compare()
    print(name, ends)
    assert sum(ends.values()) >= EXAMPLES * len(ORIGINS) * 3
    assert min(ends.values()) > EXAMPLES
