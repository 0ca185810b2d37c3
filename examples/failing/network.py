"""Servers that cannot be reached, or that are gone."""

import os
import signal

import pytest

pytestmark = [pytest.mark.netns("red"), pytest.mark.netns_mysqld(flavor="mysql")]


def test_link_is_down(netns, netns_mysqld, netns_connect):
    netns.link("blue").down()
    netns_connect("red", endpoint=netns_mysqld.endpoint("blue"), connection_timeout=2)


def test_partition(netns, netns_mysqld, netns_connect):
    with netns.partition("red"):
        netns_connect("red", user="app", endpoint=netns_mysqld.endpoint("blue"))


def test_nobody_listens_there(netns_connect):
    netns_connect("red", user="app", host="192.0.2.1", port=3306)


def test_server_was_killed(netns_mysqld, netns_connect):
    with netns_connect("red").cursor() as cursor:
        netns_mysqld.kill()
        cursor.execute("SELECT 1")


def test_server_crashes(netns_mysqld, netns_connect):
    with netns_connect("red").cursor() as cursor:
        os.kill(netns_mysqld.pid, signal.SIGSEGV)
        cursor.execute("SELECT SLEEP(60)")


def test_connection_was_killed(netns_mysqld, netns_connect):
    connection = netns_connect("red")
    with connection.cursor() as cursor:
        netns_mysqld.execute(f"KILL {connection.connection_id}")
        cursor.execute("SELECT 1")
