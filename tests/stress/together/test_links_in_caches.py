"""Links that a stranger made in a cache, when everybody could write to it: to programs, to data, to places to write."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.mysql.cache import cached, contents, draftfile, locking, manifest, versionline
from pytest_netns_mysql.mysql.dialects.options import initial
from pytest_netns_mysql.mysql.mysqld import template
from tests.stress.together.caches import AREA, fake_server, new_cache, server_here
from tests.support.stress import IS_LONG, check

pytestmark = [pytest.mark.as_user, pytest.mark.slow, pytest.mark.root]

STRANGER = 54322
SERVER = "servers/mysql-9.9.9-aaaaaaaa"
TEXT = "a stranger's"


def plant(path: Path, target: Path) -> None:
    """Put a stranger's link in a path's place; what was there becomes the stranger's, at the target."""
    if path.exists():
        shutil.rmtree(target, ignore_errors=True)
        path.rename(target)
    elif not target.exists():
        target.touch()
    for each in (target, *target.rglob("*")):
        os.chown(each, STRANGER, STRANGER, follow_symlinks=False)
    path.symlink_to(target)
    os.chown(path, STRANGER, STRANGER, follow_symlinks=False)


def refused(do: Callable[[], object], expected: str) -> str:
    """Return what is wrong with the error that refuses something; '' if it is right."""
    try:
        answer = do()
    except NetnsError as error:
        return "" if expected in str(error) and "  do: " in str(error) else str(error)
    return f"not refused: {answer}"


def test_a_strangers_link_is_refused_or_replaced() -> None:
    server = server_here()
    name = template.key(server, initial({}))
    theirs = f"belongs to uid {STRANGER}"
    link = "is a symbolic link, which is not followed"

    def make(cache: Path) -> object:
        return template.template(server, initial({}), cache=cache, progress=print)

    def fetched(cache: Path) -> object:
        return cached.fetched(cache, "mysql")

    def lock(file: str) -> Callable[[Path], object]:
        return lambda cache: locking.try_lock(cache / file)

    tries: list[tuple[str, Callable[[Path], object], str]] = [
        ("servers", fetched, theirs),
        (SERVER, fetched, theirs),
        (f"{SERVER}/bin", fetched, theirs),
        (f"{SERVER}/bin/mysqld", fetched, theirs),
        (f"{SERVER}/lib", fetched, theirs),
        ("servers/.lock", lock("servers/.lock"), link),
        ("templates", make, theirs),
        (f"templates/{name}", make, theirs),
        (f"templates/{name}.lock", lock(f"templates/{name}.lock"), link),
    ]
    faults = []
    with tempfile.TemporaryDirectory(prefix="netns-links.", dir="/tmp") as base:
        Path(base).chmod(0o755)
        for number, (place, do, expected) in enumerate(tries):
            folder = Path(base, str(number))
            folder.mkdir()
            cache = new_cache(folder / "cache", server if place.startswith("templates") else None)
            cache.chmod(0o755)
            fake_server(cache)
            plant(cache / place, folder / "theirs")
            if fault := refused(lambda do=do, cache=cache: do(cache), expected):  # type: ignore[misc]
                faults.append(f"{place}: {fault}")
            for entry in contents.entries(cache):
                contents.remove(entry, lambda *_: None)
            if expected == theirs and not (folder / "theirs").exists():
                faults.append(f"{place}: clearing the cache removed what the link leads to")
    check(AREA, "a stranger's link in the cache is refused", len(tries), faults)


def test_nothing_is_written_to_where_a_strangers_link_leads(tmp_path: Path) -> None:
    """Nor believed that comes from there."""
    server = server_here()
    folder = tmp_path / "theirs"
    folder.mkdir()
    file = tmp_path / "their file"
    program = server.mysqld
    status = program.stat()
    file.write_text(json.dumps({str(program): {"file": [status.st_size, status.st_mtime_ns], "version_line": TEXT}}))
    before = file.read_text()
    with tempfile.TemporaryDirectory(prefix="netns-links.", dir="/tmp") as base:
        Path(base).chmod(0o755)
        cache = new_cache(Path(base, "cache"), server)
        cache.chmod(0o755)
        moved = Path(base, "file")
        shutil.move(file, moved)
        plant(cache / "identified.json", moved)
        faults: list[object] = []
        line = versionline.ask_once(program, cache, ())
        if line == TEXT or versionline.ask_once(program, cache, ()) != line:
            faults.append("the facts of a stranger were believed")
        if (cache / "identified.json").is_symlink() or TEXT in (cache / "identified.json").read_text():
            faults.append("the link was not replaced")
        made = template.template(server, initial({}), cache=cache, progress=print)
        plant(made / "ibdata1", Path(base, "ibdata1"))
        if manifest.fault(made) is None:
            faults.append("a link to data was not noticed")
        for ending in (".unfinished", ".sparse"):
            plant(made.with_name(f"{made.name}{ending}"), folder)
        template.discard(made)
        if IS_LONG:  # 5 s
            template.template(server, initial({}), cache=cache, progress=print)
        else:
            draftfile.remove_tree(made.with_name(f"{made.name}.sparse"))
        if manifest.fault(made) is not None and IS_LONG:
            faults.append("no template was made")
        left = [path.name for path in made.parent.iterdir() if path.is_symlink()]
        if left or any(folder.iterdir()):
            faults.append(f"left {left}, and written to where they led: {sorted(folder.iterdir())[:5]}")
        (cache / "states").mkdir(mode=0o700)
        plant(cache / "states" / "x.json", moved)
        draftfile.replace_file(cache / "states" / "x.json", "mine")
        if moved.read_text() != before:
            faults.append(f"written through a link: {moved.read_text()[:99]}")
    check(AREA, "nothing is written to where a stranger's link in the cache leads", 5, faults)
