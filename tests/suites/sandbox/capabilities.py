import os
import subprocess

import pytest


@pytest.mark.netns("red")
def test_it():
    subprocess.run(["ip", "link", "add", "veth-x", "type", "veth", "peer", "name", "veth-y"], check=True)
    subprocess.run(["ip", "netns", "add", "green"], check=True)
    status = subprocess.run(["cat", "/proc/self/status"], capture_output=True, text=True).stdout
    effective = next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff"))
    four = 1 << 21 | 1 << 12 | 1 << 13 | 1 << 10
    assert int(effective, 16) == four if os.getuid() else int(effective, 16) & four == four
