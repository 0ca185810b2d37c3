import json
import os
import pathlib
import socket

import pytest

_, USER, _ = json.loads(os.environ["AS_BEFORE"])


def test_before(tmp_path):
    assert os.getuid() == USER
    (tmp_path / "file").touch()
    assert (tmp_path / "file").stat().st_uid == USER


@pytest.mark.netns("red")
def test_a_socket_comes_from_red(netns):
    with netns["global"]:
        server = socket.create_server(("192.0.2.1", 4711))
    with server, socket.create_connection(("192.0.2.1", 4711)):
        assert server.accept()[1][0] == "192.0.2.2"


@pytest.mark.netns("red")
def test_the_server_sees_red(netns_mysql):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == ("red_user@192.0.2.2",)


def test_after(tmp_path):
    assert os.getuid() == USER
    (pathlib.Path(tmp_path) / "file").touch()
