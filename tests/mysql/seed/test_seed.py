"""Seeds: loaded once for each change of the files, and put back after each test."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from pytest_netns_mysql import settings
from tests.support.suites import Suite, source

pytestmark = pytest.mark.slow

SHOP = """
CREATE SCHEMA shop;
USE shop;
CREATE TABLE customers (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20));
CREATE TABLE orders (
    id INT AUTO_INCREMENT PRIMARY KEY, customer INT, note BLOB, at TIMESTAMP NULL, price FLOAT,
    FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE);
CREATE TABLE log (text VARCHAR(50));
INSERT INTO customers VALUES (1, 'Ann'), (2, 'Bob; it''s "him"\\n');
INSERT INTO orders VALUES (1, 1, x'00ff27', '2026-01-02 03:04:05', 0.1), (7, 2, NULL, NULL, 1e-9);
DELETE FROM orders WHERE id = 7;
DELIMITER //
CREATE PROCEDURE count_orders()
BEGIN
    SELECT COUNT(*) FROM orders;  -- a semicolon inside
END//
DELIMITER ;
CREATE VIEW names AS SELECT name FROM customers;
"""


@pytest.fixture(autouse=True)
def own_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the inner runs' seeds. Servers and templates are taken from the user's cache."""
    folder = tmp_path / "cache" / "pytest-netns-mysql"
    folder.mkdir(parents=True)
    for name in ("servers", "templates", "identified.json"):
        real = settings.resolve().cache / name
        if real.exists():
            (folder / name).symlink_to(real)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder.parent))
    return folder / "seeds"


def test_data_is_loaded_once_for_each_change(suite: Suite, pytester: pytest.Pytester, own_seeds: Path) -> None:
    pytester.makeini("[pytest]\npythonpath = .\n")
    pytester.makepyfile(filling=source("seed/filling"))
    schema = pytester.path / "schema.sql"
    schema.write_text(SHOP)
    calls = pytester.path / "calls.txt"
    first = suite("seed/loaded_once")
    first.assert_outcomes(passed=6)
    first.stdout.fnmatch_lines(
        "netns-mysql: loading schema.sql, filling:customers into a seed in the cache (again only when the data changes)"
    )
    assert calls.read_text() == "called\n"
    second = suite("seed/loaded_once", "-n", "2", "--netns-mode=auto")
    second.assert_outcomes(passed=6)
    assert calls.read_text() == "called\n"
    schema.write_text(SHOP + "SELECT 'changed';")
    suite("seed/loaded_once", "-n", "2", "--netns-mode=auto").assert_outcomes(passed=6)
    assert calls.read_text() == "called\n" * 2
    assert len([seed for seed in own_seeds.iterdir() if seed.is_dir()]) == 2


def test_changes_of_a_test_are_put_back(suite: Suite, pytester: pytest.Pytester) -> None:
    (pytester.path / "schema.sql").write_text(SHOP)
    result = suite("seed/put_back")
    result.assert_outcomes(passed=19)


def test_a_load_that_is_killed_leaves_no_seed(suite: Suite, pytester: pytest.Pytester, own_seeds: Path) -> None:
    assert suite("seed/killed_load").ret == -signal.SIGKILL
    assert not [seed for seed in own_seeds.iterdir() if seed.is_dir()]
    suite("seed/killed_load").assert_outcomes(passed=1)


def test_additions_of_a_wider_fixture_stay(suite: Suite, pytester: pytest.Pytester) -> None:
    (pytester.path / "schema.sql").write_text(SHOP)
    suite("seed/wider_fixtures").assert_outcomes(passed=4)


