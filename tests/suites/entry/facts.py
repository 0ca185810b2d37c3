import json
import os
import pathlib
import sys


def in_user_namespace():
    return pathlib.Path("/proc/self/uid_map").read_text().split() != ["0", "0", "4294967295"]


def capabilities():
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_facts():
    status = capabilities()
    pathlib.Path("facts.json").write_text(
        json.dumps(
            {
                "entered": in_user_namespace(),
                "pid": os.getpid(),
                "ids": [os.getuid(), os.geteuid(), os.getgid()],
                "directory": os.getcwd(),
                "argv": sys.orig_argv[1:],
                "optimized": sys.flags.optimize,
                "utf8": sys.flags.utf8_mode,
                "variable": os.environ.get("SHOP"),
                "ours": os.environ.get("PYTEST_NETNS_MYSQL_PROCESS"),
                "effective": status["CapEff"],
                "ambient": status["CapAmb"],
                "seven": os.read(7, 100).decode() if os.path.exists("/proc/self/fd/7") else None,
                "stdin": os.read(0, 100).decode() if os.environ.get("SHOP") else None,
                "descriptors": sorted(os.listdir("/proc/self/fd")),
            }
        )
    )


# netns: a word that says that netns tests are to be expected
