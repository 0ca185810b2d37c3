"""Paths and addresses in settings: what cannot be used is an error that says why."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from pytest_netns_mysql.errors import ServerNotFoundError, SettingError
from pytest_netns_mysql.run.serverkinds import ServerKinds
from pytest_netns_mysql.settings import TABLE, Settings, from_folder, resolve


def of_ini(**values: str) -> Settings:
    """Return the settings of an ini file with these values, and of no other place."""
    return resolve(lambda setting: (values[setting.name], "ini") if setting.name in values else None)


def _paths(folder: Path) -> dict[str, tuple[str, str]]:
    """Return paths that cannot be folders, and why."""
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
@pytest.mark.parametrize("setting", ["cache", "capture_dir"])
def test_a_new_folder_that_cannot_be_a_folder_is_refused(setting: str, case: str, tmp_path: Path) -> None:
    value, why = _paths(tmp_path)[case]
    with pytest.raises(SettingError) as error:
        of_ini(**{setting: value})
    assert error.value.what == f"netns_{setting} = {value!r}: {why}"
    assert len(str(error.value)) < 10_000


@pytest.mark.parametrize("case", ["unknown user", "long", "long path", "loop", "file", "below a file"])
def test_a_folder_of_scripts_is_a_folder(case: str, tmp_path: Path) -> None:
    value, why = _paths(tmp_path)[case]
    with pytest.raises(SettingError) as error:
        of_ini(image_initdb=value)
    assert error.value.what == f"netns_image_initdb = {value!r}: {why if '~' in value else 'there is no such folder'}"
    assert not why.startswith("it cannot") or why.removeprefix("it ") in error.value.tried[0]
    assert case != "file" or error.value.tried == (f"{value} is not a folder",)
    (initdb,) = (setting for setting in TABLE if setting.name == "image_initdb")
    assert from_folder(initdb, "~no-such-user/x", tmp_path) == "~no-such-user/x"


@pytest.mark.parametrize("case", ["unknown user", "long", "long path", "loop"])
def test_a_server_whose_path_cannot_be_accessed_is_an_error_that_says_why(case: str, tmp_path: Path) -> None:
    value, why = _paths(tmp_path)[case]
    settings = of_ini(mysqld=value, cache=str(tmp_path))
    with pytest.raises(ServerNotFoundError) as error:
        ServerKinds(settings, print).find()
    assert error.value.what.endswith(why.removeprefix("it "))
    assert len(str(error.value)) < 10_000


@pytest.mark.ordinary_user
@pytest.mark.parametrize("name", ["cache", "image_initdb"])
def test_a_folder_that_this_user_may_not_access_is_an_error_that_says_why(name: str, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "folder").mkdir(parents=True)
    closed.chmod(0)
    with pytest.raises(SettingError, match="cannot be accessed: Permission denied"):
        of_ini(**{name: str(closed / "folder")})
    settings = of_ini(mysqld=str(closed / "mysqld"), cache=str(tmp_path))
    with pytest.raises(ServerNotFoundError, match="mysqld cannot be accessed: Permission denied"):
        ServerKinds(settings, print).find()


@pytest.mark.parametrize("server", ["external:127.0.0.1:" + "9" * 5000, "external:a:²", f"external:{'x' * 300}:3306"])
def test_an_impossible_address_of_a_server_is_an_error(server: str, tmp_path: Path) -> None:
    settings = of_ini(mysqld=server, cache=str(tmp_path))
    with pytest.raises(SettingError, match="is not the address of a server"):
        ServerKinds(settings, print).find()


def test_the_folder_for_captures_starts_at_the_ini_file(tmp_path: Path) -> None:
    (setting,) = (setting for setting in TABLE if setting.name == "capture_dir")
    assert from_folder(setting, "out", tmp_path) == str(tmp_path / "out")
    assert of_ini().capture_dir == Path("netns-captures")  # which the run puts below pytest's rootdir
    assert of_ini(capture_dir=str(tmp_path)).capture_dir == tmp_path
    with pytest.raises(SettingError, match="netns_capture_dir is empty"):
        of_ini(capture_dir=" ")


@pytest.mark.parametrize("home", ["", "relative", "~"])
def test_a_home_that_is_no_absolute_path_is_no_home(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", home)
    own = Path(pwd.getpwuid(os.getuid()).pw_dir)
    assert of_ini().cache == own / ".cache" / "pytest-netns-mysql"
