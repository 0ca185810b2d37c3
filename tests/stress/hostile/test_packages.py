"""Packages that try to leave the folder that they are unpacked into: nothing changes outside, and no device is made."""

from __future__ import annotations

import os
import random
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from tarfile import (
    BLKTYPE,
    CHRTYPE,
    CONTTYPE,
    DIRTYPE,
    FIFOTYPE,
    GNUTYPE_LONGNAME,
    GNUTYPE_SPARSE,
    LNKTYPE,
    REGTYPE,
    SYMTYPE,
    XHDTYPE,
    TarInfo,
)

import pytest

from pytest_netns_mysql.errors import FetchError
from pytest_netns_mysql.mysql.fetch import targetfolder
from pytest_netns_mysql.mysql.fetch.unpack import unpack
from tests.support.packages import archive, member, write_package
from tests.support.stress import check, scaled

pytestmark = [
    pytest.mark.as_user,
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("dpkg-deb") is None and "CI" not in os.environ, reason="fetching is for machines with apt"
    ),
]

AREA = "Hostile input"
CLAIM = (
    "packages with links, devices, setuid programs and paths that lead elsewhere leave the rest of the machine alone"
)
Members = list[tuple[TarInfo, bytes]]


def files_of(folder: Path) -> list[tuple[str, int, int, str]]:
    """Return each file with its mode, its number of names and its content."""
    found = []
    for path in sorted([folder, *folder.rglob("*")]):
        status = path.lstat()
        content = path.read_text() if path.is_file() else ""
        found.append((str(path), status.st_mode, status.st_nlink, content))
    return found


def faults_of(tree: Path) -> Iterator[str]:
    """Yield what a tree of unpacked packages must not have."""
    for path in tree.rglob("*"):
        status = path.lstat()
        if path.is_symlink():
            if not Path(os.path.realpath(path)).is_relative_to(tree):
                yield f"{path} leads to {os.readlink(path)}"  # noqa: PTH115
        elif not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            yield f"{path} is a device or a pipe"
        elif status.st_mode & 0o6022:
            yield f"{path} has the mode {status.st_mode:o}"
        if status.st_uid != os.geteuid():
            yield f"{path} belongs to {status.st_uid}"


