"""Where a topology is sought: presets, files, several in one file; and what is told where there is none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_netns_mysql.errors import TopologyError, printable
from pytest_netns_mysql.topology.file.load import load, load_all, presets

pytestmark = pytest.mark.as_user

SHORT = """
[namespaces]
red = "192.0.2.2/24"
blue = "198.51.100.2/24"
"""
SEVERAL = """
[topology.here]
namespaces = {red = "192.0.2.2/24"}

[topology.there]
namespaces = {blue = "198.51.100.2/24"}
"""
SHORTEST = 'write [namespaces] and below it red = "192.0.2.2/24"'


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    file = tmp_path / "shop.toml"
    file.write_text(SHORT)
    return file


@pytest.fixture
def several(tmp_path: Path) -> Path:
    file = tmp_path / "several.toml"
    file.write_text(SEVERAL)
    return file


def test_a_file_is_sought_from_the_base_and_else_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop.toml").write_text(SHORT)
    assert load("shop.toml", base=tmp_path).source == str(tmp_path / "shop.toml")
    monkeypatch.chdir(tmp_path)
    assert load("shop.toml").source == str(tmp_path / "shop.toml")
    assert load(str(tmp_path / "shop.toml"), base=Path("/nowhere")).name == "shop"


def test_a_file_may_be_named_from_the_users_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell leaves the ~ of --netns-topology=~/shop.toml as it is."""
    (tmp_path / "shop.toml").write_text(SHORT)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load("~/shop.toml").source == str(tmp_path / "shop.toml")


NAME_ONE = "write the name of a preset, or the path of a TOML file or a compose file"

RENAME = "rename it to shop.toml, or to shop.yaml if it is a compose file: the ending says which"


@pytest.mark.parametrize(
    ("choice", "remedy"),
    [
        ("red-blu", "write red-blue"),
        ("redblue", "write red-blue"),
        ("nowhere.toml", NAME_ONE),
        ("folder.toml", "choose a file in the folder {folder}"),
        (".", "choose a file in the folder {tmp}"),
        ("", NAME_ONE),
        ("a\x00b.toml", NAME_ONE),
        ("x" * 300 + ".toml", NAME_ONE),
        ("~no-such-user/shop.toml", NAME_ONE),
        ("shop.txt", RENAME),
        ("shop", RENAME),
    ],
)
def test_what_is_no_preset_and_no_file_is_told_with_what_was_looked_for(
    choice: str, remedy: str, tmp_path: Path
) -> None:
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "shop.txt").write_text(SHORT)
    (tmp_path / "shop").write_text(SHORT)
    with pytest.raises(TopologyError) as error:
        load(choice, base=tmp_path)
    assert str(error.value) == (
        f"there is no topology {choice!r}\n"
        f"  tried: presets: {', '.join(presets())}\n"
        f"  tried: file: {printable(str(tmp_path / choice))}\n"
        f"  do: {remedy.format(folder=tmp_path / 'folder.toml', tmp=tmp_path)}"
    )


def test_a_pipe_is_no_topology_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "shop.toml")
    with pytest.raises(TopologyError) as error:
        load("shop.toml", base=tmp_path)
    assert error.value.tried[1] == (
        f"file: {tmp_path / 'shop.toml'} (it is not a regular file, but a device, a pipe or a socket)"
    )


