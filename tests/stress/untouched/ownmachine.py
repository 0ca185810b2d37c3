"""A machine of its own for one command, as far as namespaces go: what the command changes there, nobody else did.

The machine has a network, mounts, a name and memory that only the command could change, so other tests may run at the
same time. Its network has the names and addresses that the plugin gives its own: a change that is meant for a sandbox
and reaches the machine is one of something that is there. The folders that this user may write to are covered, and what
is found in them afterwards was written by the command.

This file is also the program that makes the machine: ``python ownmachine.py ORDER``, where ORDER is JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from pyroute2.nftables.expressions import ipv4addr, verdict
from pyroute2.nftables.main import NFTables

from pytest_netns_mysql.kernel.namespaces import syscalls
from pytest_netns_mysql.kernel.namespaces.privileges import CAP_NET_ADMIN, CAP_SYS_ADMIN
from tests.stress.untouched import hoststate

_ROOT = Path(__file__).parents[3]
_CLONE_NEWUTS, _CLONE_NEWIPC = 0x04000000, 0x08000000
_MS_PRIVATE = 0x40000
_CAPABILITIES = frozenset({CAP_NET_ADMIN, CAP_SYS_ADMIN})
_AS_BEFORE = () if os.geteuid() == 0 else ("setpriv", "--ambient-caps=-all", "--inh-caps=-all")
_PATIENCE = 5.0  # seconds for what ends after the command has ended
_LONGEST = 600.0  # seconds that a command may take
# Root's own folders are covered by overlays, which show what is below; what is written ends up in a folder of its own.
_OF_ROOT = ("etc", "usr", "var", "opt", "root", "home", "srv", "run", "boot", "lib", "bin", "sbin", "mnt", "media")
_OF_ALL = ("/tmp", "/var/tmp", "/dev/shm")
_NETWORK = """
    ip link set lo up
    ip link add veth-red type veth peer name vpeer-red
    ip link set veth-red up
    ip address add 192.0.2.1/24 dev veth-red
    ip address add 2001:db8::1/64 dev veth-red nodad
    ip route add 203.0.113.0/24 dev veth-red
    ip rule add from 192.0.2.7 table 7
    ip route add 198.51.100.0/24 dev veth-red table 7
    ip neighbour add 192.0.2.9 lladdr 02:00:00:00:00:09 dev veth-red nud permanent
    tc qdisc add dev veth-red root pfifo limit 17
