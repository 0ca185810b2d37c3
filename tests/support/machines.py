"""Other machines for xdist's workers: network namespaces with an sshd, or with a socket server of execnet.

The machines are the namespaces red and blue of a sandbox that `netns-mysql run` makes. This file is also the program
that runs there: it starts an sshd on each machine, runs a command in `global`, and ends with it. What runs on a machine
has the user's own files, and none of the sandbox's capabilities.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

MACHINES: Mapping[str, str] = {"red": "192.0.2.2", "blue": "198.51.100.2"}
PORT = 2222
_ROOT = Path(__file__).parents[2]
_SSHD_FOLDER = Path("/run/sshd")
_PATIENCE = 60.0  # seconds: for a machine that does much else
# Root has all capabilities whatever is dropped here, as it has on a machine of its own.
_ORDINARY = ("setpriv", "--ambient-caps=-all", "--inh-caps=-all")


def sshd() -> str | None:
    """Return the path of the sshd of this machine, or None if there is none."""
    return shutil.which("sshd", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin{os.pathsep}/sbin")


class Machines:
    """Two machines, each with a folder of its own.

    Attributes:
        project: The folder of the suite, where the controller runs.
    """

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.project.mkdir()
        self._folder = folder
        keys = folder / "ssh"
        keys.mkdir(mode=0o700)
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keys / name)], check=True)
        public = (keys / "host.pub").read_text()
        (keys / "known_hosts").write_text("".join(f"[{address}]:{PORT} {public}" for address in MACHINES.values()))
        for name, address in MACHINES.items():
            (keys / f"sshd-{name}").write_text(
                f"ListenAddress {address}:{PORT}\nHostKey {keys / 'host'}\nAuthorizedKeysFile {keys / 'user.pub'}\n"
                "PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
            )
        hosts = "".join(f"Host {name}\n  HostName {address}\n" for name, address in MACHINES.items())
        (keys / "config").write_text(
            f"{hosts}Host *\n  Port {PORT}\n  IdentityFile {keys / 'user'}\n  IdentitiesOnly yes\n  BatchMode yes\n"
            f"  UserKnownHostsFile {keys / 'known_hosts'}\n  StrictHostKeyChecking yes\n"
        )

    def write(self, **files: str) -> None:
        """Write the files of the suite, by their names without ``.py``."""
        for name, text in files.items():
            (self.project / f"{name}.py").write_text(text)

    @property
    def python(self) -> str:
        """The command of the Python of a machine, in the words of a shell."""
        paths = os.environ.get("PYTHONPATH", "")
        return f"env PYTHONPATH={paths} PYTHONDONTWRITEBYTECODE=1 {sys.executable}"

    @property
    def ssh(self) -> list[str]:
        """The start of an ssh command."""
        return ["ssh", "-F", str(self._folder / "ssh" / "config")]

    def home(self, name: str) -> Path:
        """Return the folder of a machine to which xdist copies the suite."""
        return self._folder / name

    def workers(self, *names: str, python: str | None = None) -> list[str]:
        """Return arguments of pytest for workers on machines, to which the project is copied."""
        config = self._folder / "ssh" / "config"
        here = f"env:XDG_CACHE_HOME={os.environ['XDG_CACHE_HOME']}//env:CI=true"
        specs = [
            f"ssh={name}//ssh_config={config}//python={python or self.python}//chdir={self.home(name)}//{here}"
            for name in names
        ]
        return ["--dist=load", f"--rsyncdir={self.project}", *(f"--tx={spec}" for spec in specs), str(self.project)]

    def run(self, *command: str, before: Sequence[str] = (), **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command in `global`, beside the machines, and return its result.

        Args:
            command: The command.
            before: A command for each machine that is to run meanwhile, instead of sshd; {address} stands for its
                address.
            environment: More variables for the command.
        """
        return subprocess.run(
            self.command(*command, before=before),
            cwd=self.project,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def command(self, *command: str, before: Sequence[str] = ()) -> list[str]:
        """Return the command line for ``run``."""
        sandbox = [sys.executable, "-m", "pytest_netns_mysql.cli", "run", "--topology", "red-blue", "--"]
        return [*sandbox, sys.executable, __file__, str(self._folder), *before, "--", *command]


def pytest(*arguments: str) -> list[str]:
    """Return a command of pytest, for a suite in the current folder."""
    ignored = "ignore:The --rsyncdir:DeprecationWarning"  # of pytest-xdist, until its version 4
    plugins = ["-p", "no:asyncio", "-p", "no:cacheprovider", "-p", "no:randomly"]
    return [sys.executable, "-m", "pytest", *plugins, "-Werror", f"-W{ignored}", "-rfE", *arguments]


def main() -> int:
    """Start the servers of the machines, and run a command; return its exit code."""
    folder, *words = sys.argv[1:]
    end = words.index("--")
    server = words[:end] or [str(sshd()), "-D", "-f", f"{folder}/ssh/sshd-{{name}}", "-E", f"{folder}/ssh/log-{{name}}"]
    port = PORT if not words[:end] else int(words[end - 1].rpartition(":")[2])
    if os.geteuid() == 0:
        _SSHD_FOLDER.mkdir(exist_ok=True)  # where no init system has made it
    drop = [] if os.geteuid() == 0 else _ORDINARY
    servers = []
    for name, address in MACHINES.items():
        argv = [word.format(name=name, address=address) for word in server]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("NETNS_")}
        servers.append(subprocess.Popen(["ip", "netns", "exec", name, *drop, *argv], env=environment, cwd=folder))
    try:
        _await(MACHINES.values(), port)
        return subprocess.run([*drop, *words[end + 1 :]], check=False).returncode
    finally:
        for process in servers:
            process.kill()
            process.wait()


def _await(addresses: Iterable[str], port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    for address in addresses:
        while not _listens(address, port):
            assert time.monotonic() < deadline, f"nothing listens at {address}:{port}"
            time.sleep(0.02)


def _listens(address: str, port: int) -> bool:
    """Return True if a server listens there. Nothing is connected: a socket server would take that for a controller."""
    name = next(name for name, known in MACHINES.items() if known == address)
    command = ["ip", "netns", "exec", name, "ss", "-Htln", f"sport = :{port}"]
    return address in subprocess.run(command, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
