"""The file for the secrets of TLS: what is read of it, and a descriptor that a test has closed."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_netns_mysql.run.keylog import KeyLog


def descriptor_of(key_log: KeyLog) -> int:
    return int(key_log.path().name)


def test_secrets_are_read_until_they_are_cleared() -> None:
    key_log = KeyLog()
    key_log.path().write_text("CLIENT_RANDOM 1 2\n")
    assert key_log.read() == b"CLIENT_RANDOM 1 2\n"
    key_log.clear()
    assert key_log.read() == b""
    key_log.close()


def test_a_file_that_took_the_number_of_the_descriptor_is_left_alone(tmp_path: Path) -> None:
    key_log = KeyLog()
    number = descriptor_of(key_log)
    file = tmp_path / "of the test"
    file.write_text("precious")
    with file.open("rb+", buffering=0) as stream:
        os.dup2(stream.fileno(), number)
        assert key_log.read() == b""
        key_log.clear()
        key_log.path().write_text("CLIENT_RANDOM 1 2\n")
        assert key_log.read() == b"CLIENT_RANDOM 1 2\n"
        key_log.close()
        assert file.read_text() == "precious"
        os.close(number)  # which is open still


def test_a_closed_descriptor_is_no_error() -> None:
    key_log = KeyLog()
    os.close(descriptor_of(key_log))
    key_log.clear()
    assert key_log.read() == b""
    key_log.close()
    assert key_log.path().exists()
    key_log.close()
