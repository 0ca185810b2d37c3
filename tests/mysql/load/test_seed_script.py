"""Splitting SQL files into statements, as the client programs of MySQL and MariaDB do."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_netns_mysql.mysql.load.scan import scan
from pytest_netns_mysql.mysql.load.script import ScriptError, statements
from pytest_netns_mysql.mysql.load.scriptparts import ANSI_QUOTES, NO_BACKSLASH_ESCAPES


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "script.sql"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"", []),
        (b"-- nothing\n# at all\n ; ;", []),
        (b"SELECT 1", [(1, b"SELECT 1")]),
        (b"SELECT 1;\n\nSELECT\n2;", [(1, b"SELECT 1"), (3, b"SELECT\n2")]),
        (b"-- one; two\nSELECT 1;", [(2, b"SELECT 1")]),
        (b"SELECT 1 -- one; two\n;SELECT 2", [(1, b"SELECT 1 -- one; two"), (1, b"SELECT 2")]),
        (b"SELECT 5--1;", [(1, b"SELECT 5--1")]),
        (b"SELECT 'a;''b\\';', \"c;\", `d;`;", [(1, b"SELECT 'a;''b\\';', \"c;\", `d;`")]),
        (b"SELECT /* ; */ 1; SELECT 2", [(1, b"SELECT /* ; */ 1"), (1, b"SELECT 2")]),
        (b"SELECT /*+ ; it's */ 1; SELECT 2", [(1, b"SELECT /*+ ; it's */ 1"), (1, b"SELECT 2")]),
        (b"/*!40101 SET @a = 1 */; SELECT 1;", [(1, b"/*!40101 SET @a = 1 */"), (1, b"SELECT 1")]),
        (b"/*!1 SELECT '*/;' */;SELECT 2", [(1, b"/*!1 SELECT '*/;' */"), (1, b"SELECT 2")]),
        (b"/*!1 BEGIN\n/* it's; */ 1\nEND */;SELECT 2", [(1, b"/*!1 BEGIN\n/* it's; */ 1\nEND */"), (1, b"SELECT 2")]),
        (
            b"delimiter //\nCREATE PROCEDURE p() BEGIN SELECT 1; END//\nDELIMITER ;\nSELECT 2;",
            [(2, b"CREATE PROCEDURE p() BEGIN SELECT 1; END"), (4, b"SELECT 2")],
        ),
        (b"/* c */\nDELIMITER $$\nSELECT 1;$$", [(3, b"SELECT 1;")]),
        (
            b"use shop; SELECT 1;\nuse `a``b`\nSELECT 2",
            [(1, b"USE `shop`"), (1, b"SELECT 1"), (2, b"USE `a``b`"), (3, b"SELECT 2")],
        ),
        (b"SELECT 1\\G\nSELECT 2\\gSELECT \\N;", [(1, b"SELECT 1"), (2, b"SELECT 2"), (2, b"SELECT \\N")]),
        (b"SELECT 1\\c\ngo\nstatus\nSELECT 3;\nquit\nSELECT 4", [(4, b"SELECT 3")]),
        (b"SELECT 0;\ngo\nstatus\nSELECT 3;\nquit\nSELECT 4", [(1, b"SELECT 0"), (4, b"SELECT 3")]),
        (
            b"\xef\xbb\xbfSELECT 'a\rb', 'c\r\nd';\r\nSELECT '\xff\xe9';\r",
            [(1, b"SELECT 'a\rb', 'c\nd'"), (3, b"SELECT '\xff\xe9'")],
        ),
        (
            b"/*!999999\\- enable the sandbox mode */ \nSELECT 1;",
            [(1, b"/*!999999 enable the sandbox mode */ \nSELECT 1")],
        ),
        (b"charset latin1\nSELECT 1;", [(1, b"SET NAMES latin1"), (2, b"SELECT 1")]),
    ],
)
def test_statements_are_told_apart(file: Path, text: bytes, found: list[tuple[int, bytes]]) -> None:
    file.write_bytes(text)
    assert [(statement.line, statement.text) for statement in statements(file)] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"-- a\nSELECT /* it's; */ 1;", [b"SELECT  1"]),
        (b"/* a */ SELECT/* b */1 -- c\n;", [b" SELECT 1"]),
        (b"--no space; SELECT 1;\nSELECT 5--1;", [b"SELECT 5--1"]),
        (b"/*M!100100 SELECT 'a;b' */;/*!M! */;", [b"/*M!100100 SELECT 'a;b' */", b"/*!M! */"]),
        (
            b"/*M!999999\\- enable the sandbox mode */ \nSELECT 1;",
            [b"/*M!999999 enable the sandbox mode */ \nSELECT 1"],
        ),
        (b"SELECT `a\\`; SELECT 2", [b"SELECT `a\\`", b"SELECT 2"]),
    ],
)
def test_statements_for_mariadb_lose_their_comments(file: Path, text: bytes, found: list[bytes]) -> None:
    file.write_bytes(text)
    assert [statement.text for statement in statements(file, mariadb=True)] == found


@pytest.mark.parametrize(
    ("text", "status", "mariadb", "found"),
    [
        (b"SELECT 'a\\'; SELECT 2", NO_BACKSLASH_ESCAPES, False, [b"SELECT 'a\\'", b"SELECT 2"]),
        (b'SELECT "a\\"; SELECT 2', ANSI_QUOTES, True, [b'SELECT "a\\"', b"SELECT 2"]),
        (b'SELECT "a\\"; SELECT 2', ANSI_QUOTES, False, [b'SELECT "a\\"; SELECT 2']),
    ],
)
def test_the_sessions_sql_mode_counts(file: Path, text: bytes, status: int, mariadb: bool, found: list[bytes]) -> None:
    file.write_bytes(text)
    assert [statement.text for statement in statements(file, mariadb=mariadb, status=lambda: status)] == found


def test_strings_in_dollar_quotes(file: Path) -> None:
    file.write_bytes(b"SELECT $$a;'b$$; SELECT a$$; SELECT $js$;$$;$js$;")
    assert [statement.text for statement in statements(file, dollars=True)] == [
        b"SELECT $$a;'b$$",
        b"SELECT a$$",
        b"SELECT $js$;$$;$js$",
    ]


def test_the_path_of_source_is_relative_to_the_first_file(file: Path) -> None:
    (file.parent / "parts").mkdir()
    (file.parent / "parts" / "a.sql").write_bytes(b"SELECT 1;\nsource b.sql ;\nSELECT 'open")
    (file.parent / "b.sql").write_bytes(b"\nDELIMITER //\nSELECT 2//\nquit\nSELECT 0//")
    file.write_bytes(b"SELECT 0;\nSOURCE parts/a.sql\nSELECT 3; SELECT 4//\\. b.sql")
    assert [(found.file.name, found.line, found.text) for found in statements(file)] == [
        ("script.sql", 1, b"SELECT 0"),
        ("a.sql", 1, b"SELECT 1"),
        ("b.sql", 3, b"SELECT 2"),
        ("a.sql", 3, b"SELECT 'open"),
        ("script.sql", 3, b"SELECT 3; SELECT 4"),
        ("b.sql", 3, b"SELECT 2"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "message", "needs_program"),
    [
        (b"SELECT 0;\nSELECT 1 \\y;", 2, "Unknown command '\\y'.", False),
        (b"\nSOURCE none.sql", 2, "Failed to open file 'none.sql': No such file or directory", False),
        (b"SOURCE script.sql", 1, "SOURCE script.sql: files are nested more than 32 levels deep", False),
        (b"source ;", 1, "Usage: \\. <filename> | source <filename>", False),
        (b"delimiter\n", 1, "DELIMITER must be followed by a 'delimiter' character or string", False),
        (b"delimiter a\\\\b\n", 1, "DELIMITER cannot contain a backslash character", False),
        (b"use\n", 1, "USE must be followed by a database name", False),
        (b"SELECT 0;\nSELECT 1; use shop", 2, "there is no delimiter after the command use", False),
        (b"SELECT 0;\n\nsystem ls", 3, "only the client program can execute the command system", True),
        (b"charset gbk", 1, "only the client program can execute the command charset", True),
    ],
)
def test_an_error_has_the_line_and_says_whether_the_client_program_is_needed(
    file: Path, text: bytes, line: int, message: str, needs_program: bool
) -> None:
    file.write_bytes(text)
    with pytest.raises(ScriptError) as caught:
        list(statements(file))
    assert (caught.value.line, str(caught.value), caught.value.needs_program) == (line, message, needs_program)


def test_the_sandbox_of_mariadb_forbids_source(file: Path) -> None:
    file.write_bytes(b"\\-\nSOURCE script.sql\n")
    with pytest.raises(ScriptError, match="SOURCE: Not allowed in the sandbox mode"):
        list(statements(file, mariadb=True))


def test_a_scan_finds_the_files_that_a_script_reads(file: Path) -> None:
    names = [
        "a.sql",
        "b.sql",
        "c d.sql",
        "e.csv",
        "f g.csv",
        "h.sql",
        "i.sql",
        "sub/j.sql",
        "k's.csv",
        "l.xml",
        "m.sdi",
    ]
    (file.parent / "sub").mkdir()
    for name in [*names, "not.sql"]:
        (file.parent / name).write_text("")
    (file.parent / "a.sql").write_text("source sub/j.sql ;")
    file.write_text(
        "SOURCE a.sql\n\\. b.sql\nsource c d.sql;\nLOAD DATA LOCAL INFILE 'e.csv' INTO TABLE t;\n"
        'LOAD DATA LOCAL\nINFILE /* from */ "f g.csv" INTO TABLE t; source h.sql ;\nSELECT 1//source i.sql//\n'
        "LOAD DATA LOCAL INFILE 'k''s.csv' INTO TABLE t;LOAD XML LOCAL INFILE 'l.xml' INTO TABLE t;\n"
        "IMPORT TABLE FROM 'none.sdi', 'm.sdi';\nSELECT 'the source not.sql', 'infile not.sql'"
    )
    assert sorted(scan("it", file).files) == sorted(["it", *names])


@pytest.mark.parametrize("change", ["script.sql", "parts/a.sql", "b.sql", "rows.csv"])
def test_the_digest_includes_every_file(file: Path, change: str) -> None:
    (file.parent / "parts").mkdir()
    (file.parent / "parts" / "a.sql").write_text("source b.sql ;\n")
    (file.parent / "b.sql").write_text("LOAD DATA LOCAL INFILE 'rows.csv' INTO TABLE t;\n")
    (file.parent / "rows.csv").write_text("1\n")
    file.write_text("source parts/a.sql ;\n")
    before = scan("it", file).digest()
    assert scan("it", file).digest() == before
    with (file.parent / change).open("a") as stream:
        stream.write("\n")
    assert scan("it", file).digest() != before


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        ("SELECT 1;\n".encode("utf-16"), 1, "the file is UTF-16, which the client program cannot read"),
        (b"SELECT 1;\nSELECT '\0';", 2, "the line has a NUL byte, which the client program cannot read"),
        (b"\x1f\x8b\x08\0", 1, "the file is compressed by gzip"),
        (b"-- x\n" * (1 << 19) + b"\0", (1 << 19) + 1, "the line has a NUL byte, which the client program cannot read"),
    ],
    ids=["utf-16", "nul", "gzip", "far"],
)
def test_a_scan_finds_what_the_client_program_cannot_read(file: Path, content: bytes, line: int, what: str) -> None:
    file.write_bytes(content)
    fault = scan("it", file).fault
    assert fault is not None
    assert (fault.line, fault.what) == (line, what)
