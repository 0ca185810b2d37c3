"""Inner suites beside other plugins of pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import filelock
import pytest

from pytest_netns_mysql.kernel.namespaces.privileges import in_user_namespace
from tests.support.suites import InnerRun, source

WITH, WITHOUT = "with a setting", "without a setting"
each_setting = pytest.mark.parametrize("beside", [WITH, WITHOUT], indirect=True)


@pytest.fixture(scope="module", autouse=True)
def _outside() -> None:
    """Refuse to run where the outer run has entered a user namespace: inner runs are in it then."""
    assert os.geteuid() == 0 or not in_user_namespace(), "as an ordinary user, run these tests with --netns-mode=direct"


@pytest.fixture(scope="session")
def pytest8(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pytest 8, to stand before the installed one: some plugins need it."""
    folder = tmp_path_factory.getbasetemp().parent / "pytest8"
    with filelock.FileLock(f"{folder}.lock"):  # workers share the folder
        if not folder.exists():
            install = "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target", str(folder)
            subprocess.run([sys.executable, "-m", *install, "pytest>=8.2,<9"], check=True)
    return folder


class Beside:
    """A runner of inner suites that load this plugin and those that a test names, with warnings as errors."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
        """Run without the plugins of the environment, and let suites know the network of this process.

        Args:
            pytester: The folder of the inner suite.
            monkeypatch: Of the environment.
            setting: WITH or WITHOUT a setting of ours in the ini file.
        """
        self._pytester = pytester
        self._setting = setting
        self.path = pytester.path
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
        monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # plugins take the inner run for a worker's
        monkeypatch.setenv("HOST_NETWORK", str(Path("/proc/thread-self/ns/net").stat().st_ino))

    def write(self, *suites: str, ini: Sequence[str] = (), **files: str) -> None:
        """Write suites of tests/suites/plugins, each as a test file of its name, modules and the ini file.

        Args:
            suites: The names of the files that are test files.
            ini: Lines of the ini file.
            files: The names of other files in tests/suites/plugins, by the names that they get, without ``.py``.
        """
        for suite in suites:
            self._pytester.makepyfile(**{f"test_{suite}": source(f"plugins/{suite}")})
        for name, file in files.items():
            self._pytester.makepyfile(**{name: source(f"plugins/{file}")})
        lines = [*ini, *(["netns_mode = auto"] if self._setting == WITH else [])]
        self._pytester.makeini("\n".join(["[pytest]", *lines]))

    def run(self, *arguments: str, plugins: Sequence[str] = ()) -> InnerRun:
        """Run what was written, with these plugins and arguments."""
        loaded = [word for plugin in ("netns_mysql", *plugins) for word in ("-p", plugin)]
        return InnerRun(self._pytester.runpytest_subprocess(*loaded, "-Werror", "-rfE", *arguments))


@pytest.fixture
def beside(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Beside:
    """A runner of inner suites without a setting of ours, so that nothing but their text tells of netns tests.

    WITH as its parameter sets one, which has the user namespace entered early.
    """
    return Beside(pytester, monkeypatch, getattr(request, "param", WITHOUT))
