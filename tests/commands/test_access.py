"""netns-mysql access: who may log in from where, by the accounts in SQL files."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.suites import Suite
from tests.test_cli import netns_mysql

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "examples" / "access" / "shop.sql"
DUMPS = Path(__file__).parent / "dumps"


def test_the_matrix_of_a_schema_as_text(tmp_path: Path) -> None:
    result = netns_mysql("access", str(SHOP), "--user", "app", "--user", "nobody", "--mysqld", "auto")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "user    global (127.0.0.1)  red (192.0.2.2)    blue (198.51.100.2)",
        "app     1045 no account     'app'@'192.0.2.2'  ''@'198.51.100.2'",
        "nobody  1045 no account     1045 no account    ''@'198.51.100.2'",
        "",
        "app from red: 'app'@'192.0.2.2' hides 'app'@'192.0.2.%', which alone has INSERT, UPDATE, DELETE ON `shop`.*",
    ]


def test_the_matrix_as_json_and_markdown(tmp_path: Path) -> None:
    file = tmp_path / "accounts.sql"
    file.write_text("CREATE USER app@'172.17.0.1';\n")
    result = netns_mysql("access", str(file), "--topology", "nat", "--format", "json")
    data = json.loads(result.stdout)
    assert [column["label"] for column in data["columns"]] == ["global", "red", "blue", "db"]
    assert data["users"]["app"]["red"]["account"] == "'app'@'172.17.0.1'"
    assert data["users"]["app"]["db"]["error"] == 1130
    result = netns_mysql("access", str(file), "--topology", "nat", "--format", "markdown")
    assert result.stdout.splitlines()[2] == (
        "| app | 1130 host is not allowed | 'app'@'172.17.0.1' | 'app'@'172.17.0.1' | 1130 host is not allowed |"
    )


def test_the_output_of_pt_show_grants_and_a_second_file(tmp_path: Path) -> None:
    more = tmp_path / "more.sql"
    more.write_text("-- after the administrator got a password that nobody knows\nCREATE USER more@'%';\n")
    result = netns_mysql("access", str(DUMPS / "pt-show-grants.sql"), str(more), "--mysqld", "auto")
    assert result.returncode == 0
    assert result.stderr.splitlines() == [
        "netns-mysql: pt-show-grants.sql, line 8, is executed without the plugin: "
        "Plugin 'mysql_native_password' is not loaded",
        "netns-mysql: pt-show-grants.sql, line 9, is left out: Unknown database 'shop'",
    ]
    assert result.stdout.splitlines() == [
        "user    global (127.0.0.1)         red (192.0.2.2)            blue (198.51.100.2)",
        "app     1045 no account            'app'@'192.0.2.%'          1045 no account",
        "former  3118 'former'@'%': locked  3118 'former'@'%': locked  3118 'former'@'%': locked",
        "more    'more'@'%'                 'more'@'%'                 'more'@'%'",
    ]


@pytest.mark.parametrize(
    ("server", "program", "arguments"),
    [
        ("auto", "mysqldump", ["--users", "--no-data", "shop"]),
        ("auto", "mysqldump", ["--all-databases"]),
        ("mariadb", "mariadb-dump", ["--system=users"]),
        ("mariadb", "mariadb-dump", ["--all-databases"]),
    ],
    ids=lambda value: "".join(value) if isinstance(value, list) else value,
)
def test_dumps_by_the_servers_own_programs(
    suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str, program: str, arguments: list[str]
) -> None:
    dump = tmp_path / "dump.sql"
    values = {"SHOP": str(SHOP), "PROGRAM": program, "ARGUMENTS": json.dumps(arguments), "DUMP": str(dump)}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    suite("access/dumping", f"--netns-mysqld={server}").assert_outcomes(passed=1)
    result = netns_mysql("access", str(dump), "--mysqld", server, "--user", "app", "--user", "dumper")
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[:3] == [
        "user    global (127.0.0.1)  red (192.0.2.2)       blue (198.51.100.2)",
        "app     1045 no account     'app'@'192.0.2.2'     ''@'198.51.100.2'",
        "dumper  1045 no account     'dumper'@'192.0.2.%'  ''@'198.51.100.2'",
    ]


def test_what_the_matrix_does_not_need_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "dump.sql"
    file.write_text(
        "CREATE TABLE t (n INT) ENGINE=Gone;\n"
        + "INSERT INTO t VALUES (1);\n" * 12
        + "/* twice */ CREATE USER app@'%';\nCREATE USER app@'%';\n"
    )
    result = netns_mysql("access", str(file), "--mysqld", "auto")
    assert result.returncode == 0, result.stderr
    notes = result.stderr.splitlines()
    assert notes[0] == "netns-mysql: dump.sql, line 1, is left out: Unknown storage engine 'Gone'"
    assert notes[1] == "netns-mysql: dump.sql, line 2, is left out: Table 'netns_access.t' doesn't exist"
    assert notes[10:] == ["netns-mysql: dump.sql: 4 more statements are left out"]
    assert result.stdout.splitlines()[1] == "app   'app'@'%'           'app'@'%'        'app'@'%'"


def test_errors_name_the_file_and_the_line(tmp_path: Path) -> None:
    result = netns_mysql("access", str(tmp_path / "absent.sql"))
    assert result.returncode == 1
    assert result.stderr == (
        f"netns-mysql: the file {tmp_path}/absent.sql does not exist\n"
        "  where: netns-mysql access\n"
        "  do: correct the path\n"
    )
    file = tmp_path / "accounts.sql"
    file.write_text("CREATE USER app@'%';\n\nGRANT SELEKT ON *.* TO app@'%';\n")
    result = netns_mysql("access", str(file), "--mysqld", "auto")
    assert result.returncode == 1
    assert f"netns-mysql: accounts.sql could not be loaded\n  where: {file}, line 3\n" in result.stderr
    file.write_text("CREATE SCHEMA shop;\n")
    result = netns_mysql("access", str(file), "--mysqld", "auto")
    assert result.returncode == 1
    assert result.stderr == (
        f"netns-mysql: {file} created no account that can log in\n"
        "  where: netns-mysql access\n"
        "  do: name the file with the CREATE USER statements, after the file with the schema\n"
        "  do: dump the accounts: mysqldump --users, mariadb-dump --system=users, or pt-show-grants\n"
    )
    result = netns_mysql("access", str(file), "--format", "xml")
    assert result.returncode == 2
    assert "argument --format: invalid choice: 'xml'" in result.stderr


PAGE = (ROOT / "docs" / "logins.md").read_text()
SHOWN = [
    *re.findall(r"^\$ netns-mysql (access .*)\n((?:.*\n)*?)```$", PAGE, re.MULTILINE),
    *re.findall(r"^<!-- netns-mysql (access .*) -->\n\n((?:.*\n)*?)\n<!-- end -->$", PAGE, re.MULTILINE),
]


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=["nat", "red-blue", "dual-stack"])
def test_the_docs_show_what_is_printed(
    command: str, shown: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(ROOT)
    assert netns_mysql(*command.split(), "--mysqld", "auto").stdout == shown


def test_the_docs_show_an_explanation_as_it_is_printed(suite: Suite) -> None:
    code, explanation = re.findall(r"^```(?:python|text)\n((?:.*\n)*?)```$", PAGE, re.MULTILINE)[:2]
    result = suite(code, "--netns-mysqld=auto", "-rP")
    result.assert_outcomes(passed=1)
    assert explanation in result.stdout.str()


def test_the_help_has_an_example() -> None:
    result = netns_mysql("access", "--help")
    assert "  netns-mysql access accounts.sql --topology nat --user app\n" in result.stdout
