"""Where a test stands and where its connections come from, for the other suites of this folder."""

import os

HOST = int(os.environ["HOST_NETWORK"])


def network():
    return os.stat("/proc/thread-self/ns/net").st_ino


def named(name):
    return os.stat(f"/run/netns/{name}").st_ino


def origin(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT USER()")
        return cursor.fetchone()[0].partition("@")[2]
