"""Group Replication over namespaces: a member that is cut off is expelled, and comes back."""

import mysql.connector
import pytest

from pytest_netns_mysql import Group, Network, factories

pytestmark = [pytest.mark.netns(topology="cluster"), pytest.mark.slow, pytest.mark.netns_mysqld(flavor="mysql")]

group = factories.group(["red", "blue", "green"], scope="module")
multi_primary = factories.group(["red", "blue"], single_primary=False, options={"port": 3307}, scope="module")
on_the_primary = factories.client(group, namespace="router")


def test_three_members_are_online(group: Group) -> None:
    assert group.status == {
        "red": ("ONLINE", "PRIMARY"),
        "blue": ("ONLINE", "SECONDARY"),
        "green": ("ONLINE", "SECONDARY"),
    }
    assert group.primary is group["red"]
    assert group.secondaries == (group["blue"], group["green"])


def test_what_the_primary_writes_is_everywhere(group: Group) -> None:
    group.primary.execute("CREATE SCHEMA everywhere")
    for member in group.members:
        member.catch_up()
        assert member.execute("SHOW SCHEMAS LIKE 'everywhere'") == [("everywhere",)]


def test_a_client_meets_the_primary(on_the_primary: mysql.connector.MySQLConnection) -> None:
    with on_the_primary.cursor() as cursor:
        cursor.execute("SELECT USER(), @@report_host")
        assert cursor.fetchone() == ("router_user@192.0.2.1", "192.0.2.2")


def test_members_meet_from_their_own_namespaces(group: Group) -> None:
    """The plugin takes the namespace of its sockets from the recovery channel."""
    for name, member in group.items():
        assert member.execute(
            "SELECT NETWORK_NAMESPACE FROM performance_schema.replication_connection_configuration "
            "WHERE CHANNEL_NAME = 'group_replication_recovery'"
        ) == [(name,)]


def test_a_member_cut_off_is_expelled_and_rejoins(netns: Network, group: Group) -> None:
    netns.link("green").down()
    try:
        unreachable = group.wait_for("green", "UNREACHABLE")
        expelled = group.wait_for("green", None)
    finally:
        netns.link("green").up()
    rejoined = group.wait_online()  # by itself: the cut was short
    print(f"unreachable after {unreachable:.1f} s, expelled {expelled:.1f} s later, back after {rejoined:.1f} s")


def test_the_primary_dies_and_another_takes_over(group: Group) -> None:
    group["red"].kill()
    group.wait_for("red", None)
    assert group.primary in (group["blue"], group["green"])
    group.primary.execute("CREATE SCHEMA written_meanwhile")
    group.rejoin("red")
    assert group["red"].execute("SHOW SCHEMAS LIKE 'written_meanwhile'") == [("written_meanwhile",)]
    assert group.status["red"] == ("ONLINE", "SECONDARY")


def test_multi_primary(multi_primary: Group) -> None:
    assert set(multi_primary.status.values()) == {("ONLINE", "PRIMARY")}
    for name, member in multi_primary.items():
        member.execute(f"CREATE SCHEMA of_{name}")
    for member in multi_primary.members:
        member.catch_up()
        assert member.execute("SHOW SCHEMAS LIKE 'of_%'") == [("of_blue",), ("of_red",)]
    assert multi_primary["red"].writable is multi_primary["red"]
    assert multi_primary["blue"].writable is multi_primary["blue"]
