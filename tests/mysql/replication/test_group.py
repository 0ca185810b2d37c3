"""A group of two members: its errors, promotion, and what a test does to it is undone."""

from __future__ import annotations

import pytest

from pytest_netns_mysql import AccountFactory, Group, GroupError, MySQLServer, UnknownNamespaceError, factories

pytestmark = [pytest.mark.live, pytest.mark.slow]

pair = factories.group(["red", "blue"], options={"port": 3340}, scope="module")


def test_a_timeout_shows_the_view_of_each_member(pair: Group) -> None:
    with pytest.raises(GroupError) as error:
        pair.wait_for("blue", "UNREACHABLE", timeout=0.1)
    lines = str(error.value).splitlines()  # between the views and the remedies are lines of the error logs
    assert [*lines[:4], *lines[-2:]] == [
        "the others do not see blue as UNREACHABLE after 0.1 seconds",
        "  where: group pair",
        "  tried: red sees {'red': ('ONLINE', 'PRIMARY'), 'blue': ('ONLINE', 'SECONDARY')}",
        "  tried: blue sees {'red': ('ONLINE', 'PRIMARY'), 'blue': ('ONLINE', 'SECONDARY')}",
        "  do: check the paths between the members: netns.link(...), routes and forwarding of the topology",
        "  do: group.rejoin(name) brings a member back",
    ]


def test_a_namespace_without_a_member_is_refused(pair: Group) -> None:
    with pytest.raises(UnknownNamespaceError) as error:
        _ = pair["green"]
    assert str(error.value) == "group pair has no member in namespace 'green'\n  do: use one of red, blue"
    assert "green" not in pair
    assert pair.get("green") is None


def test_accounts_are_made_on_the_primary(pair: Group, netns_mysqld: MySQLServer) -> None:
    assert pair["blue"].writable is pair["red"]
    assert pair["blue"]._dataset is pair["red"]._dataset is pair
    assert netns_mysqld.writable is netns_mysqld._dataset is netns_mysqld


def test_a_member_that_is_promoted_takes_the_writes(pair: Group, netns_account: AccountFactory) -> None:
    red, blue = pair["red"], pair["blue"]
    red.promote()  # it is the primary already
    blue.promote()
    assert pair.primary is blue
    assert (red.writable, blue.writable) == (blue, blue)
    netns_account("app", schema="made_on_blue", server=red)
    blue.execute("CREATE SCHEMA by_hand")
    red.catch_up()
    assert red.execute("SHOW SCHEMAS LIKE 'by_hand'") == [("by_hand",)]


def test_a_member_that_has_left_is_not_promoted(pair: Group) -> None:
    assert pair.primary is pair["red"]
    pair["blue"].execute("STOP GROUP_REPLICATION")
    with pytest.raises(GroupError, match="pair-blue cannot be made the primary: ") as error:
        pair["blue"].promote()
    assert "do: group.rejoin(name) brings a member back" in str(error.value)


def test_a_secondary_takes_no_writes(pair: Group) -> None:
    with pytest.raises(Exception, match="super-read-only"):
        pair["blue"].execute("CREATE SCHEMA refused")


def test_a_failed_join_shows_the_errors_of_the_member(pair: Group) -> None:
    blue = pair["blue"]
    blue.execute("STOP GROUP_REPLICATION")
    blue.execute("SET GLOBAL super_read_only = OFF")
    blue.execute("CREATE SCHEMA errant")
    with pytest.raises(GroupError) as error:
        pair.rejoin("blue")
    assert error.value.what.startswith("pair-blue could not join pair: ")
    assert any("transactions not present in the group" in line for line in error.value.tried)
    assert "blue sees {'blue': ('OFFLINE', '')}" in error.value.tried


def test_a_group_whose_members_are_killed_has_no_primary(pair: Group) -> None:
    for member in pair.members:
        member.kill()
    assert not any(member.is_running for member in pair.members)
    assert pair.status == {}
    with pytest.raises(GroupError, match="pair has no primary"):
        _ = pair.primary