def test_a_file_that_is_not_toml_is_told_by_line(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text("[namespaces]\nred = 192.0.2.2/24\n")
    with pytest.raises(TopologyError) as error:
        load(str(file))
    first, *rest = str(error.value).splitlines()
    assert first.startswith("this is not TOML: ")
    assert "line 2" in first
    assert rest == [f"  where: {file}", "  do: correct that line"]


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_bytes(b'[namespaces]\nr\xe9d = "192.0.2.2/24"\n')
    with pytest.raises(TopologyError) as error:
        load(str(file))
    assert error.value.what.startswith("the topology file cannot be read: 'utf-8' codec can't decode byte 0xe9")
    assert (error.value.where, error.value.remedies) == (str(file), ("make the file readable, in UTF-8",))


@pytest.mark.ordinary_user  # root reads every file
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(SHORT)
    file.chmod(0)
    with pytest.raises(TopologyError) as error:
        load(str(file))
    assert error.value.what.startswith("the topology file cannot be read: [Errno 13] Permission denied")


def test_a_mistake_in_a_file_is_told_with_the_file_and_the_key(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text('[namespaces]\nred = "192.0.2.2"\n')
    with pytest.raises(TopologyError) as error:
        load(str(file))
    assert str(error.value) == (
        f"192.0.2.2 has no prefix length\n  where: {file}: namespaces.red\n  do: write 192.0.2.2/24"
    )


def test_a_list_gives_several_in_order(shop: Path) -> None:
    found = load_all(f"nat, {shop},red-blue")
    assert [one.name for one in found] == ["nat", "shop", "red-blue"]
    assert found[2] == load("red-blue")


def test_one_file_may_hold_several(several: Path) -> None:
    here, there = load_all(str(several))
    assert (here.name, list(here.namespaces), here.source) == ("here", ["red"], f"{several}::here")
    assert (there.name, list(there.namespaces), there.source) == ("there", ["blue"], f"{several}::there")


def test_one_of_several_is_named_behind_two_colons(several: Path) -> None:
    assert load(f"{several}::there").name == "there"
    assert load("several.toml::there", base=several.parent) == load(f"{several}::there")


def test_where_one_is_wanted_several_are_refused(several: Path) -> None:
    with pytest.raises(TopologyError) as error:
        load(str(several))
    assert str(error.value) == (
        f"only one topology can be used here, and '{several}' has 2: here, there\n"
        f"  do: write {several}::here, for example"
    )


@pytest.mark.parametrize(
    ("wanted", "remedy"), [("theer", "write there"), ("xyz", "choose one of these"), ("", "choose one of these")]
)
def test_a_name_that_the_file_lacks_is_told_with_those_it_has(several: Path, wanted: str, remedy: str) -> None:
    with pytest.raises(TopologyError) as error:
        load(f"{several}::{wanted}")
    assert str(error.value) == (
        f"there is no topology {wanted!r} in the file\n  where: {several}\n"
        f"  tried: the file has here, there\n  do: {remedy}"
    )


def test_a_name_is_refused_where_the_file_holds_one_without(shop: Path) -> None:
    with pytest.raises(TopologyError) as error:
        load(f"{shop}::shop")
    assert str(error.value) == (
        f"there is no topology 'shop' in the file\n  where: {shop}\n"
        "  tried: the file has a single topology, without a name\n"
        "  do: leave out the name"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "topology = 1\n",
            "topology = 1: it takes a table for each topology\n  where: {file}: topology\n"
            '  do: write [topology.shop.namespaces] and below it red = "192.0.2.2/24"',
        ),
        (
            "[topology]\n",
            "topology = {{}}: it takes a table for each topology\n  where: {file}: topology\n"
            '  do: write [topology.shop.namespaces] and below it red = "192.0.2.2/24"',
        ),
        (
            'forwarding = true\n[topology.here.namespaces]\nred = "192.0.2.2/24"\n',
            "the file has several topologies, and keys outside of them: forwarding\n  where: {file}: forwarding\n"
            "  do: move it below [topology.here]",
        ),
        ("[topology.here]\n", "the topology has no namespace\n  where: {file}::here: namespaces\n  do: " + SHORTEST),
        (
            "[topology]\nhere = 1\n",
            "a topology must be a table, got 1\n  where: {file}::here\n"
            '  do: the shortest one is [namespaces] and below it red = "192.0.2.2/24"',
        ),
        ("", "the topology file is empty\n  where: {file}\n  do: " + SHORTEST),
        ("# nothing\n", "the topology file is empty\n  where: {file}\n  do: " + SHORTEST),
    ],
)
def test_a_file_that_holds_no_topology_is_told(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(text)
    with pytest.raises(TopologyError) as error:
        load(str(file))
    assert str(error.value) == message.format(file=file)


@pytest.mark.parametrize("choices", ["red-blue,red-blue", "red-blue,{folder}/red-blue.toml"])
def test_two_topologies_of_one_name_are_refused(tmp_path: Path, choices: str) -> None:
    (tmp_path / "red-blue.toml").write_text(SHORT)
    with pytest.raises(TopologyError) as error:
        load_all(choices.format(folder=tmp_path))
    assert error.value.what == "two topologies are called red-blue"
    assert error.value.tried[0] == "preset red-blue"
    assert error.value.remedies == (("choose it once",) if "/" not in choices else ("rename one of the files",))
