"""macOS and Windows: the package can be imported, pytest collects, and netns tests say why they cannot run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.suites import SUITES, source

pytestmark = pytest.mark.oldest_python
PRETEND = Path(__file__).parent / "support" / "otherplatform.py"
PLATFORMS = {
    "darwin": (
        "macOS",
        "run pytest in a Linux virtual machine, such as Lima's or Colima's, or in a container: docker ",
    ),
    "win32": ("Windows", "run pytest in WSL 2, whose kernel is Linux, or in a container: docker "),
}


def run_on(platform: str, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a module on another platform, with the suites about platforms in reach."""
    path = os.pathsep.join([str(SUITES / "platforms"), *filter(None, sys.path)])
    environment = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, str(PRETEND), platform, "-m", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=environment)


def run_pytest(platform: str, folder: Path, *arguments: str) -> str:
    """Run pytest on a project there, and return what it prints."""
    (folder / "test_project.py").write_text(source("platforms/project"))
    plugins = ("-p", "no:asyncio", "-p", "no:cacheprovider", "-Werror")
    return run_on(platform, "pytest", *plugins, "-rs", *arguments, cwd=folder).stdout


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_public_name_can_be_imported(platform: str, tmp_path: Path) -> None:
    result = run_on(platform, "public_names", cwd=tmp_path)
    assert (result.stdout, result.stderr) == ("all names\n", "")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_netns_tests_fail_with_the_cure_and_others_pass(platform: str, tmp_path: Path) -> None:
    name, cure = PLATFORMS[platform]
    printed = run_pytest(platform, tmp_path)
    assert "1 passed, 6 errors in " in printed
    assert printed.count(f"\nSandboxError: netns tests need Linux's network namespaces, and this is {name}\n") == 6
    assert printed.count(f"\n  do: {cure}") == 6
    assert printed.count("\n  do: netns_unavailable = skip skips netns tests here, and runs all others\n") == 6


@pytest.mark.parametrize("platform", PLATFORMS)
def test_netns_tests_are_skipped_if_the_project_allows_it(platform: str, tmp_path: Path) -> None:
    settings = (
        "--netns-unavailable=skip",
        "--netns-mysqld=auto,mariadb",
        "--netns-topology=nat",
        "--netns-start=early",
    )
    printed = run_pytest(platform, tmp_path, *settings, "-k", "plain or server or by_name")
    assert "1 passed, 4 skipped, " in printed  # each on two servers
    assert f"netns tests need Linux's network namespaces, and this is {PLATFORMS[platform][0]}" in printed


@pytest.mark.parametrize("platform", PLATFORMS)
def test_commands_that_only_show_work_and_others_say_why_not(platform: str, tmp_path: Path) -> None:
    def run(*words: str) -> tuple[int, str]:
        result = run_on(platform, "pytest_netns_mysql.cli", *words, cwd=tmp_path)
        return result.returncode, result.stdout + result.stderr

    what = f"netns tests need Linux's network namespaces, and this is {PLATFORMS[platform][0]}"
    code, version = run("--version")
    assert (code, version.splitlines()[-1]) == (0, what)
    code, drawing = run("show")
    assert code == 0
    assert "red     192.0.2.2/red, port 3306" in drawing
    code, findings = run("doctor")
    assert code == 1
    assert findings.splitlines()[0] == f"missing  platform   {what}"
    assert findings.splitlines()[-1] == "netns tests cannot run here: platform"
    code, refusal = run("run", "--", "true")
    assert (code, refusal.splitlines()[0]) == (1, f"netns-mysql: {what}")
