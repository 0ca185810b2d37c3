"""A file creates the same objects in a schema's load, in a server's load, and by the client program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_netns_mysql import LoadError, MySQLServer
from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.mysql.load.loads import find_loads
from pytest_netns_mysql.mysql.seed import loader

pytestmark = [pytest.mark.live, pytest.mark.netns]  # the server fixtures are requested by name

DUMPS = Path(__file__).with_name("dumps")
HEAD = b"CREATE SCHEMA shop;\nUSE shop;\nCREATE TABLE t (a INT, b VARCHAR(20)) CHARACTER SET utf8mb4;\n"
TRIGGER = (
    b"DELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER `tr` "
    b"BEFORE UPDATE ON `t` FOR EACH ROW BEGIN\n  %b\n SET NEW.a = 1;\nEND */;;\nDELIMITER ;\n"
    b"INSERT INTO t VALUES (0, 'it''s'), (7, 'x;y');\n"
)
IN_A_TRIGGER = {
    "comment": b"/* it's; a comment */ SET NEW.a = 0; -- it's more",
    "end-in-text": b"SET NEW.b = 'a */ b';",
    "begin-in-text": b"SET NEW.b = 'a /* b';",
    "end-in-comment": b"-- ends with */ here",
    "quotes": b"SET NEW.b = \"it's; /* x */\"; # don't",
}
FILES = {
    **{f"trigger-{name}": HEAD + TRIGGER % body for name, body in IN_A_TRIGGER.items()},
    "returns": HEAD
    + b"INSERT INTO t VALUES (1, 'a\rb'), (2, 'c\r\nd'), (3, 'e\nf'), (4, 'g\x0bh\x0c\xc2\x85\xe2\x80\xa8i');\n",
    "crlf": (HEAD + b"DELIMITER $$\nCREATE PROCEDURE p()\nBEGIN\n  SELECT 1;\nEND $$\nDELIMITER ;\n").replace(
        b"\n", b"\r\n"
    ),
    "mark": b"\xef\xbb\xbf" + HEAD + b"INSERT INTO t VALUES (1, 'caf\xc3\xa9')",
    "latin1": HEAD + b"SET NAMES latin1;\nINSERT INTO t VALUES (1, 'caf\xe9');\n",
    "bytes": HEAD + b"ALTER TABLE t MODIFY b VARBINARY(20);\nINSERT INTO t VALUES (1, _binary '\xff\xfe\\0x\\'');\n",
    "no-escapes": HEAD + b"SET sql_mode = 'NO_BACKSLASH_ESCAPES';\nINSERT INTO t VALUES (1, 'a\\'), (2, 'b;');\n"
    b"SET sql_mode = '';\nINSERT INTO t VALUES (3, 'c\\';');\n",
    "ansi-quotes": HEAD + b'SET sql_mode = \'ANSI_QUOTES\';\nCREATE VIEW "v;" AS SELECT "a" FROM t;\n',
    "client-commands": HEAD
    + b"SELECT 1\\G\nINSERT INTO t VALUES (1, 'a')\\g INSERT INTO t VALUES (2, NULL);\nwarnings\n"
    b"INSERT INTO t VALUES (3, 'c') \\c\nINSERT INTO t VALUES (4, 'd')\n",
    "rows-found": HEAD
    + b"INSERT INTO t VALUES (1, 'a');\nUPDATE t SET a = 1;\nINSERT INTO t VALUES (ROW_COUNT(), 'b');\n",
    "several": HEAD + b"DELIMITER //\nINSERT INTO t VALUES (1, 'a'); INSERT INTO t VALUES (2, 'b;//')//\n",
    "comments": b"-- nothing\n/* at all; */\n# here" + b"\n" + HEAD + b"/* and */ -- here\n;\n",
    "local": HEAD + b"LOAD DATA LOCAL INFILE 'rows.csv' INTO TABLE t FIELDS TERMINATED BY ',';\n",
    "source": HEAD + b"source parts/a.sql ;\nINSERT INTO t VALUES (3, 'c');\n",
    "maria": b"/*M!999999\\- enable the sandbox mode */ \n" + HEAD + b"/*M!100100 INSERT INTO t VALUES (1, 'a') */;\n",
    "large": HEAD + b"ALTER TABLE t MODIFY b LONGTEXT;\nINSERT INTO t VALUES (1, '" + b"x;\\'''" * (1 << 18) + b"');\n",
    **{name: (DUMPS / name).read_bytes() for name in ("shop.sql", "phpmyadmin-mysql.sql", "phpmyadmin-mariadb.sql")},
}
OF_OTHER_SERVER = {"netns_mysqld": "phpmyadmin-mariadb.sql", "maria": "phpmyadmin-mysql.sql"}
"""Files with collations that only the other server has, by the fixture of the server."""


@pytest.fixture(params=["netns_mysqld", "maria"])
def server(request: pytest.FixtureRequest) -> Iterator[MySQLServer]:
    found: MySQLServer = request.getfixturevalue(request.param)
    found.execute("CREATE SCHEMA another")
    yield found
    for schema in ("another", "shop"):
        found.execute(f"DROP SCHEMA IF EXISTS {schema}")


def command(server: MySQLServer, program: str, *words: str) -> list[str]:
    return [server.program(program), "--no-defaults", "--user=root", f"--socket={server.socket}", *words]


def dump(server: MySQLServer) -> bytes:
    """Return a dump of the schema, and drop the schema."""
    words = ("--routines", "--events", "--triggers", "--skip-comments", "--hex-blob", "--databases", "shop")
    found = server.network[GLOBAL].run(command(server, "mysqldump", *words), capture_output=True)
    assert found.returncode == 0, found.stderr
    server.execute("DROP SCHEMA shop")
    dumped: bytes = found.stdout
    return dumped


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    (tmp_path / "rows.csv").write_text("1,tea\n2,milk\n")
    (tmp_path / "parts" / "a.sql").write_text("INSERT INTO t VALUES (1, 'a');\nsource b.sql")
    (tmp_path / "b.sql").write_text("INSERT INTO t VALUES (2, 'b')")
    return tmp_path


@pytest.mark.parametrize(
    ("server", "name"),
    [(server, name) for server, other in OF_OTHER_SERVER.items() for name in FILES if name != other],
    indirect=["server"],
)
def test_three_ways_of_loading_give_the_same_objects(server: MySQLServer, folder: Path, name: str) -> None:
    is_mariadb = server._spec.kind.flavor == "mariadb"
    file = folder / "script.sql"
    file.write_bytes(FILES[name])
    server.execute("SET GLOBAL local_infile = 1")
    client_program = command(server, "mysql", "--default-character-set=utf8mb4", "--local-infile=1")
    client_program += [] if is_mariadb else ["--commands"]
    with file.open("rb") as text:
        result = server.network[GLOBAL].run(client_program, stdin=text, cwd=folder, capture_output=True)
    assert result.returncode == 0, result.stderr
    expected = dump(server)
    server.execute("SET GLOBAL local_infile = 0")
    for schema in (None, "another"):
        loader.load_into(server, find_loads([file], where="here"), schema)
        assert dump(server) == expected
    assert server.execute("SELECT @@GLOBAL.local_infile") == [(0,)]


@pytest.mark.parametrize(
    "line", [b"/*!999999\\- enable the sandbox mode */ \n", b"/*M!999999\\- enable the sandbox mode */ \n"]
)
def test_the_sandbox_line_of_mariadbs_dumps_is_accepted(server: MySQLServer, folder: Path, line: bytes) -> None:
    file = folder / "script.sql"
    file.write_bytes(line + HEAD + line + b"INSERT INTO t VALUES (1, 'a');\n")
    for schema in (None, "another"):
        loader.load_into(server, find_loads([file], where="here"), schema)
        assert server.execute("SELECT * FROM shop.t") == [(1, "a")]
        server.execute("DROP SCHEMA shop")


def test_a_dump_of_mysqldump_can_be_loaded(server: MySQLServer, folder: Path) -> None:
    loader.load_into(server, find_loads([DUMPS / "shop.sql"], where="here"))
    file = folder / "dump.sql"
    first = dump_twice = dump(server)
    file.write_bytes(first)
    for schema in (None, "another"):
        loader.load_into(server, find_loads([file], where="here"), schema)
        dump_twice = dump(server)
        assert dump_twice == first


@pytest.mark.parametrize("server", ["netns_mysqld"], indirect=True)  # the dump has collations of MySQL
def test_a_dump_of_mydumper_can_be_loaded(server: MySQLServer) -> None:
    tables = ["things-schema", "things", "parts-schema", "parts", "log-schema"]
    loads = find_loads([DUMPS / "mydumper" / f"shop.{table}.sql" for table in tables], where="here")
    loader.load_into(server, loads, "another")
    assert server.execute("SELECT name, HEX(data), JSON_EXTRACT(doc, '$.a') FROM another.things ORDER BY id") == [
        ('tea; it\'s "hot"\n\r\t\\', "00FF275C0A0D1A22", '"b;\\n"'),
        ("café 😀 -- #", None, None),
        ("/*!50003 x */ ;;", "", None),
    ]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (
            b"SELECT 1;\n\nCREATE TABEL t (a INT);\n",
            3,
            "ERROR 1064 (42000) at line 3: You have an error in your SQL syntax;",
        ),
        (b"SELECT 1;\nSELECT \\y;\n", 2, "ERROR at line 2: Unknown command '\\y'."),
        (b"\nsource none.sql\n", 2, "ERROR at line 2: Failed to open file 'none.sql'"),
        (b"-- x\ndelimiter\n", 2, "ERROR at line 2: DELIMITER must be followed by a 'delimiter' character or string"),
        ("SELECT 1;".encode("utf-16"), 1, "the file is UTF-16, which the client program cannot read"),
        (b"SELECT 1;\nSELECT '\0';", 2, "the line has a NUL byte, which the client program cannot read"),
        (
            b"LOAD DATA LOCAL INFILE 'none.csv' INTO TABLE mysql.func;\n",
            1,
            "ERROR 2 (HY000) at line 1: File 'none.csv' not found",
        ),
    ],
    ids=["syntax", "command", "source", "delimiter", "utf-16", "nul", "local"],
)
def test_both_ways_of_loading_report_the_line_of_an_error(
    server: MySQLServer, folder: Path, text: bytes, line: int, message: str
) -> None:
    file = folder / "script.sql"
    file.write_bytes(text)
    for schema in (None, "another"):
        with pytest.raises(LoadError) as caught:
            loader.load_into(server, find_loads([file], where="here"), schema)
        assert caught.value.what == "script.sql could not be loaded"
        assert caught.value.where == f"{file}, line {line}"
        assert caught.value.tried[0].startswith(message)


def test_an_error_in_a_sourced_file_is_reported_there(server: MySQLServer, folder: Path) -> None:
    (folder / "script.sql").write_bytes(HEAD + b"source parts/a.sql\n")
    (folder / "b.sql").write_bytes(b"\n\nSELEKT 1;\n")
    for schema in (None, "another"):
        with pytest.raises(LoadError) as caught:
            loader.load_into(server, find_loads([folder / "script.sql"], where="here"), schema)
        assert caught.value.where == f"{folder / 'b.sql'}, line 3"
        server.execute("DROP SCHEMA shop")


def test_a_row_larger_than_max_allowed_packet_can_be_loaded(server: MySQLServer, folder: Path) -> None:
    file = folder / "script.sql"
    file.write_bytes(
        HEAD + b"ALTER TABLE t MODIFY b LONGTEXT;\nINSERT INTO t VALUES (1, '" + b"x" * (20 << 20) + b"');\n"
    )
    server.execute("SET GLOBAL max_allowed_packet = 16777216")
    for schema in (None, "another"):
        loader.load_into(server, find_loads([file], where="here"), schema)
        assert server.execute("SELECT LENGTH(b) FROM shop.t") == [(20 << 20,)]
        server.execute("DROP SCHEMA shop")
    assert server.execute("SELECT @@GLOBAL.max_allowed_packet") == [(16777216,)]
