"""SQL files that end the client program, or that it reads in its own way: one clear error by each way of loading."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_netns_mysql import LoadError, MySQLServer
from pytest_netns_mysql.mysql.load.loads import find_loads
from pytest_netns_mysql.mysql.seed import loader

pytestmark = [pytest.mark.live, pytest.mark.netns]

FILES = {
    "in a circle": (b"\\. other.sql\n", "signal SIGSEGV|nested more than 32 levels deep"),
    "an unknown home": (b"source ~no-such-user/x.sql\n", "Failed to open file '~no-such-user/x.sql'"),
    "a folder": (b"source .\n", "Can't initialize batch_readline|Can't read from a directory|Failed to open file '.'"),
    "a link to itself": (b"source loop.sql\n", "Failed to open file 'loop.sql'"),
    "another file": (b"source ../../../../../../../../etc/hostname\n", "ERROR 1064 .*syntax"),
    "a long name": (b"source %s\n" % (b"x" * 5000), "Failed to open file 'xxx"),
    "escapes": (
        b"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '\x1b[31m\xe2\x80\xae';\n",
        r"45000.*: (\\x1b|\\001B)\[31m\\u202e",
    ),
    "no delimiter": (b"DELIMITER \\\n", "DELIMITER cannot contain a backslash character"),
    "binary": (bytes(range(1, 256)) * 10, "ERROR 1064 .*syntax"),
    "utf-16 without a mark": ("SELECT 1;".encode("utf-16-le"), "the line has a NUL byte"),
    "a folder as rows": (b"LOAD DATA LOCAL INFILE 'none' INTO TABLE mysql.func;\n", "File 'none' not found"),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("server", ["netns_mysqld", "maria"])
def test_one_clear_error(request: pytest.FixtureRequest, server: str, name: str, tmp_path: Path) -> None:
    found: MySQLServer = request.getfixturevalue(server)
    text, told = FILES[name]
    file = tmp_path / "script.sql"
    file.write_bytes(text)
    (tmp_path / "other.sql").write_bytes(b"\\. script.sql\n")
    (tmp_path / "loop.sql").symlink_to("loop.sql")
    for schema in (None, "mysql"):
        with pytest.raises(LoadError) as caught:
            loader.load_into(found, find_loads([file], where="here"), schema)
        message = str(caught.value)
        assert caught.value.what == "script.sql could not be loaded"
        assert re.search(told, message), message
        assert all(char.isprintable() or char == "\n" for char in message)


def test_a_crash_of_the_client_program_is_told(netns_mysqld: MySQLServer, tmp_path: Path) -> None:
    file = tmp_path / "script.sql"
    file.write_bytes(b"source script.sql\n")
    with pytest.raises(LoadError) as caught:
        loader.load_into(netns_mysqld, find_loads([file], where="here"))
    assert str(caught.value) == (
        "script.sql could not be loaded\n"
        f"  where: {file}\n"
        "  tried: the client program was ended by the signal SIGSEGV, as where a file reads itself by SOURCE\n"
        "  do: see that no file reads itself by SOURCE, and that CHARSET names no encoding like utf16"
    )
