import os
import signal
import time


def test_it_dies(netns_mysqld):
    os.kill(netns_mysqld.pid, signal.Signals[os.environ["SIGNAL"]])
    while netns_mysqld.is_running:
        time.sleep(0.01)


def test_it_is_stopped_by_the_test(netns_mysqld):
    netns_mysqld.kill()


def test_it_is_shut_down(netns_mysqld):
    netns_mysqld.execute("SHUTDOWN")
    while netns_mysqld.is_running:
        time.sleep(0.01)


def test_next(netns_mysqld):
    assert netns_mysqld.execute("SELECT 1") == [(1,)]
