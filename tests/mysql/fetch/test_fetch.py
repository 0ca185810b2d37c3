"""Fetching a mysqld, with the machine's real apt."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_netns_mysql.errors import FetchError
from pytest_netns_mysql.mysql.fetch.fetch import fetch
from pytest_netns_mysql.mysql.fetch.progress import Progress
from pytest_netns_mysql.mysql.fetch.sources import Source
from pytest_netns_mysql.mysql.kinds import local
from pytest_netns_mysql.mysql.kinds.local import find
from pytest_netns_mysql.mysql.kinds.provenance import provenance

pytestmark = [
    pytest.mark.as_user,
    pytest.mark.skipif(
        shutil.which("apt-get") is None and "CI" not in os.environ, reason="fetching is for machines with apt"
    ),
]

FETCH = """
import sys
from pathlib import Path
from pytest_netns_mysql.mysql.fetch.fetch import fetch
print(fetch(Path(sys.argv[1]), progress=lambda line: print(line, flush=True), product="router"))
"""


def start_fetch(cache: Path) -> subprocess.Popen[str]:
    """Start to fetch MySQL Router, the smallest product, in another process; its last line of output is the path."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", FETCH, str(cache)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)


def run(*command: str | Path) -> str:
    answer = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def servers(cache: Path) -> list[str]:
    """List what stands in the cache, without the lock."""
    return sorted(entry.name for entry in (cache / "servers").iterdir() if entry.name != ".lock")


@pytest.fixture(scope="session")
def lines() -> list[str]:
    """Collect the progress of the session's fetch."""
    return []


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> Path:
    """Fetch once, into an empty cache that others can search, with a umask of 0."""
    cache = tmp_path_factory.mktemp("fetched") / "cache"
    (cache / "servers").mkdir(parents=True)
    (cache / "servers").chmod(0o755)
    before = os.umask(0)
    try:
        fetch(cache, progress=lines.append)
    finally:
        os.umask(before)
    return cache


@pytest.fixture
def home(cache: Path) -> Path:
    return cache / "servers" / servers(cache)[0]


def test_the_programs_run(home: Path) -> None:
    for name in ("mysqld", "mysql", "mysqldump", "mysqladmin"):
        assert re.search(r" Ver \d+\.\d+\.\d+", run(home / "bin" / name, "--no-defaults", "--version"))


def test_nobody_else_can_write_to_what_was_fetched_whatever_the_umask(home: Path) -> None:
    found = [path for path in (home, *home.rglob("*")) if not path.is_symlink()]
    assert [path for path in found if path.stat().st_mode & 0o6022] == []
    assert len(found) > 100


def test_the_server_initializes_a_data_directory(home: Path, tmp_path: Path) -> None:
    user = ["--user=root"] if os.geteuid() == 0 else []
    data = tmp_path / "data"
    run(home / "bin" / "mysqld", "--no-defaults", *user, "--initialize-insecure", f"--datadir={data}")
    assert (data / "mysql.ibd").is_file()


def test_every_library_is_the_fetched_one(home: Path) -> None:
    """Also those of the plugins, and whatever LD_LIBRARY_PATH says."""
    loader = next((home / "lib").glob("ld*.so.*"))
    objects = [home / "bin" / "mysqld", *(home / "lib" / "mysql" / "plugin").glob("*.so")]
    assert len(objects) > 20
    for each in objects:
        for name, path in re.findall(r"^\t(\S+) => (.+?)(?: \(0x\w+\))?$", run(loader, "--inhibit-cache",
                                     "--library-path", home / "lib", "--list", each), re.MULTILINE):  # fmt: skip
            assert path.startswith(str(home)), f"{each.name} needs {name}, found as {path}"


def test_nothing_else_is_left(cache: Path, home: Path) -> None:
    assert servers(cache) == [home.name]
    assert sorted(entry.name for entry in home.iterdir()) == [
        ".netns-manifest.json",
        "bin",
        "lib",
        "server.json",
        "share",
    ]
    assert list(cache.rglob("*.deb")) == []
    assert not any(path.is_symlink() for path in home.rglob("*"))


