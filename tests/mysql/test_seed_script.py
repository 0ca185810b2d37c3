"""SQL files: where one statement ends, and which files only the client program understands."""

from __future__ import annotations

import pytest

from pytest_netns_mysql.mysql.script import files_read, statements


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("-- nothing\n# at all\n/* but */ ; ;", []),
        ("SELECT 1", [(1, "SELECT 1")]),
        ("SELECT 1;\n\nSELECT\n2;", [(1, "SELECT 1"), (3, "SELECT\n2")]),
        ("-- one; two\nSELECT 1;", [(2, "SELECT 1")]),
        ("SELECT 1 -- one; two\n;SELECT 2", [(1, "SELECT 1 -- one; two\n"), (2, "SELECT 2")]),
        ("SELECT 5--1;", [(1, "SELECT 5--1")]),
        ("SELECT 'a;''b\\';', \"c;\", `d;`;", [(1, "SELECT 'a;''b\\';', \"c;\", `d;`")]),
        ("SELECT /* ; */ 1; SELECT 2", [(1, "SELECT /* ; */ 1"), (1, "SELECT 2")]),
        ("/*!40101 SET @a = 1; */; SELECT 1;", [(1, "/*!40101 SET @a = 1; */"), (1, "SELECT 1")]),
        (
            "delimiter //\nCREATE PROCEDURE p() BEGIN SELECT 1; END//\nDELIMITER ;\nSELECT 2;",
            [(2, "CREATE PROCEDURE p() BEGIN SELECT 1; END"), (4, "SELECT 2")],
        ),
        ("use shop; SELECT 1;", [(1, "use shop"), (1, "SELECT 1")]),
    ],
)
def test_statements_are_told_apart(text: str, found: list[tuple[int, str]]) -> None:
    assert statements(text) == found


@pytest.mark.parametrize(
    "text", ["source other.sql", "\\. other.sql", "SELECT 1\\G", "use shop\nSELECT 1;", "system ls"]
)
def test_commands_of_the_client_program_are_left_to_it(text: str) -> None:
    assert statements(f"SELECT 0;\n{text}") is None


def test_the_files_that_a_script_reads_are_known() -> None:
    text = "SOURCE a.sql\n\\. b.sql\nsource c d.sql;\nLOAD DATA LOCAL INFILE 'e.csv' INTO TABLE t;\nSELECT 'source f'"
    assert files_read(text) == ["a.sql", "b.sql", "c d.sql", "e.csv"]
