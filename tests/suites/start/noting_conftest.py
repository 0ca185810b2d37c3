import json
import os
import pathlib

NAME = os.environ.get("PYTEST_XDIST_WORKER", "main")
FACTS = {}


def command_line(pid):
    process = pathlib.Path("/proc", pid)
    while not (line := (process / "cmdline").read_bytes()) and ") Z " not in (process / "stat").read_text():
        pass  # it is just becoming another program
    return line


def children():
    return pathlib.Path("/proc/thread-self/children").read_text().split()


def servers():
    lines, own = None, command_line("self")
    # A copy of this process starts the server, as another child, and ends.
    while lines is None or list(lines) != children() or own in lines.values():
        lines = {pid: command_line(pid) for pid in children()}
    return [pid for pid, line in lines.items() if b"--datadir=/run/pytest-netns-mysql" in line]


def note(moment):
    "Note the servers that the main thread has started, booting ones too, and where it stands."
    FACTS[moment] = {
        "servers": servers(),
        "place": [os.stat(f"/proc/thread-self/ns/{kind}").st_ino for kind in ("net", "mnt")],
        "directory": os.getcwd(),
        "threads": len(os.listdir("/proc/self/task")),
    }
    pathlib.Path(__file__).with_name(f"facts-{NAME}").write_text(json.dumps(FACTS))


note("import")


def pytest_collection():
    note("collection")


def pytest_collection_finish():
    note("tests")