def test_progress_lines_name_each_step_and_its_state(home: Path, lines: list[str]) -> None:
    """A fast machine may show the steps alone: how far one is comes once a second."""
    title = re.escape(f"MySQL {home.name.split('-')[1]}")
    expected = [
        "reading the machine's package sources…",
        rf"fetching {title} \(\d+ MB\) from the machine's package sources, \S+ \w+…",
        rf"unpacking {title}…",
        rf"making the programs of {title} run from the cache…",
        rf"{title} is ready after \d+ s: .*/bin/mysqld",
    ]
    between = (
        r"reading the package lists: \d+ MB, \d+ s",
        r"resolving packages, \d+ s",
        rf"downloading {title}: \d+ of \d+ MB \(\d+ %\), \d+ s",
        rf"unpacking {title}: \d+ of \d+ packages \(\d+ %\), \d+ s",
    )
    steps = [line for line in lines if not any(re.fullmatch(one, line) for one in between)]
    assert len(steps) == len(expected)
    assert all(re.fullmatch(pattern, line) for pattern, line in zip(expected, steps, strict=True))


def test_a_line_tells_how_far_a_step_is_each_second() -> None:
    lines: list[str] = []
    code = "import time; time.sleep(2.5); print('out'); raise SystemExit(3)"
    result = Progress(lines.append).run([sys.executable, "-c", code], lambda: "going on")
    assert (result.returncode, result.stdout, result.stderr) == (3, "out\n", "")
    assert [line.partition(",")[0] for line in lines] == ["going on"] * len(lines)
    assert 1 <= len(lines) <= 3
    assert all(re.fullmatch(r"going on, \d+ s", line) for line in lines)


def test_a_fetched_server_names_its_source(home: Path) -> None:
    text = provenance(local.identify(home / "bin" / "mysqld"))
    assert re.fullmatch(rf"MySQL [0-9.]+ \({home}/bin/mysqld, fetched from \w+://\S+ \w+\)", text)


def test_the_fetched_server_is_found_without_running_it(
    cache: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("pytest_netns_mysql.mysql.kinds.local._USUAL_FOLDERS", ())
    server = find("auto", cache=cache, progress=lambda line: pytest.fail(line))
    assert server.mysqld == home / "bin" / "mysqld"
    assert server.version_line == run(server.mysqld, "--no-defaults", "--version").strip()
    assert server.program("mysqldump") == home / "bin" / "mysqldump"


def test_what_is_in_the_cache_is_not_fetched_again(cache: Path, home: Path) -> None:
    lines: list[str] = []
    record = (home / "server.json").stat()
    mysqld = fetch(cache, progress=lines.append)
    assert mysqld == home / "bin" / "mysqld"
    assert lines[-1:] == [f"MySQL {home.name.split('-')[1]} is in the cache already: {mysqld}"]
    assert (home / "server.json").stat() == record


def test_two_processes_at_once_make_one_server(tmp_path: Path) -> None:
    processes = [start_fetch(tmp_path), start_fetch(tmp_path)]
    outputs = [process.communicate(timeout=120)[0].splitlines() for process in processes]
    assert outputs[0][-1] == outputs[1][-1]
    assert Path(outputs[0][-1]).is_file()
    assert len(servers(tmp_path)) == 1
    waiting = "waiting for another process that is fetching into the cache…"
    assert sorted([waiting in output for output in outputs]) == [False, True]


def test_without_apt_the_error_is_clear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FetchError) as caught:
        fetch(tmp_path / "cache", progress=print)
    assert str(caught.value) == (
        "this machine has no apt-get: fetching works where packages come by apt\n"
        f"  tried: apt-get in PATH={tmp_path}\n"
        "  do: install MySQL 8.0.22 or newer, from your system's packages or from MySQL's own\n"
        "  do: name a server: netns_mysqld = /path/to/mysqld"
    )
    assert servers(tmp_path / "cache") == []


def test_an_unreachable_archive_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the machine's own apt settings, here one that spares the test apt's patience."""
    (tmp_path / "apt.conf").write_text('Acquire::Retries "0";\n')
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    source = Source("http://127.0.0.1:9/archive/", ("unstable",), ("main",), "amd64")
    with pytest.raises(FetchError, match="could not be downloaded and verified: E: Failed to fetch"):
        fetch(tmp_path, progress=print, sources=[source])
    assert servers(tmp_path) == []


def test_a_cache_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FetchError) as caught:
        fetch(tmp_path / "file", progress=print)
    assert str(caught.value).splitlines()[:3] == [
        "MySQL could not be put into the cache: Not a directory",
        f"  where: {tmp_path}/file/servers",
        "  do: free some space there, or make the folder writable",
    ]
