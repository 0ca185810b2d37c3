import os
import signal

import pytest

from pytest_netns_mysql import ServerGoneError


def test_it(netns_start_mysqld):
    server = netns_start_mysqld(options={"port": 3307})
    os.kill(server._running_pid(), signal.SIGSEGV)
    while server.is_running:
        pass
    with pytest.raises(ServerGoneError) as error:
        server.execute("SELECT 1")
    first, _, stack, *_ = str(error.value).splitlines()
    assert first == ("mysqld crashed: signal 11 (SIGSEGV) in a thread of its own, not for a connection")
    assert stack == "  tried: stack: handle_connections_sockets, mysqld_main"
