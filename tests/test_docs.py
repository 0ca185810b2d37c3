"""The docs: every code block runs, every page made from the code is fresh."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_netns_mysql.topology import load_all
from tests.support.suites import Suite

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMPOSE = [ROOT / "docs" / "howto" / "compose.md"]  # its Python is for the file before it
TUTORIAL = ROOT / "docs" / "tutorial.md"  # tests/test_tutorial.py follows it
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


CONSOLE = [
    text for page in PAGES if page != TUTORIAL for kind, text in BLOCK.findall(page.read_text()) if kind == "console"
]


def blocks(language: str) -> list[object]:
    return [
        pytest.param(text, id=f"{page.name}-{number}")
        for page in PAGES
        for number, (kind, text) in enumerate(BLOCK.findall(page.read_text()), 1)
        if kind == language and page not in (COMPOSE if language == "python" else ())
    ]


@pytest.mark.parametrize("text", blocks("python"))
def test_a_python_block_is_a_suite_that_passes(suite: Suite, text: str) -> None:
    result = suite(text)
    assert result.ret == 0
    assert result.parseoutcomes().keys() == {"passed"}


@pytest.mark.parametrize("text", blocks("toml"))
def test_a_toml_block_is_a_topology(tmp_path: Path, text: str) -> None:
    file = tmp_path / "block.toml"
    file.write_text(text)
    assert all(topology.plan.namespaces for topology in load_all(str(file)))


def test_the_compose_file_and_its_suite_go_together(suite: Suite, pytester: pytest.Pytester) -> None:
    (page,) = COMPOSE
    found = dict(BLOCK.findall(page.read_text()))
    (pytester.path / "init").mkdir()
    (pytester.path / "init" / "1.sql").write_text("CREATE TABLE stock AS SELECT 'tea' AS name;\n")
    (pytester.path / "compose.yaml").write_text(found["yaml"])
    suite(found["python"]).assert_outcomes(passed=3)


@pytest.mark.parametrize("text", blocks("ini"))
def test_an_ini_block_configures_pytest(suite: Suite, pytester: pytest.Pytester, text: str) -> None:
    pytester.makeini(text)
    result = suite("import pytest\n@pytest.mark.netns('red')\ndef test_it(): pass\n", "--strict-config")
    assert result.parseoutcomes().keys() == {"passed"}


def test_a_server_that_stays_up_is_listed_and_ended(tmp_path: Path) -> None:
    """With a runtime folder of its own: `netns-mysql down` ends all servers that are offered there."""
    (text,) = [text for text in CONSOLE if "netns-mysql up" in text]
    command = f"'{sys.executable}' -m pytest_netns_mysql.cli"
    script = text.replace("$ netns-mysql", command)
    result = subprocess.run(
        ["sh", "-ec", script],
        env=os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    up, header, ls, down = result.stdout.splitlines()
    assert up.startswith("pid ")
    assert header.startswith("PID ")
    assert (ls.split()[0], f"ended: {up}") == (up.split()[1].rstrip(":"), down)


@pytest.mark.parametrize("text", [text for text in CONSOLE if "netns-mysql up" not in text])
def test_a_command_of_a_console_block_works(text: str) -> None:
    lines = [line for line in text.splitlines() if line.startswith("$ ")]  # the others are what it prints
    assert lines
    for line in lines:
        program, _, rest = line.removeprefix("$ ").partition(" ")
        module = {"netns-mysql": "pytest_netns_mysql.cli", "pytest": "pytest"}.get(program)
        if module is None:
            assert line.removeprefix("$ ") in ("pip install .", "make demo", "make test")
            continue
        command = f'"{sys.executable}" -m {module} {rest}'
        result = subprocess.run(command, shell=True, capture_output=True, text=True, check=False, cwd=ROOT)
        assert result.returncode == 0, result.stdout + result.stderr


def test_generated_pages_are_fresh() -> None:
    command = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def public_names(section: str) -> list[str]:
    """Return the lines of a section of the list of public names."""
    _, _, rest = (ROOT / "tests" / "public" / "surface.txt").read_text().partition(f"\n[{section}]\n")
    lines, _, _ = rest.partition("\n\n")
    return lines.splitlines()


def test_every_fixture_is_on_the_page_of_fixtures() -> None:
    page = (ROOT / "docs" / "reference" / "fixtures.md").read_text()
    fixtures = [line.partition(":")[0] for line in public_names("fixtures")]
    assert "netns_mysqld" in fixtures
    assert [fixture for fixture in fixtures if f"[`{fixture}`](#" not in page] == []


def test_every_marker_is_on_the_page_of_markers_with_its_arguments() -> None:
    page = (ROOT / "docs" / "reference" / "marker.md").read_text()
    markers = public_names("markers")
    assert "netns_pause" in markers
    assert [marker for marker in markers if f"{marker}`" not in page] == []


def test_the_tests_that_the_page_on_security_names_are_there() -> None:
    names = re.findall(r"\[`([\w/]+)`\]", (ROOT / "docs" / "explanation" / "security.md").read_text())
    assert names
    assert [name for name in names if not (ROOT / "tests" / f"{name}.py").exists()] == []


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        # Code is no link, such as netns["red"](function).
        prose = re.sub(r"^```.*?^```$|`[^`\n]*`", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", prose):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
