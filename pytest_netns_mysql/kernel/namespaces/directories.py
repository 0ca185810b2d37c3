"""Paths that exist inside a sandbox alone."""

from __future__ import annotations

from pathlib import Path

NETNS_DIRECTORY = Path("/run/netns")
"""The directory in which ip-netns(8) looks for names: a link to the directory of the active network."""

WORK_DIRECTORY = Path("/run/pytest-netns-mysql")
"""The sandbox's own files; they disappear with the last process in the sandbox."""

NETWORKS_DIRECTORY = WORK_DIRECTORY / "networks"
"""One directory of namespace files for each network."""

OWN_NETWORK = WORK_DIRECTORY / "global"
"""The file of the sandbox's own network namespace, which has no name in /run/netns."""
