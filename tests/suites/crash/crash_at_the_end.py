import os
import signal


def test_it(netns_mysqld, netns_mysql):
    os.kill(netns_mysqld.pid, signal.SIGABRT)


def test_the_next_one(netns_mysqld, netns_mysql):
    assert netns_mysqld.execute("SELECT 1") == [(1,)]
