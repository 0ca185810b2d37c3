"""Copy this file: it needs no conftest, no configuration and no server of your own."""

from __future__ import annotations

import pytest


@pytest.mark.netns("red")
def test_the_server_sees_where_we_come_from(netns_mysql):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == ("red_user@192.0.2.2",)


@pytest.mark.netns("red", "blue")
def test_everywhere(netns_mysql, netns):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER(), DATABASE()")
        print(cursor.fetchone())


def test_two_sides(netns, netns_connect):
    red = netns_connect("red")
    blue = netns_connect("blue")
    with netns["red"]:
        pass
    assert red.user, blue.user == ("red_user", "blue_user")
    netns["blue"].run(["ip", "route"], check=True)