class Machine:
    """A folder to unpack into, and beside it one that must stay as it is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.outside = folder / "outside"
        self.outside.mkdir()
        (self.outside / "file").write_text("as it was")
        self._count = 0

    def unpack(self, *packages: Members) -> list[str]:
        """Unpack packages one after the other, and return what is wrong afterwards."""
        self._count += 1
        place = self.folder / str(self._count)
        tree = place / "tree"
        tree.mkdir(parents=True)
        before = files_of(self.outside)
        error = ""
        try:
            for number, members in enumerate(packages):
                unpack([write_package(place / f"{number}.deb", archive(members))], tree, lambda _: None)
        except FetchError as refused:
            error = str(refused)
        faults = [] if files_of(self.outside) == before else ["a file outside was changed"]
        faults += [] if error else [*faults_of(tree.resolve())]
        shutil.rmtree(place)
        return [f"{fault}: {[[each.get_info() for each, _ in members] for members in packages]}" for fault in faults]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def known_attacks(outside: str) -> list[list[Members]]:
    def link(name: str, target: str, kind: bytes = SYMTYPE) -> Members:
        return [(member(name, kind, link=target), b"")]

    file: Members = [(member("./usr/x"), b"new")]
    relative = "../../outside"
    return [
        [[(member(f"{outside}/x"), b"new")]],
        [[(member("./../../outside/x"), b"new")]],
        [[(member("./usr/../../../outside/file"), b"new")]],
        *([link("./usr", target) + file] for target in (outside, relative, "/", "..")),
        *([link("./usr", target), file] for target in (outside, relative, "/", "..")),
        [link("./a", "/b"), link("./b", relative), [(member("./a/file"), b"new")]],
        # os.path.realpath of the circle leaves the other link in the path, before Python 3.13.
        [link("./a", "a/../b") + link("./b", relative) + [(member("./a/file"), b"new")]],
        [link("./b", relative) + link("./a", "a/../b/file") + link("./file", "a", LNKTYPE)],
        [[each for number in range(1100) for each in link(f"./{number}", f"{number + 1}")] + link("./1100", relative)],
        [link("./file", f"{outside}/file"), [(member("./file"), b"new")]],
        [link("./usr", outside), [(member("./usr", DIRTYPE, mode=0o777), b"")]],
        *([link("./file", target, LNKTYPE)] for target in (f"{outside}/file", f"{relative}/file")),
        [link("./usr", outside), link("./file", "./usr/file", LNKTYPE)],
        [link("./usr", relative), link("./file", "./usr/file", LNKTYPE), [(member("./file", mode=0o777), b"new")]],
        [link("./link", f"{outside}/file"), link("./file", "./link", LNKTYPE), [(member("./file"), b"new")]],
        *([link("./device", "", kind)] for kind in (BLKTYPE, CHRTYPE, FIFOTYPE)),
        [[(member("./program", mode=0o6777), b"#!/bin/sh\n")]],
        [[(member("./folder", DIRTYPE, mode=0o3777), b"")]],
    ]


def test_known_ways_out_of_the_folder(machine: Machine) -> None:
    attacks = known_attacks(str(machine.outside))
    check(AREA, CLAIM, len(attacks), [fault for attack in attacks for fault in machine.unpack(*attack)])


def random_members(dice: random.Random, outside: str) -> Members:
    names = ["usr", "usr/lib", "lib", "usr/x", "lib/file", "file", "a/b", "a", "..", "../outside/file", outside, "usr/"]
    targets = [*names, "/", ".", "../..", "../../outside", f"{outside}/file", "/usr", "usr/../..", "a/../../outside"]
    kinds = [REGTYPE, REGTYPE, DIRTYPE, SYMTYPE, SYMTYPE, LNKTYPE, CONTTYPE, FIFOTYPE]
    members = []
    for _ in range(dice.randint(1, 4)):
        kind = dice.choice(kinds)
        each = member(f"./{dice.choice(names)}", kind, link=dice.choice(targets), mode=dice.choice([0, 0o644, 0o7777]))
        members.append((each, b"new" if kind in (REGTYPE, CONTTYPE) else b""))
    return members


def test_random_packages(machine: Machine) -> None:
    """Each choice of members is made again from its number."""
    faults: list[str] = []
    count = scaled(60, 2000)
    for number in range(count):
        dice = random.Random(number)
        packages = [random_members(dice, str(machine.outside)) for _ in range(dice.randint(1, 3))]
        faults += [f"number {number}: {fault}" for fault in machine.unpack(*packages)]
    check(AREA, CLAIM, count, faults)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "0.deb cannot be unpacked"),
        (b"no archive" * 100, "0.deb cannot be unpacked"),
        (archive([(member("./file"), b"x" * 5000)])[:2000], "unexpected end of data"),
        (archive([(member("./null", CHRTYPE), b"")]), "./null is a device or a pipe"),
        (archive([(member("./../x"), b"")]), "the name ./../x contains '..'"),
        (archive([(member("./a", LNKTYPE, link="../x"), b"")]), "./a is a link to ../x, which is no file of the"),
        (archive([(member("./a", SYMTYPE), b"")]), "./a is a link without a target"),
        (archive([(member("./a"), b""), (member("./a/b"), b"")]), "./a/b is in a folder that is a file elsewhere"),
        (archive([(member("./a/b"), b""), (member("./a"), b"")]), "./a is a file here, and a folder elsewhere"),
        (archive([(member(f"./{'x' * 300}"), b"")]), "File name too long"),
        (archive([(member("./a", GNUTYPE_SPARSE), b"")]), "./a has the type b'S', which packages do not have"),
        (archive([(member("./a", XHDTYPE), b"")]), "./a has the type b'x', which packages do not have"),
        (archive([(member("./a", GNUTYPE_LONGNAME), b"./a\0")] * 1000), "recursion"),
        (archive([(member("./a"), b"")]) + bytes(2 << 20), "the archive goes on after its end"),
    ],
)
def test_what_is_wrong_with_a_package_is_told(tmp_path: Path, data: bytes, told: str) -> None:
    with pytest.raises(FetchError) as error:
        unpack([write_package(tmp_path / "0.deb", data)], tmp_path / "tree", lambda _: None)
    assert error.value.what == "0.deb cannot be unpacked"
    assert told in str(error.value)
    assert "\n  do: name a server, netns_mysqld = /path/to/mysqld, or remove the source" in str(error.value)


def test_a_package_that_grows_beyond_measure_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targetfolder, "_MOST_BYTES", 1 << 20)
    data = archive([(member(f"./{number}"), bytes(1 << 19)) for number in range(4)])
    package = write_package(tmp_path / "0.deb", data)
    assert package.stat().st_size < 1 << 16
    with pytest.raises(FetchError, match="the archive is larger than"):
        unpack([package], tmp_path / "tree", lambda _: None)
    assert sum(file.stat().st_size for file in (tmp_path / "tree").iterdir()) <= 1 << 20


def test_links_to_what_other_packages_have_are_kept(tmp_path: Path) -> None:
    """An absolute link means a file below the root of the machine where a package is installed."""
    first = archive([(member("./usr/lib/x.so.1"), b"library"), (member("./lib", SYMTYPE, link="usr/lib"), b"")])
    second = archive([(member("./etc/x.so", SYMTYPE, link="/usr/lib/x.so.1"), b""), (member("./lib/y.so"), b"other")])
    for number, data in enumerate((first, second)):
        unpack([write_package(tmp_path / f"{number}.deb", data)], tmp_path / "tree", lambda _: None)
    assert (tmp_path / "tree/etc/x.so").read_text() == "library"
    assert (tmp_path / "tree/usr/lib/y.so").read_text() == "other"


@pytest.mark.parametrize("order", [1, -1])
def test_a_folder_that_another_package_has_as_a_link_has_the_files_of_both(tmp_path: Path, order: int) -> None:
    """Packages from before and after the merge of /lib and /usr/lib; dpkg(1) keeps the folder, too."""
    packages = [
        archive([(member("./lib", DIRTYPE), b""), (member("./lib/x.so"), b"library")]),
        archive([(member("./lib", SYMTYPE, link="usr/lib"), b""), (member("./usr/lib/y.so"), b"other")]),
    ]
    for number, data in enumerate(packages[::order]):
        unpack([write_package(tmp_path / f"{number}.deb", data)], tmp_path / "tree", lambda _: None)
    assert (tmp_path / "tree/lib/x.so").read_text() == "library"
    assert (tmp_path / "tree/usr/lib/y.so").read_text() == "other"
