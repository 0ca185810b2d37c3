"""Seeds: loaded data directories in the cache. Each is made once and copied for every server with the same data."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql import clock
from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import CacheError
from pytest_netns_mysql.mysql.cache import manifest, trust
from pytest_netns_mysql.mysql.cache.draftfile import remove_tree
from pytest_netns_mysql.mysql.cache.locking import locked
from pytest_netns_mysql.mysql.dialects.options import OptionValue, arguments
from pytest_netns_mysql.mysql.mysqld.copying import finish
from pytest_netns_mysql.mysql.mysqld.template import discard
from pytest_netns_mysql.mysql.seed.loadedtables import save_loaded_tables
from pytest_netns_mysql.mysql.seed.loader import load_into
from pytest_netns_mysql.mysql.seed.seededschemas import SeededSchemas
from pytest_netns_mysql.optionnames import without_loose

__all__ = ["SeededSchemas", "cached_seed", "data_of"]

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.instance import Instance
    from pytest_netns_mysql.mysql.mysqld.resolved import ResolvedSpec

_FORMAT = "5"  # to be increased when a change of this package makes other seeds
_DATA = "data"
_KEPT = 5  # old seeds of the same server build
_LOCK_TIMEOUT = 1800.0  # seconds: another process may be loading the same data
_DIGITS = 12  # of the key in the name of a folder
_RECENT = 3600.0  # seconds: another run may be copying a seed that was used so recently
# Beginnings of options that do not change the loaded data. Without them, a source and its replica share a seed.
_IRRELEVANT = (
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


def cached_seed(server: Instance, base: Path) -> Path:
    """Return the folder of a server's seed in the cache. The seed is made if it is not there.

    All workers and runs of this user share the seed.

    Args:
        server: The server that will start from the seed.
        base: The empty data directory to load the data into.

    Raises:
        LoadError: Something cannot be loaded.
        ServerStartError: The server that loads the data does not start.
        CacheError: The cache cannot be written, or another process has held the lock for too long.
    """
    options = _options(server._spec)
    folder = _folder(server._spec, base)
    try:
        trust.check(folder)
        while not _is_usable(folder):
            trust.make(folder.parent)
            with lock(folder, server._spec.progress):
                fault = manifest.fault(data_of(folder))
                if fault is not None:
                    if folder.exists():
                        server._spec.progress(f"the seed {folder} in the cache is damaged ({fault}): making it again")
                        discard(folder)
                    names = ", ".join(load.name for load in server._spec.load)
                    server._spec.progress(
                        f"loading {names} into a seed in the cache (again only when the data changes)"
                    )
                    _make(server, options, folder)
            all_seeds = folder.with_name(".lock")
            with locked(all_seeds, "removing old seeds", timeout=_LOCK_TIMEOUT, progress=server._spec.progress):
                _remove_old(folder, base.name)
    except OSError as error:
        raise CacheError(
            f"could not write a seed to the cache: {error.strerror or error}",
            where=str(folder.parent),
            remedies=["set netns_cache (or NETNS_CACHE) to a folder of yours with 300 MB free"],
        ) from error
    return folder


def is_made(spec: ResolvedSpec, base: Path) -> bool:
    """Return True if the seed of a server is in the cache."""
    folder = _folder(spec, base)
    trust.check(folder)
    return manifest.fault(data_of(folder)) is None


def _folder(spec: ResolvedSpec, base: Path) -> Path:
    return base.parent.parent / "seeds" / f"{base.name}-{key(spec)}"


def lock(folder: Path, progress: Callable[[str], None]) -> AbstractContextManager[None]:
    """Return a context manager that holds the lock on a seed; it raises CacheError, and OSError, as ``locked``."""
    lock_file = folder.with_name(f"{folder.name}.lock")
    return locked(lock_file, "loading the same data", timeout=_LOCK_TIMEOUT, progress=progress)


def _is_usable(folder: Path) -> bool:
    """Return True if a folder has a complete seed. A recently used seed is not removed by other processes."""
    with contextlib.suppress(OSError):  # a cache that others own and that this user can only read
        os.utime(folder)
    return manifest.fault(data_of(folder)) is None


def data_of(folder: Path) -> Path:
    """Return the data directory in the folder of a seed."""
    return folder / _DATA


def _options(spec: ResolvedSpec) -> dict[str, OptionValue]:
    return {name: value for name, value in spec.options.items() if not without_loose(name).startswith(_IRRELEVANT)}


def key(spec: ResolvedSpec) -> str:
    """Return the key of a seed, which differs if other data is loaded or loading has other options."""
    options = {without_loose(name): value for name, value in _options(spec).items()}
    parts = [_FORMAT, *sorted(arguments(options))]
    parts += (part for load in spec.load for part in (load.name, load.digest()))
    return hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:_DIGITS]


def _make(server: Instance, options: Mapping[str, OptionValue], folder: Path) -> None:
    """Make a seed: load the data on a server without a network, and keep its data directory."""
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

    spec = replace(
        server._spec,
        name=f"{server._spec.name}-seed",
        load=(),
        bind_address=None,
        admin_address=None,
        mysqlx_bind_address=None,
        drop_capabilities=(),
        options={**options, **_WHILE_LOADING},
    )
    loader = Instance(spec, server.network)
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    remove_tree(unfinished)
    try:
        loader._start()
        load_into(loader, server._spec.load)
        unfinished.mkdir(mode=0o700)
        save_loaded_tables(loader, unfinished)
        # A full shutdown: servers on the copies then have nothing to purge or to recover.
        loader.stop(fast_shutdown=0)
        with server.network[GLOBAL]:
            finish(loader.datadir, unfinished / _DATA)
        unfinished.rename(folder)
    finally:
        loader._discard()
        shutil.rmtree(unfinished, ignore_errors=True)


def _remove_old(folder: Path, base: str) -> None:
    """Remove old seeds of the same base. The most recently used seeds stay."""
    folders = folder.parent.glob(f"{base}-{'?' * _DIGITS}")
    seeds = {seed: seed.stat().st_mtime for seed in folders if seed.is_dir()}
    seeds.pop(folder, None)
    for seed in sorted(seeds, key=lambda seed: seeds[seed], reverse=True)[_KEPT - 1 :]:
        with contextlib.suppress(OSError):
            if _is_old(seed):
                # Renaming is atomic: a folder with the name of a seed is complete.
                seed.rename(f"{seed}.unfinished")
                seed.with_name(f"{seed.name}.lock").unlink(missing_ok=True)
    for unfinished in folder.parent.glob("*.unfinished"):  # also left by processes that were killed
        with contextlib.suppress(OSError):
            if _is_old(unfinished):
                shutil.rmtree(unfinished)


def _is_old(folder: Path) -> bool:
    return clock.now() - folder.stat().st_mtime > _RECENT
