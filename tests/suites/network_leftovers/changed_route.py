import subprocess

import pytest


@pytest.mark.netns("red")
def test_one(netns):
    subprocess.run(["ip", "address", "add", "192.0.2.9/24", "dev", "vpeer-red"], check=True)


@pytest.mark.netns("red")
def test_two(netns):
    shown = subprocess.run(["ip", "address"], capture_output=True, text=True, check=True).stdout
    print("kept:", "192.0.2.9" in shown)
