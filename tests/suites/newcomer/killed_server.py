import os
import signal

import pytest

from pytest_netns_mysql import ServerGoneError


def test_it(netns_mysqld, netns_connect):
    os.kill(netns_mysqld.pid, signal.SIGKILL)
    with pytest.raises(ServerGoneError, match="mysqld is not running: it ended with exit code -9"):
        netns_connect("red")
