import os
import signal

import pytest

from pytest_netns_mysql import ServerGoneError


def test_it(netns_mysqld, netns_connect):
    os.kill(netns_mysqld.pid, signal.SIGKILL)
    with pytest.raises(ServerGoneError, match="mysqld is not running: it was ended by SIGKILL"):
        netns_connect("red")