def test_the_error_names_the_changed_tables(suite: Suite, pytester: pytest.Pytester) -> None:
    (pytester.path / "schema.sql").write_text(SHOP)
    result = suite(
        "seed/named_leftovers",
        "--netns-leftovers=fail",
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines_random(
        [
            "  tried: shop: table shop.log is changed",
            "  tried: shop: table shop.more is new",
            "  tried: shop: table shop.orders is altered",
        ]
    )


def test_the_schema_of_a_client_is_loaded_for_each_test(suite: Suite, pytester: pytest.Pytester) -> None:
    folder = pytester.mkdir("seed")
    (folder / "20_rows.sql").write_text("INSERT INTO things VALUES (1);\nSOURCE more.inc\n")
    (folder / "10_tables.sql").write_text(
        "CREATE TABLE things (id INT);\nDELIMITER //\nCREATE TRIGGER one BEFORE INSERT ON things FOR EACH ROW\n"
        "BEGIN SET NEW.id = NEW.id + 1; END//\n"
    )
    (folder / "more.inc").write_text("INSERT INTO things VALUES (2);\n")
    suite("seed/clients_schema").assert_outcomes(passed=2)


def test_a_replica_begins_with_the_data_of_its_source(suite: Suite, pytester: pytest.Pytester) -> None:
    (pytester.path / "schema.sql").write_text(SHOP)
    suite("seed/replica").assert_outcomes(passed=2)


def test_paths_in_a_topology_are_relative_to_its_file(suite: Suite, pytester: pytest.Pytester) -> None:
    folder = pytester.mkdir("net")
    (folder / "schema.sql").write_text(SHOP)
    (folder / "net.toml").write_text('namespaces.red = "192.0.2.2/24"\nmysqld.load = ["schema.sql"]\n')
    suite(
        """
        def test_it(netns_mysqld):
            assert netns_mysqld.execute("SELECT COUNT(*) FROM shop.customers") == [(2,)]
        """,
        "--netns-topology=net/net.toml",
    ).assert_outcomes(passed=1)
    (folder / "schema.sql").unlink()
    result = suite("def test_it(netns_mysqld): pass", "--netns-topology=net/net.toml")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "the file schema.sql to load does not exist",
            f"  where: {folder}/net.toml: mysqld.load",
            f"  tried: {folder}/schema.sql",
            "  do: write an absolute path, or a path relative to the folder of the file with the setting",
        ]
    )


@pytest.mark.parametrize("factory", ["mysqld(", "source(", "client("])
def test_a_missing_file_is_a_collection_error(suite: Suite, pytester: pytest.Pytester, factory: str) -> None:
    result = suite(
        f"""
        from pytest_netns_mysql import factories

        shop = factories.{factory}load="missing.sql")

        def test_it(shop):
            raise AssertionError("the test ran")
        """
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "the file missing.sql to load does not exist",
            f"  where: factories.{factory[:-1]} of the fixture shop, for test_inner.py::test_it",
            f"  tried: {pytester.path}/missing.sql",
            "  do: write an absolute path, or a path relative to the folder of the file with the setting",
        ]
    )


@pytest.mark.parametrize("factory", ["mysqld", "client"])
def test_the_error_of_an_sql_file_has_its_line(
    suite: Suite, pytester: pytest.Pytester, own_seeds: Path, factory: str
) -> None:
    (pytester.path / "bad.sql").write_text("SELECT 1;\n\nCREATE TABEL t (a INT);\n")
    result = suite(
        f"""
        from pytest_netns_mysql import factories

        shop = factories.{factory}(load="bad.sql")

        def test_it(shop): pass
        def test_the_second_test_fails_too(shop): pass
        """
    )
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        [
            "LoadError: bad.sql could not be loaded",
            f"  where: {pytester.path}/bad.sql, line 3",
            "  tried: ERROR 1064 (42000) at line 3: You have an error in your SQL syntax; *",
            "  do: correct what the server reports; nothing was kept of the data",
        ]
    )
    assert not own_seeds.exists() or not [seed for seed in own_seeds.iterdir() if seed.is_dir()]


def test_the_error_of_a_function_has_its_line(suite: Suite, pytester: pytest.Pytester) -> None:
    result = suite("seed/failing_function")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "LoadError: test_inner:fill could not be loaded",
            f"  where: {pytester.path}/test_inner.py, line 5",
            "  tried: ProgrammingError: 1046 (3D000): No database selected",
            "  do: correct what the server reports; nothing was kept of the data",
        ]
    )
