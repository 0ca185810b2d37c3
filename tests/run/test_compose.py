"""Compose files as topologies of a run: what the server sees, and what its variables and files make."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pytest_netns_mysql.topology import load
from tests.support.suites import SUITES, InnerRun, Suite
from tests.test_cli import netns_mysql

PROJECTS = Path(__file__).parents[1] / "topology" / "compose" / "projects"


@pytest.fixture
def shop(pytester: pytest.Pytester) -> Path:
    """A project in the folder of the inner suite: a compose file with what it mounts."""
    folder = pytester.path / "shop"
    (folder / "init").mkdir(parents=True)
    shutil.copy(SUITES / "compose" / "shop.yaml", folder / "compose.yaml")
    (folder / "root.txt").write_text("it's root\n")
    (folder / "init" / "10-tables.sql").write_text("CREATE TABLE stock (name VARCHAR(9));\n")
    (folder / "init" / "9-late.sql").write_text("INSERT INTO stock VALUES ('tea'), ('milk');\n")
    return folder


@pytest.mark.as_user
@pytest.mark.parametrize("arguments", [("--netns-mode=auto",), ("--netns-mode=rootless",)])
def test_origins_on_the_networks_of_a_compose_file(suite: Suite, shop: Path, arguments: tuple[str, ...]) -> None:
    suite("compose/shop", "--netns-topology=shop/compose.yaml", *arguments).assert_outcomes(passed=19)


def test_origins_on_mariadb(suite: Suite, shop: Path) -> None:
    file = shop / "compose.yaml"
    file.write_text(file.read_text().replace("mysql:8.0", "mariadb:11"))
    result = suite("compose/shop", "--netns-topology=shop/compose.yaml")
    result.assert_outcomes(passed=19)
    result.stdout.fnmatch_lines(["netns: shop is written for the image mariadb:11, and its tests run on mariadb"])


def test_a_folder_is_a_topology_in_an_ini_file(suite: Suite, pytester: pytest.Pytester, shop: Path) -> None:
    pytester.makeini("[pytest]\nnetns_topology = ./shop\n")
    suite("compose/shop", "-k", "published").assert_outcomes(passed=4)


def over_project(suite: Suite, name: str, *arguments: str) -> InnerRun:
    return suite(f"compose/{name}", f"--netns-topology={PROJECTS / name}.yaml", *arguments)


def test_wordpress(suite: Suite) -> None:
    result = over_project(suite, "wordpress", "-v")
    result.assert_outcomes(passed=5)
    result.stdout.fnmatch_lines(
        [
            "netns: wordpress is written for the image mysql:8.0, and its tests run on auto",
            "netns: wordpress: not used: restart (wordpress, db)",
        ]
    )


def test_snipeit_with_a_secret_on_mariadb(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNIPEIT_ROOT", "root")
    over_project(suite, "snipeit").assert_outcomes(passed=1)


def test_files_of_two_products_run_on_both(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNIPEIT_ROOT", "root")
    result = suite("compose/products", f"--netns-topology={PROJECTS}/wordpress.yaml,{PROJECTS}/snipeit.yaml")
    result.assert_outcomes(passed=3, skipped=1)


def test_zabbix_on_internal_networks(suite: Suite) -> None:
    suite("compose/internal", f"--netns-topology={PROJECTS}/zabbix.yaml").assert_outcomes(passed=3)


def test_a_file_that_is_wrong_ends_the_run_before_collection(suite: Suite, pytester: pytest.Pytester) -> None:
    (pytester.path / "compose.yaml").write_text("services:\n  db:\n    imago: mysql\n")
    result = suite("compose/wordpress", "--netns-topology=compose.yaml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            "ERROR: a service has no key 'imago'",
            f"  where: {pytester.path}/compose.yaml, line 3: services.db.imago",
            "  do: write image",
        ]
    )


def test_commands_take_a_compose_file(shop: Path) -> None:
    file = str(shop / "compose.yaml")
    shown = netns_mysql("show", file, "--format", "toml").stdout
    assert load(shown).plan == load(file).plan
    assert f"# paths start from the folder of this file: keep it in {shop}\n" in shown
    assert netns_mysql("show", file).stdout.splitlines()[-1] == "not used: restart (app)"
    client = ("mysql", "--host=db", "--user=app", "--password=app secret", "--batch", "--execute=SELECT USER()")
    result = netns_mysql("run", "--topology", str(shop), "--netns", "app", "--mysqld", "--", *client)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "USER()\napp@2001:db8:9::11\n"
    table = netns_mysql("access", "--topology", file).stdout.splitlines()
    assert table[0].split("  ")[0] == "user"
    assert [line.split()[:2] for line in table[1:3]] == [["app", "'app'@'%'"], ["root", "'root'@'%'"]]


def test_access_without_files_needs_a_topology_with_accounts() -> None:
    result = netns_mysql("access", "--topology", "nat")
    assert (result.returncode, result.stderr) == (
        1,
        "netns-mysql: no SQL file was named, and the topology nat names none\n"
        "  where: netns-mysql access\n"
        "  do: name the file with the accounts: netns-mysql access schema.sql\n",
    )
