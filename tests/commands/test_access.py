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
    # MySQL keeps roles like this account.
    locked = "3118 'former'@'%': locked, perhaps a role"
    assert result.stdout.splitlines() == [
        "user    global (127.0.0.1)                         "
        "red (192.0.2.2)                            blue (198.51.100.2)",
        "app     1045 no account                            'app'@'192.0.2.%'                          1045 no account",
        f"former  {locked}  {locked}  {locked}",
        "more    'more'@'%'                                 'more'@'%'                                 'more'@'%'",
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


def test_statements_that_create_more_than_the_accounts_of_every_server(tmp_path: Path) -> None:
    file = tmp_path / "accounts.sql"
    file.write_text(
        "CREATE USER 'root'@'localhost' IDENTIFIED BY 'secret', 'app'@'%';\nCREATE USER app@'%', more@'192.0.2.%';\n"
    )
    for server in ("auto", "mariadb"):
        result = netns_mysql("access", str(file), "--mysqld", server)
        assert result.returncode == 0, result.stderr
        (note,) = [line for line in result.stderr.splitlines() if " line " in line]
        assert note.startswith(
            "netns-mysql: accounts.sql, line 2, is executed with IF NOT EXISTS: "
            "Operation CREATE USER failed for 'app'@'%'"
        )
        assert [line.split("  ")[-1].strip() for line in result.stdout.splitlines()] == [
            "blue (198.51.100.2)",
            "'app'@'%'",
            "1045 no account",
        ]


def test_plugins_that_decide_who_may_log_in_from_where(tmp_path: Path) -> None:
    file = tmp_path / "accounts.sql"
    file.write_text(
        "CREATE USER batch@'%' IDENTIFIED WITH auth_socket AS 'batch',"
        " ldap@'%' IDENTIFIED WITH 'authentication_ldap_simple' AS 'uid=x'"
        " AND IDENTIFIED WITH authentication_webauthn;\n"
        "CREATE USER owner@'%' IDENTIFIED WITH mysql_no_login;\n"
        "CREATE USER token@'%' IDENTIFIED WITH caching_sha2_password AND IDENTIFIED WITH authentication_webauthn;\n"
        "ALTER USER token@'%' IDENTIFIED WITH authentication_pam;\n"
        "ALTER USER ldap@'%' IDENTIFIED WITH authentication_kerberos BY 'realm';\n"
    )
    result = netns_mysql("access", str(file), "--mysqld", "auto")
    assert result.returncode == 0, result.stderr
    assert result.stderr.splitlines() == [
        "netns-mysql: accounts.sql, line 1, is executed without the plugin: "
        "Plugin 'authentication_ldap_simple' is not loaded",
        "netns-mysql: accounts.sql, line 3, is executed without the plugin: "
        "Plugin 'authentication_webauthn' is not loaded",
        "netns-mysql: accounts.sql, line 4, is executed without the plugin: Plugin 'authentication_pam' is not loaded",
        "netns-mysql: accounts.sql, line 5, is executed without the plugin: "
        "Plugin 'authentication_kerberos' is not loaded",
    ]
    assert [line.split("  ")[-1].strip() for line in result.stdout.splitlines()] == [
        "blue (198.51.100.2)",
        "1698 'batch'@'%': socket file only",
        "'ldap'@'%'",
        "1045 'owner'@'%': nobody logs in as this account",
        "'token'@'%'",
    ]
    file.write_text("CREATE USER app@'%';\nCREATE USER owner@'%' IDENTIFIED WITH mysql_no_login;\n")
    result = netns_mysql("access", str(file), "--mysqld", "mariadb")
    assert result.returncode == 1
    assert f"  where: {file}, line 2\n  tried: ERROR 1126 (HY000) at line 2: Can't open shared library" in result.stderr


def test_plugins_that_a_mariadb_does_not_have(tmp_path: Path) -> None:
    file = tmp_path / "accounts.sql"
    file.write_text(
        "CREATE USER either@'%' IDENTIFIED VIA ed25519 USING PASSWORD('it''s') OR gssapi USING \"\" OR unix_socket;\n"
        "CREATE USER batch@'%';\nALTER USER batch@'%' IDENTIFIED WITH auth_socket;\n"
        "GRANT USAGE ON *.* TO old@'%' IDENTIFIED VIA ed25519;\n"
    )
    result = netns_mysql("access", str(file), "--mysqld", "mariadb")
    assert result.returncode == 0, result.stderr
    assert [line for line in result.stderr.splitlines() if " line " in line] == [
        f"netns-mysql: accounts.sql, line {line}, is executed without the plugin: Plugin '{plugin}' is not loaded"
        for line, plugin in ((1, "ed25519"), (1, "gssapi"), (3, "auth_socket"), (4, "ed25519"))
    ]
    assert [line.split("  ")[-1].strip() for line in result.stdout.splitlines()] == [
        "blue (198.51.100.2)",
        "1698 'batch'@'%': socket file only",
        "'either'@'%'",
        "'old'@'%'",
    ]


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


PAGE = (ROOT / "docs" / "howto" / "refused-login.md").read_text()
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
    _, _, page = PAGE.partition("## Step 2")
    code, explanation = re.findall(r"^```(?:python|text)\n((?:.*\n)*?)```$", page, re.MULTILINE)[:2]
    result = suite(code, "--netns-mysqld=auto", "-rP")
    result.assert_outcomes(passed=1)
    assert explanation in result.stdout.str()


def test_the_help_has_an_example() -> None:
    result = netns_mysql("access", "--help")
    assert "  netns-mysql access accounts.sql --topology nat --user app\n" in result.stdout
