"""The template of a data directory: made once, shared, and never half made."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_netns_mysql import CacheError, ServerStartError
from pytest_netns_mysql.mysql.containers.container import ContainerProcess
from pytest_netns_mysql.mysql.dialects.options import initial
from pytest_netns_mysql.mysql.kinds.local import Distribution, find
from pytest_netns_mysql.mysql.mysqld import copying, template
from pytest_netns_mysql.mysql.mysqld.instance import Instance
from pytest_netns_mysql.settings import resolve


@pytest.fixture(scope="module")
def distribution() -> Distribution:
    return find("auto", cache=resolve().cache, progress=print)


SCRIPT = """
import sys
from pathlib import Path
from pytest_netns_mysql.mysql.mysqld import template
from pytest_netns_mysql.mysql.kinds.local import identify
from pytest_netns_mysql.mysql.dialects.options import initial
print(template.template(identify(Path(sys.argv[1])), initial({}), cache=Path(sys.argv[2]), progress=print))
"""


def test_two_processes_at_once_make_one_template(distribution: Distribution, tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, str(distribution.mysqld), str(tmp_path)]
    with ThreadPoolExecutor() as pool:
        both = list(pool.map(lambda _: subprocess.run(command, capture_output=True, text=True), range(2)))
    said = [result.stdout.splitlines() for result in both]
    assert said[0][-1] == said[1][-1], [result.stderr for result in both]
    told = [lines[:-1] for lines in said]
    # One of them alone makes it, and says so; the other waits, or comes so late that it is made.
    (making,) = [lines for lines in told if "".join(lines).startswith("making a data directory for mysql-")]
    (waiting,) = [lines for lines in told if lines is not making]
    assert all(re.fullmatch(r"making a data directory: \d+ MB, \d+ s", line) for line in making[1:])
    wait = r"waiting for another process that is making this data directory(…|, \d+ s)"
    assert all(re.fullmatch(wait, line) for line in waiting)
    folder = Path(said[0][-1])
    assert sorted(path.name for path in folder.parent.iterdir()) == [folder.name, f"{folder.name}.lock"]


def test_a_copy_is_small_and_gets_its_own_server_uuid(distribution: Distribution, tmp_path: Path) -> None:
    source = template.template(distribution, initial({}), cache=resolve().cache, progress=print)
    copy = tmp_path / "data"
    copying.copy(source, copy)
    assert not (copy / "auto.cnf").exists()  # it would give every copy the same server_uuid
    assert list(copy.glob("#innodb_redo/*_tmp"))  # a boot would make what is missing
    blocks = sum(path.stat().st_blocks * 512 for path in copy.rglob("*"))
    assert blocks < 50 << 20 < sum(path.stat().st_size for path in copy.rglob("*"))


def test_options_that_shape_the_data_have_separate_templates(distribution: Distribution, tmp_path: Path) -> None:
    plain = template.template(distribution, initial({}), cache=resolve().cache, progress=print)
    same = template.template(distribution, initial({"max_connections": 5}), cache=resolve().cache, progress=print)
    other = template.template(
        distribution, initial({"lower_case_table_names": 1}), cache=resolve().cache, progress=print
    )
    assert plain == same != other


def test_the_error_for_an_unwritable_cache_says_what_to_set(distribution: Distribution) -> None:
    with pytest.raises(CacheError) as error:
        template.template(distribution, {}, cache=Path("/proc/cache"), progress=print)
    assert str(error.value).splitlines() == [
        "cannot make a data directory in the cache: No such file or directory",
        "  where: /proc/cache/templates",
        "  do: set netns_cache (or NETNS_CACHE) to a folder that you can write, with 300 MB free",
    ]


def test_a_copy_has_holes_links_modes_and_times_as_the_original_has(tmp_path: Path) -> None:
    original, copied = tmp_path / "data", tmp_path / "copy"
    (original / "empty").mkdir(parents=True)
    (original / "empty").chmod(0o750)
    with (original / "sparse").open("wb") as file:
        file.write(b"a" * 5000)
        file.seek(1 << 22)
        file.write(b"b" * 5000)
        file.truncate(1 << 23)
    (original / "sparse").chmod(0o640)
    (original / "link").symlink_to("nowhere")
    os.utime(original / "sparse", ns=(1_000_000_007, 2_000_000_009))
    copying.copy(original, copied)
    assert (copied / "sparse").read_bytes() == (original / "sparse").read_bytes()
    old, new = (folder.joinpath("sparse").stat() for folder in (original, copied))
    assert (new.st_mode, new.st_mtime_ns) == (old.st_mode, old.st_mtime_ns)
    assert new.st_blocks * 512 < 1 << 20
    assert (copied / "empty").stat().st_mode == (original / "empty").stat().st_mode
    assert (copied / "link").readlink() == Path("nowhere")


@pytest.mark.root
def test_a_copy_belongs_to_the_owner_of_the_original(tmp_path: Path) -> None:
    original, copied = tmp_path / "data", tmp_path / "copy"
    original.mkdir()
    (original / "file").write_bytes(b"a")
    for path in (original, original / "file"):
        os.chown(path, 1234, 4321)
    copying.copy(original, copied)
    assert {(path.stat().st_uid, path.stat().st_gid) for path in (copied, copied / "file")} == {(1234, 4321)}


@pytest.mark.root  # an ordinary user has no files of a strange group
def test_a_user_namespace_that_does_not_know_the_group_of_the_original_copies_all_the_same(tmp_path: Path) -> None:
    original, copied = tmp_path / "data", tmp_path / "copy"
    original.mkdir()
    (original / "file").write_bytes(b"a")
    for path in (original, original / "file"):
        os.chown(path, 0, 4321)
    script = (
        "import sys, pathlib\n"
        "from pytest_netns_mysql.mysql.mysqld.copying import copy\n"
        "copy(*map(pathlib.Path, sys.argv[1:]))\n"
    )
    command = ["unshare", "--user", "--map-root-user", sys.executable, "-c", script, str(original), str(copied)]
    subprocess.run(command, check=True)
    assert (copied / "file").read_bytes() == b"a"
    assert (copied / "file").stat().st_gid == 0


def test_a_failed_copy_raises_cache_error_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(CacheError) as error:
        copying.copy(tmp_path / "missing", tmp_path / "data")
    assert str(error.value).startswith("the data directory could not be copied")
    assert "No such file or directory" in str(error.value)
    assert "do: make room there: it takes about 40 MB" in str(error.value)


def test_a_failed_initialization_shows_the_log_and_leaves_no_files(distribution: Distribution, tmp_path: Path) -> None:
    with pytest.raises(ServerStartError) as error:
        template.template(distribution, {"no_such_option": 1}, cache=tmp_path, progress=print)
    assert str(error.value).startswith("mysqld could not make a data directory: it ended with exit code")
    assert error.value.codes
    assert os.sep + "templates" in str(error.value)
    assert [path.suffix for path in (tmp_path / "templates").iterdir()] == [".lock"]


def test_a_template_that_is_removed_before_its_copy_is_looked_for_again(tmp_path: Path) -> None:
    """Also for a container, whose folder was made for the first try."""
    source = tmp_path / "template"

    class Server(Instance):
        def __init__(self) -> None:
            self._spec: Any = SimpleNamespace(load=())
            self.tries = 0

        def _source(self) -> Path:
            self.tries += 1
            if self.tries == 2:
                source.mkdir()
                (source / "file").write_bytes(b"a")
            return source

    image: Any = SimpleNamespace(user=(os.geteuid(), os.getegid()))
    network: Any = {"global": contextlib.nullcontext()}
    process = ContainerProcess(image, "server", network)
    try:
        Server()._copy_data(process)
        assert (process.datadir / "file").read_bytes() == b"a"
    finally:
        process.release()
    assert not process.folder.exists()
