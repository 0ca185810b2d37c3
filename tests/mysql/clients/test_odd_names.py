"""Accounts and schemas of any name: who logs in is exactly the account that was made, or it is refused in our words."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from pytest_netns_mysql import AccountFactory, ArgvFactory, ConnectFactory, MySQLServer, NetnsError
from tests.support.stress import scaled

pytestmark = pytest.mark.live

ODD = "'\"`\\%_ ;#-/*@.$\n\t\u00e5\u0130\u4e2d\u202e\ufb00\0\ud83d\U0001f600"
plain = st.one_of(st.characters(codec="utf-8", max_codepoint=0xFFFF), st.sampled_from("abAB"))
letters = st.one_of(*[plain] * 6, st.sampled_from(ODD))
names = st.text(letters, min_size=1, max_size=33)
MATCHING = ["192.0.2.2", "192.0.2.%", "%", "192.0.2._", "192.0.2.0/255.255.255.0"]
hosts = st.one_of(st.sampled_from(MATCHING), st.text(letters, max_size=9))
ASK = "SELECT HEX(CURRENT_USER()), HEX(DATABASE()), SUBSTRING_INDEX(USER(), '@', -1)"


@pytest.fixture(params=["netns_mysqld", "maria"])
def server(request: pytest.FixtureRequest) -> MySQLServer:
    found: MySQLServer = request.getfixturevalue(request.param)
    return found


@pytest.mark.netns("red")
@pytest.mark.scaled
@settings(
    max_examples=scaled(50, 1000),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    user=names,
    host=hosts,
    password=st.text(letters, max_size=20),
    schema=names,
    driver=st.sampled_from([None, "pymysql"]),
)
def test_the_account_that_was_made_logs_in(
    server: MySQLServer,
    netns_account: AccountFactory,
    netns_connect: ConnectFactory,
    netns_argv: ArgvFactory,
    user: str,
    host: str,
    password: str,
    schema: str,
    driver: str | None,
) -> None:
    try:
        account = netns_account(user, host=host, password=password, schema=schema, server=server)
    except NetnsError as refused:
        event(str(refused).splitlines()[0][:60])
        return
    try:
        known = server.execute("SELECT user, host FROM mysql.user")
        assert {(user, host.lower()), (user, host.lower() or "%")} & {*known}
        if host in MATCHING:
            event("logged in")
            expected = f"{user}@{host.lower()}".encode().hex().upper(), schema.encode().hex().upper(), "192.0.2.2"
            connection = netns_connect(account=account, driver=driver, server=server)
            cursor = connection.cursor()
            cursor.execute(ASK)
            assert tuple(cursor.fetchone()) == expected
            cursor.execute("CREATE TABLE IF NOT EXISTS t (n INT)")
            connection.close()
            argv = netns_argv("mysql", "--skip-column-names", f"--execute={ASK}", account=account, server=server)
            printed = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
            assert tuple(printed.split()) == expected
    finally:
        server.execute("DROP USER %s@%s", user, host)
