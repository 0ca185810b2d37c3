"""Workers of xdist on other machines, which they reach by ssh."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.machines import MACHINES, Machines
from tests.support.machines import pytest as pytest_command
from tests.support.suites import source

pytestmark = pytest.mark.as_user

MODES = ["auto", pytest.param("rootless", marks=pytest.mark.root)]
TOPOLOGY = '[namespaces]\noffice = "203.0.113.2/24"\n'


@pytest.mark.parametrize("mode", MODES)
def test_a_suite_runs_on_two_machines(machines: Machines, mode: str) -> None:
    """The settings and the file of the topology reach the workers; reports and captured packets come back."""
    project = machines.project
    (project / "test_inner.py").write_text(source("machines/origins"))
    (project / "nets").mkdir()
    (project / "nets" / "office.toml").write_text(TOPOLOGY)
    (project / "pytest.ini").write_text("[pytest]\nnetns_capture = failed\n")
    report = project / "report.json"
    result = machines.run(
        *pytest_command(*machines.workers(*MACHINES), f"--netns-report={report}", f"--netns-mode={mode}"),
        NETNS_TOPOLOGY="nets/office.toml",
    )
    assert "1 failed, 5 passed" in result.stdout, result.stdout + result.stderr
    assert re.search(r"^on +(red \(worker gw0\)|blue \(worker gw1\))$", result.stdout, re.MULTILINE), result.stdout
    assert "because    there is no account for the user nobody, from 203.0.113.2 (namespace office)" in result.stdout
    (packets,) = re.findall(r"^files +packets: (.*)$", result.stdout, re.MULTILINE)
    assert Path(packets).parent == project / "netns-captures"
    assert Path(packets).read_bytes()[:4] == b"\x0a\x0d\x0d\x0a"
    assert len(json.loads(report.read_text())["tests"]) == 5
    ran = {name: list((machines.home(name) / project.name).glob("facts-*")) for name in MACHINES}
    assert {name: len(files) for name, files in ran.items()} == {"red": 1, "blue": 1}
    for name, (file,) in ran.items():
        assert all(f'"ssh": ["{MACHINES[name]}"]' in line for line in file.read_text().splitlines())
