"""Settings that are paths: the cache, a server, a folder of scripts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_netns_mysql.errors import ServerNotFoundError, SettingError
from pytest_netns_mysql.run.serverkinds import ServerKinds
from pytest_netns_mysql.settings import TABLE, Reader, from_folder, resolve

BY_NAME = {setting.name: setting for setting in TABLE}


def reader(place: str, **values: str) -> Reader:
    """Make a reader that has these values, and no others."""
    return lambda setting: (values[setting.name], place) if setting.name in values else None


def test_an_empty_cache_hides_a_farther_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    settings = resolve(reader("command line", cache=""), reader("ini", cache="/elsewhere"))
    assert settings.cache == tmp_path / "pytest-netns-mysql"
    assert settings.given == {"cache": "command line"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("~", "home/u"),
        ("~/servers", "home/u/servers"),
        ("servers", "work/servers"),
        ("", "home/u/.cache/pytest-netns-mysql"),
        (" ", "home/u/.cache/pytest-netns-mysql"),
    ],
)
def test_the_cache_is_an_absolute_folder_and_by_default_the_users(
    given: str, expected: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(tmp_path / "home/u"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert resolve(reader("ini", cache=given)).cache == tmp_path / expected


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("/xdg", "/xdg/pytest-netns-mysql"),
        ("", "/home/u/.cache/pytest-netns-mysql"),
        ("relative", "/home/u/.cache/pytest-netns-mysql"),
    ],
)
def test_the_users_cache_follows_the_xdg_specification(
    folder: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/u")
    monkeypatch.setenv("XDG_CACHE_HOME", folder)
    assert resolve().cache == Path(expected)


@pytest.mark.root  # only root can become a user that has no entry
def test_a_user_without_a_home_does_not_stop_the_run() -> None:
    script = (
        "import os; from pytest_netns_mysql.settings import resolve; "
        "os.environ.clear(); os.setuid(54321); print(resolve().cache)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (result.stdout, result.returncode) == ("/.cache/pytest-netns-mysql\n", 0), result.stderr


def _paths(folder: Path) -> dict[str, tuple[str, str]]:
    """Return paths at which nothing can be looked for, and why."""
    (folder / "file").touch()
    (folder / "loop").symlink_to(folder / "loop")
    return {
        "unknown user": ("~no-such-user/x", "there is no such user, or the user has no home folder"),
        "long": ("x" * 5000, "it cannot be accessed: File name too long"),
        "long path": ("x/" * 5000, "it cannot be accessed: File name too long"),
        "loop": (str(folder / "loop" / "x"), "it cannot be accessed: Too many levels of symbolic links"),
        "file": (str(folder / "file"), "it is not a folder"),
        "below a file": (str(folder / "file" / "x"), f"{folder / 'file'} is not a folder"),
    }


@pytest.mark.parametrize("case", ["unknown user", "long", "long path", "loop", "file", "below a file"])
def test_a_cache_that_cannot_be_a_folder_is_refused(case: str, tmp_path: Path) -> None:
    value, why = _paths(tmp_path)[case]
    with pytest.raises(SettingError) as error:
        resolve(reader("ini", cache=value))
    assert error.value.what == f"netns_cache = {value!r}: {why}"
    assert len(str(error.value)) < 10_000


@pytest.mark.parametrize("case", ["unknown user", "long", "long path", "loop", "file", "below a file"])
def test_a_folder_of_scripts_is_a_folder(case: str, tmp_path: Path) -> None:
    value, why = _paths(tmp_path)[case]
    with pytest.raises(SettingError) as error:
        resolve(reader("ini", image_initdb=value))
    assert error.value.what == f"netns_image_initdb = {value!r}: {why if '~' in value else 'there is no such folder'}"
    assert not why.startswith("it cannot") or why.removeprefix("it ") in error.value.tried[0]
    assert from_folder(BY_NAME["image_initdb"], "~no-such-user/x", tmp_path) == "~no-such-user/x"


@pytest.mark.parametrize("case", ["unknown user", "long", "long path", "loop"])
def test_a_server_whose_path_cannot_be_looked_at_is_told(case: str, tmp_path: Path) -> None:
    value, why = _paths(tmp_path)[case]
    settings = resolve(reader("ini", mysqld=value, cache=str(tmp_path)))
    with pytest.raises(ServerNotFoundError) as error:
        ServerKinds(settings, print).find()
    assert error.value.what.endswith(why.removeprefix("it "))
    assert len(str(error.value)) < 10_000


@pytest.mark.ordinary_user
@pytest.mark.parametrize("name", ["cache", "image_initdb"])
def test_a_folder_that_may_not_be_looked_at_is_told(name: str, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "folder").mkdir(parents=True)
    closed.chmod(0)
    with pytest.raises(SettingError, match="cannot be accessed: Permission denied"):
        resolve(reader("ini", **{name: str(closed / "folder")}))
    settings = resolve(reader("ini", mysqld=str(closed / "mysqld"), cache=str(tmp_path)))
    with pytest.raises(ServerNotFoundError, match="mysqld cannot be accessed: Permission denied"):
        ServerKinds(settings, print).find()
