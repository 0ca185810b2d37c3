import subprocess

import pytest


@pytest.mark.netns("red")
def test_it():
    output = subprocess.run(["ip", "route"], capture_output=True, text=True, check=True).stdout
    assert output.splitlines()[0].split() == ["default", "via", "192.0.2.1", "dev", "vpeer-red"]
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    assert {line.split()[0] for line in listed.splitlines()} == {"red", "blue"}
    inside = ["ip", "netns", "exec", "blue", "ip", "-o", "-4", "address", "show", "vpeer-blue"]
    assert "198.51.100.2/24" in subprocess.run(inside, capture_output=True, text=True, check=True).stdout
