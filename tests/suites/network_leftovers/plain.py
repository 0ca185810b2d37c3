import os
import socket

import pytest


@pytest.mark.netns("red")
@pytest.mark.parametrize("time", range(int(os.environ.get("COUNT", "3"))))
def test_without_a_server(netns, time):
    with netns["blue"]:
        listener = socket.create_server(("198.51.100.2", 3306))
    with listener:
        socket.create_connection(("198.51.100.2", 3306), timeout=10).close()
    netns["global"].run(["ip", "link", "set", "veth-red", "down"], check=True)
