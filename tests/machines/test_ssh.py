"""Workers of xdist on other machines, which they reach by ssh."""

from __future__ import annotations

import json
import os
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


@pytest.mark.oldest_python
@pytest.mark.parametrize("mode", MODES)
def test_scopes_keep_plain_tests_before_netns_tests(machines: Machines, mode: str) -> None:
    """A worker that cannot return gets no plain tests of one file after the netns tests of another."""
    machines.write(test_first=source("entry/plain_and_red"), test_second=source("entry/plain_and_red"))
    result = machines.run(*pytest_command(*machines.workers("red"), "--dist=loadfile", f"--netns-mode={mode}"))
    assert "4 passed" in result.stdout, result.stdout + result.stderr


def test_the_doctor_is_asked_by_ssh(machines: Machines) -> None:
    """The doctor finds what `netns-mysql fetch` has brought. These machines have no way to the package sources."""
    environment = f"XDG_CACHE_HOME={os.environ['XDG_CACHE_HOME']} NETNS_FETCH=never"
    command = f"{environment} {machines.python} -m pytest_netns_mysql.cli doctor --json"
    doctor = machines.run(*machines.ssh, "red", command)
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
    findings = {finding["name"]: finding for finding in json.loads(doctor.stdout)["tests"]}
    assert findings["sandbox"]["state"] == "ok"
    assert findings["mysqld"]["state"] == "ok"
