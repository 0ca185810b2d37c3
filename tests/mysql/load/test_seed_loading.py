"""What is to be loaded: found, in order, and told apart by its content."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql.errors import LoadError
from pytest_netns_mysql.mysql.load.load import Load, based, resolve
from pytest_netns_mysql.topology import from_mapping


def named(connection: Any) -> None:
    """Load nothing."""


def made(with_what: str) -> Callable[[Any], object]:
    def inner(connection: Any) -> str:
        return with_what

    return inner


def digests(*loads: Load) -> list[str]:
    return [load.digest() for load in loads]


def test_paths_start_at_the_folder_that_is_given(tmp_path: Path) -> None:
    assert based("a.sql", tmp_path) == (tmp_path / "a.sql",)
    assert based(["sub/a.sql", Path("b"), "package.module:function"], tmp_path) == (
        tmp_path / "sub/a.sql",
        tmp_path / "b",
        "package.module:function",
    )
    assert based(named, tmp_path) == (named,)
    assert based("/a.sql", tmp_path) == (Path("/a.sql"),)


def test_a_folder_is_its_sql_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("10.sql", "02.sql", "notes.txt"):
        (tmp_path / name).touch()
    assert [load.file for load in resolve([tmp_path], where="here")] == [tmp_path / "02.sql", tmp_path / "10.sql"]


def test_a_files_digest_follows_what_it_reads(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("SOURCE b.sql\nLOAD DATA LOCAL INFILE 'c.csv' INTO TABLE t")
    seen = []
    for name, text in (("b.sql", ""), ("b.sql", "SELECT 1"), ("c.csv", "1"), ("a.sql", "SELECT 2")):
        (tmp_path / name).write_text(text)
        seen += digests(*resolve([tmp_path / "a.sql"], where="here"))
    assert len(set(seen)) == 4


def test_a_functions_digest_follows_its_module_and_what_it_was_made_with() -> None:
    (by_name,) = resolve([f"{__name__}:named"], where="here")
    first, same, other, also = digests(*resolve([named, named, made("a"), made("b")], where="here"))
    assert first == same == by_name.digest()
    assert len({first, other, also}) == 3


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (
            Path("/no/such.sql"),
            "the file such.sql to load does not exist\n  where: here\n  tried: /no/such.sql\n"
            "  do: write an absolute path, or a path relative to the folder of the file with the setting",
        ),
        (
            "no.such:function",
            "the function no.such:function to load does not exist\n  where: here\n"
            "  tried: ModuleNotFoundError: No module named 'no'\n  do: correct the name: package.module:function\n"
            "  do: make the package importable: pythonpath",
        ),
        ("os:sep", "load = 'os:sep' must name a function, but it is '/'\n  where: here"),
        (
            7,
            "load must be an SQL file, a folder with SQL files, a function that takes a connection, or the name of a "
            "function as text, package.module:name, got 7\n  where: here",
        ),
        (
            print,
            "the function <built-in function print> has no source file: the plugin could not see when it "
            "changes\n  where: here\n  do: write a Python function that calls it",
        ),
    ],
)
def test_what_is_not_there_is_told(entry: Any, told: str) -> None:
    with pytest.raises(LoadError) as caught:
        resolve([entry], where="here")
    assert str(caught.value) == told


def test_an_empty_folder_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(LoadError) as caught:
        resolve([tmp_path], where="here")
    assert str(caught.value) == (
        f"the folder {tmp_path.name} has no SQL files to load (*.sql)\n  where: here\n  tried: {tmp_path}\n"
        "  do: put SQL files into the folder: they are loaded in the order of their names"
    )


def test_a_topology_names_what_its_server_is_loaded_with() -> None:
    topology = from_mapping({"namespaces": {"red": "192.0.2.2/24"}, "mysqld": {"load": "schema.sql"}})
    assert topology.mysqld.load == ("schema.sql",)
