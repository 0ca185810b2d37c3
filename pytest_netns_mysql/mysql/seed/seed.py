"""Seeds: data directories that were loaded once, kept in the cache under what was loaded, copied for each server."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import CacheError
from pytest_netns_mysql.mysql.cache import manifest, trust
from pytest_netns_mysql.mysql.dialects.options import OptionValue, arguments, normal
from pytest_netns_mysql.mysql.mysqld.copying import finish
from pytest_netns_mysql.mysql.mysqld.template import discard
from pytest_netns_mysql.mysql.seed import record
from pytest_netns_mysql.mysql.seed.loader import load_into
from pytest_netns_mysql.mysql.seed.tables import SeededTables

__all__ = ["SeededTables", "data_of", "template"]

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.instance import Instance
    from pytest_netns_mysql.mysql.mysqld.resolved import ResolvedSpec

_FORMAT = "4"  # raised when seeds are made in another way
_DATA = "data"
_KEPT = 5  # seeds of one server build
_LOCK_TIMEOUT = 1800.0  # seconds, for another process to load the same data
_DIGITS = 12  # of what tells seeds apart
_RECENT = 3600.0  # seconds; another run may be copying a seed that was used so lately
# Options that change nothing of what a load writes: so a source and its replica have one seed.
_OF_NO_MATTER = (
    "port",
    "admin_port",
    "server_id",
    "mysqlx",
    "log_bin",
    "skip_log_bin",
    "sync_binlog",
    "binlog",
    "gtid",
    "enforce_gtid",
    "relay",
    "replica",
    "slave",
    "source",
    "master",
    "report",
    "max_connections",
    "read_only",
    "super_read_only",
    "require_secure_transport",
    "skip_networking",
)
_WHILE_LOADING: Mapping[str, OptionValue] = {"skip_networking": True, "local_infile": True, "skip_log_bin": None}


def template(server: Instance, base: Path) -> Path:
    """Return a folder with the data directory ``data``, loaded with what the server's plan says, made now if need be.

    ``base`` is the data directory that it begins from. It is shared by all workers and runs of this user. Raises
    LoadError, ServerStartError, CacheError where the cache cannot be written.
    """
    options = _options(server.plan)
    folder = _folder(server.plan, base)
    try:
        trust.check(folder)
        while not _is_there(folder):
            from filelock import FileLock

            trust.make(folder.parent)
            # The lock of a process that died is free.
            with FileLock(f"{folder}.lock", timeout=_LOCK_TIMEOUT):
                fault = manifest.fault(data_of(folder))
                if fault is not None:
                    if folder.exists():
                        server.plan.progress(f"the seed {folder} in the cache is damaged ({fault}): it is made again")
                        discard(folder)
                    names = ", ".join(load.name for load in server.plan.load)
                    server.plan.progress(f"loading {names} into a data directory of its own (once for each change)")
                    _make(server, options, folder)
            with FileLock(folder.parent / ".lock", timeout=_LOCK_TIMEOUT):
                _remove_old(folder, base.name)
    except TimeoutError as error:  # as filelock's is
        raise CacheError(
            f"another process has been loading the same data, or removing old data, for {_LOCK_TIMEOUT / 60:g} minutes",
            where=f"{folder}.lock",
            remedies=[f"see which process holds it: fuser {folder}.lock {folder.parent / '.lock'}", "end that process"],
        ) from error
    except OSError as error:
        raise CacheError(
            f"no seed can be kept in the cache: {error.strerror or error}",
            where=str(folder.parent),
            remedies=["set netns_cache (or NETNS_CACHE) to a folder of yours with 300 MB free"],
        ) from error
    return folder


def is_made(plan: ResolvedSpec, base: Path) -> bool:
    """Tell whether ``template`` has nothing to make."""
    folder = _folder(plan, base)
    trust.check(folder)
    return manifest.fault(data_of(folder)) is None


def _folder(plan: ResolvedSpec, base: Path) -> Path:
    return base.parent.parent / "seeds" / f"{base.name}-{key(plan)}"


def _is_there(folder: Path) -> bool:
    """Tell whether there is such a seed, and have nobody remove it while it is used."""
    try:
        os.utime(folder)
    except FileNotFoundError:
        return False
    return manifest.fault(data_of(folder)) is None


def data_of(folder: Path) -> Path:
    """Return the data directory of a seed, to copy."""
    return folder / _DATA


def _options(plan: ResolvedSpec) -> dict[str, OptionValue]:
    options = {normal(name).removeprefix("loose_"): value for name, value in plan.options.items()}
    return {name: value for name, value in options.items() if not name.startswith(_OF_NO_MATTER)}


def key(plan: ResolvedSpec) -> str:
    """Return what tells what a plan loads from other loads."""
    parts = [_FORMAT, *sorted(arguments(_options(plan)))]
    parts += (part for load in plan.load for part in (load.name, load.digest()))
    return hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:_DIGITS]


def _make(server: Instance, options: Mapping[str, OptionValue], folder: Path) -> None:
    """Load into a server of its own, without a network; it dies with this process, as any."""
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

    plan = replace(
        server.plan,
        name=f"{server.plan.name}-seed",
        load=(),
        bind_address=None,
        admin_address=None,
        mysqlx_bind_address=None,
        drop_capabilities=(),
        options={**options, **_WHILE_LOADING},
    )
    maker = Instance(plan, server.network)
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        maker.start()
        load_into(maker, server.plan.load)
        unfinished.mkdir(mode=0o700)
        record.record(maker, unfinished)
        # In full: a copy has nothing to purge or to recover at its first start.
        maker.stop(fast_shutdown=0)
        with server.network[GLOBAL]:
            finish(maker.datadir, unfinished / _DATA)
        unfinished.rename(folder)
    finally:
        maker.discard()
        shutil.rmtree(unfinished, ignore_errors=True)


def _remove_old(folder: Path, base: str) -> None:
    """Remove the seeds of the same base that were not used for long, but for the last few."""
    seeds = {one: one.stat().st_mtime for one in folder.parent.glob(f"{base}-{'?' * _DIGITS}") if one.is_dir()}
    seeds.pop(folder, None)
    for seed in sorted(seeds, key=lambda one: seeds[one], reverse=True)[_KEPT - 1 :]:
        with contextlib.suppress(OSError):
            if _is_old(seed):
                # In one step: what is there under its name is whole.
                seed.rename(f"{seed}.unfinished")
                seed.with_name(f"{seed.name}.lock").unlink(missing_ok=True)
    for left in folder.parent.glob("*.unfinished"):  # by a process that was killed, too
        with contextlib.suppress(OSError):
            if _is_old(left):
                shutil.rmtree(left)


def _is_old(folder: Path) -> bool:
    return time.time() - folder.stat().st_mtime > _RECENT
