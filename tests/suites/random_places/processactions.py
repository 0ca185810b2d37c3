"""Processes of each kind: they stand where they are started."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import random
import subprocess
import sys
from collections.abc import Callable

from syncactions import place

from pytest_netns_mysql import Network

CODE = "import os; print(os.stat('/proc/thread-self/ns/net').st_ino)"


def child(netns: Network, chance: random.Random) -> None:
    code = "import os; print(os.stat('/proc/thread-self/ns/net').st_ino)"
    with netns[chance.choice(["red", "blue"])]:
        found = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
        assert int(found.stdout) == place()


def forked(netns: Network, chance: random.Random) -> None:
    here = place()
    number = os.fork()
    if number == 0:
        os._exit(place() != here)
    assert os.waitpid(number, 0)[1] == 0


def processes(netns: Network, chance: random.Random) -> None:
    if chance.random() < 0.1:
        method = chance.choice(["fork", "spawn", "forkserver"])
        with netns["red"], multiprocessing.get_context(method).Pool(1) as pool:
            assert pool.map(place, range(2)) == [place()] * 2


def executors(netns: Network, chance: random.Random) -> None:
    if chance.random() < 0.1:
        context = multiprocessing.get_context(chance.choice(["fork", "spawn", "forkserver"]))
        with netns["blue"], concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
            assert {*pool.map(place, range(3)), pool.submit(place).result()} == {place()}


def prepared(netns: Network, chance: random.Random) -> None:
    with netns["blue"]:
        here = place()
        reading, writing = os.pipe()
        command = [sys.executable, "-I", "-S", "-c", CODE]
        found = subprocess.run(
            command,
            preexec_fn=lambda: os.write(writing, str(place()).encode()) and None,
            capture_output=True,
            check=True,
        )
        assert int(found.stdout) == int(os.read(reading, 32)) == here
        actions = [(os.POSIX_SPAWN_DUP2, writing, 1)]
        number = os.posix_spawn(sys.executable, command, os.environ, file_actions=actions)
        os.waitpid(number, 0)
        assert int(os.read(reading, 32)) == here
        for descriptor in (reading, writing):
            os.close(descriptor)


def forked_in_a_block(netns: Network, chance: random.Random) -> None:
    home = place()
    with netns["red"]:
        number = os.fork()
        if number == 0:
            with netns["blue"]:
                pass
    if number == 0:
        os._exit(place() != home)
    assert os.waitpid(number, 0)[1] == 0


ACTIONS: list[Callable[[Network, random.Random], None]] = [
    *(child, forked, processes, executors, prepared, forked_in_a_block),
]