"""


def run(commands: Sequence[Sequence[str]], folder: Path, environment: Mapping[str, str]) -> list[str]:
    """Run commands on a machine of its own, and return what they changed there.

    The variable ``KEPT`` of the environment has folders that are not covered, as ``PATH`` has them.

    Args:
        commands: The commands, which run one after the other. A file ``running`` in ``folder`` that one of them makes
            has the machine looked at; the file ``looked`` tells the command to go on.
        folder: A folder in which the commands may write what they like.
        environment: Their environment.
    """
    order = {"commands": commands, "folder": str(folder), "environment": dict(environment)}
    result = subprocess.run(
        [sys.executable, __file__, json.dumps(order)],
        env={**os.environ, "PYTHONPATH": str(_ROOT)},  # where the package is installed, the tests are not
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * _LONGEST,
    )
    try:
        faults: list[str] = json.loads(result.stdout)
    except ValueError:
        return [f"the machine could not be made: {result.stdout}{result.stderr}"]
    return faults


def main() -> None:
    """Make the machine, run the commands, and print what they changed as JSON."""
    order = json.loads(sys.argv[1])
    folder = Path(order["folder"])
    faults: list[str] = []
    _enter()
    # They come and go with containers of other tests: who removes such a folder removes the mounts on it everywhere.
    others = {key for key in hoststate.snapshot([]) if key.startswith("mount ") and _is_covered(key.split(" at ")[1])}
    (folder / "below").mkdir()
    uppers = _cover(folder / "below", [*order["environment"].get("KEPT", "").split(os.pathsep), str(folder)])
    _fill()
    before = hoststate.snapshot([])

    def found() -> list[str]:
        return hoststate.differences(before, hoststate.snapshot([]), ignored=others)

    for command in order["commands"]:
        faults += _run(command, folder, order["environment"], found)
    if not (folder / "looked").exists():
        faults.append("no command waited to be looked at")
    deadline = time.monotonic() + _PATIENCE
    while (left := found()) and time.monotonic() < deadline:
        time.sleep(0.1)
    faults += [f"afterwards, {line}" for line in left]
    faults += [f"afterwards, {path} was written" for path in _written(uppers, order["environment"])]
    sys.stdout.write(json.dumps(faults))


def _run(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], found: Callable[[], list[str]]
) -> list[str]:
    """Run a command, look at the machine when the command asks for it, and return what was wrong."""
    faults: list[str] = []
    with (folder / "output").open("w+") as output:
        process = subprocess.Popen(
            [*_AS_BEFORE, *command],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        deadline = time.monotonic() + _LONGEST
        while process.poll() is None and time.monotonic() < deadline:
            if (folder / "running").exists() and not (folder / "looked").exists():
                faults += [f"while it ran, {line}" for line in found()]
                (folder / "looked").touch()
            time.sleep(0.02)
        process.kill()
        if process.wait() != 0:
            output.seek(0)
            faults.append(f"{' '.join(command)} ended with {process.returncode}: {output.read()[-3000:]}")
    return faults


def _enter() -> None:
    uid, gid = os.geteuid(), os.getegid()
    user = 0 if uid == 0 else syscalls.CLONE_NEWUSER
    syscalls.unshare(user | syscalls.CLONE_NEWNS | syscalls.CLONE_NEWNET | _CLONE_NEWUTS | _CLONE_NEWIPC)
    if user:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            Path("/proc/self", name).write_text(text)
        # The programs that make the machine need them; the commands do not get them, see _AS_BEFORE.
        syscalls.limit_capabilities(_CAPABILITIES, own=_CAPABILITIES)
    syscalls.mount("none", "/", None, syscalls.MS_REC | _MS_PRIVATE)


def _cover(work: Path, kept: Sequence[str]) -> dict[Path, str]:
    """Cover what this user may write to, and return the folders in which it ends up, with the path that each shows."""
    syscalls.mount("tmpfs", str(work), "tmpfs", 0)
    uppers: dict[Path, str] = {}
    held = {path: os.open(path, os.O_PATH) for path in kept if path}
    for name in _OF_ROOT if os.geteuid() == 0 else ():
        path = Path("/", name)
        if path.is_symlink() or not path.is_dir() or str(path) in held:
            continue
        upper, space = work / name, work / f".{name}"
        upper.mkdir()
        space.mkdir()
        inside = _mounted_below(path)
        syscalls.mount("overlay", str(path), "overlay", 0, f"lowerdir={path},upperdir={upper},workdir={space}")
        for target, descriptor in inside:
            syscalls.mount(f"/proc/self/fd/{descriptor}", target, None, syscalls.MS_BIND | syscalls.MS_REC)
            os.close(descriptor)
        uppers[upper] = str(path)
    for covered in _OF_ALL:
        if Path(covered).is_dir() and covered not in held:
            syscalls.mount("tmpfs", covered, "tmpfs", 0, "mode=1777")
            uppers[Path(covered)] = covered
    for kept_path, descriptor in held.items():
        if _is_covered(kept_path):
            Path(kept_path).mkdir(parents=True, exist_ok=True)
            syscalls.mount(f"/proc/self/fd/{descriptor}", kept_path, None, syscalls.MS_BIND | syscalls.MS_REC)
        os.close(descriptor)
    return uppers


def _is_covered(path: str) -> bool:
    return any(Path(path).is_relative_to(covered) for covered in _OF_ALL)


def _mounted_below(path: Path) -> list[tuple[str, int]]:
    """Return the mounts below a folder, each with a descriptor of what is there."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    targets = dict.fromkeys(line.split()[4].encode().decode("unicode_escape") for line in lines)
    found = []
    for target in targets:
        if Path(target) != path and Path(target).is_relative_to(path):
            with contextlib.suppress(OSError):
                found.append((target, os.open(target, os.O_PATH)))
    return found


def _fill() -> None:
    """Set up a network, a firewall and a name for the machine."""
    subprocess.run(["sh", "-ec", _NETWORK], check=True)
    with NFTables() as tables:
        tables.table("add", name="of-the-machine")
        tables.chain("add", table="of-the-machine", name="in", hook="input", type="filter", policy=1)
        drop = (ipv4addr(src="203.0.113.9"), verdict(code=0))
        tables.rule("add", table="of-the-machine", chain="in", expressions=drop)
    Path("/proc/sys/net/ipv4/conf/veth-red/rp_filter").write_text("2")


def _written(uppers: Mapping[Path, str], environment: Mapping[str, str]) -> Iterator[str]:
    """Yield what was written, but for the cache, and for places that the tests' own folders are mounted on."""
    cache = environment["XDG_CACHE_HOME"]
    for upper, shown in uppers.items():
        for path, _ in hoststate.files(upper):
            real = shown + path.removeprefix(str(upper))
            is_on_the_way = any(each.startswith((f"{real}/", real)) for each in environment["KEPT"].split(os.pathsep))
            if not is_on_the_way and not real.startswith(f"{cache}/") and not f"{cache}/".startswith(f"{real}/"):
                yield real


if __name__ == "__main__":
    main()
