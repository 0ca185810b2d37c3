import socket

import pcapng.writer
import pytest


@pytest.fixture(autouse=True)
def broken(monkeypatch):
    def write_block(*_):
        raise ZeroDivisionError("a bug of the library")

    monkeypatch.setattr(pcapng.writer.FileWriter, "write_block", write_block)


@pytest.mark.netns("red")
def test_it(netns):
    with socket.socket() as client:
        client.connect_ex(("192.0.2.2", 3306))  # without a packet the library writes no block
    raise ValueError("of the test")
