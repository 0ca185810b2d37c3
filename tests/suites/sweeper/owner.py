"""A process with a sandbox, which starts programs there, prints their pids and waits."""

import os
import signal
import subprocess
import sys
import time

from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.kernel.namespaces.sweeper import SPARED
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology.file.load import load

SLEEP = ["sleep", "600"]

outside = subprocess.Popen(SLEEP)
network = Network(Sandbox.create(sys.argv[1]), load("red-blue"))
started = {"outside": outside.pid, "child": network["red"].popen(SLEEP).pid}
with network["blue"]:
    # In a mount namespace of its own, as by ip-netns(8).
    started["mounted"] = subprocess.Popen(["unshare", "--mount", *SLEEP]).pid
    started["deaf"] = subprocess.Popen(["sh", "-c", "trap '' TERM; sleep 600; sleep 600"]).pid
    sandbox = os.stat("/proc/thread-self/ns/mnt").st_ino
    started["shell"] = subprocess.Popen(SLEEP, env={**os.environ, SPARED: str(sandbox)}).pid
    # As where pytest was started in a shell of another session.
    started["elsewhere"] = subprocess.Popen(SLEEP, env={**os.environ, SPARED: str(sandbox - 1)}).pid
    daemon = subprocess.run(
        ["sh", "-c", "setsid sleep 600 >/dev/null & echo $!"], check=True, stdout=subprocess.PIPE, text=True
    )
    started["daemon"] = int(daemon.stdout)
    started["copy"] = os.fork()
    if not started["copy"]:
        signal.pause()
print(*(f"{name}={pid}" for name, pid in started.items()), flush=True)
time.sleep(600)
