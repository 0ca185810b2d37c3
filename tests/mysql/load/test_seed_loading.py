"""The entries of ``load=``: how they are found and ordered, and their digests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql.errors import LoadError
from pytest_netns_mysql.mysql.load.loads import Load, find_loads, with_absolute_paths
from pytest_netns_mysql.topology import from_mapping


def named(connection: Any) -> None:
    """Load nothing."""


def made(value: str) -> Callable[[Any], object]:
    def inner(connection: Any) -> str:
        return value

    return inner


def digests(*loads: Load) -> list[str]:
    return [load.digest() for load in loads]


def test_relative_paths_start_from_the_given_folder(tmp_path: Path) -> None:
    assert with_absolute_paths("a.sql", tmp_path) == (tmp_path / "a.sql",)
    assert with_absolute_paths(["sub/a.sql", Path("b"), "package.module:function"], tmp_path) == (
        tmp_path / "sub/a.sql",
        tmp_path / "b",
        "package.module:function",
    )
    assert with_absolute_paths(named, tmp_path) == (named,)
    assert with_absolute_paths("/a.sql", tmp_path) == (Path("/a.sql"),)


def test_the_files_of_a_folder_are_loaded_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("10.sql", "02.sql", "notes.txt"):
        (tmp_path / name).touch()
    assert [load.file for load in find_loads([tmp_path], where="here")] == [tmp_path / "02.sql", tmp_path / "10.sql"]


def test_the_digest_of_a_file_includes_the_files_that_it_reads(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("SOURCE b.sql\nLOAD DATA LOCAL INFILE 'c.csv' INTO TABLE t")
    seen = []
    for name, text in (("b.sql", ""), ("b.sql", "SELECT 1"), ("c.csv", "1"), ("a.sql", "SELECT 2")):
        (tmp_path / name).write_text(text)
        seen += digests(*find_loads([tmp_path / "a.sql"], where="here"))
    assert len(set(seen)) == 4


def test_the_digest_of_a_function_includes_its_module_and_closure() -> None:
    (by_name,) = find_loads([f"{__name__}:named"], where="here")
    first, same, other, also = digests(*find_loads([named, named, made("a"), made("b")], where="here"))
    assert first == same == by_name.digest()
    assert len({first, other, also}) == 3


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            Path("/no/such.sql"),
            "the file such.sql to load does not exist\n  where: here\n  tried: /no/such.sql\n"
            "  do: write an absolute path, or a path relative to the folder of the file with the setting",
        ),
        (
            Path("/dev/zero"),
            "the file zero to load is not a regular file, but a device, a pipe or a socket\n  where: here\n"
            "  tried: /dev/zero\n"
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
def test_the_error_of_an_entry_says_what_is_wrong(entry: Any, message: str) -> None:
    with pytest.raises(LoadError) as caught:
        find_loads([entry], where="here")
    assert str(caught.value) == message


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LoadError) as caught:
        find_loads([tmp_path], where="here")
    assert str(caught.value) == (
        f"the folder {tmp_path.name} has no SQL files to load (*.sql)\n  where: here\n  tried: {tmp_path}\n"
        "  do: put SQL files into the folder: they are loaded in the order of their names"
    )


def test_a_topology_has_the_entries_of_its_server() -> None:
    topology = from_mapping({"namespaces": {"red": "192.0.2.2/24"}, "mysqld": {"load": "schema.sql"}})
    assert topology.mysqld.load == ("schema.sql",)
