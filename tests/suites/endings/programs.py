import subprocess

import pytest


@pytest.fixture
def programs(netns):
    started = [netns["red"].popen(["sleep", "600"]), netns["blue"].popen(["sh", "-c", "sleep 600 & sleep 600"])]
    with netns["blue"]:
        started.append(subprocess.Popen(["sleep", "600"]))
    yield started
    for program in started:
        program.kill()
        program.wait()


@pytest.mark.netns("red")
@pytest.mark.parametrize("worker", [0, 1])  # with two workers, each gets a test
def test_it(netns, netns_mysql, programs, worker):
    subprocess.Popen("setsid sleep 600 & sleep 600", shell=True)
    netns["blue"].run(["sh", "-c", "sleep 600 >/dev/null 2>&1 &"])
