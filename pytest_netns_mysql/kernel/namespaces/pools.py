"""Pools of threads and processes outlive a block: their jobs run where they were given, or are refused."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.errors import OriginError
from pytest_netns_mysql.kernel.namespaces.blocks import Block, Spot
from pytest_netns_mysql.kernel.namespaces.imports import AfterImport
from pytest_netns_mysql.kernel.namespaces.position import identity, network_identity

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox


class Pools:
    """Has the pools of the standard library, of trio and of anyio heed where a job is given.

    - A thread runs each job in the namespace in which it was given: ``ThreadPoolExecutor``, and with it asyncio's
      ``to_thread`` and ``run_in_executor``; trio's cached threads; anyio's worker threads.
    - A fork server is started for each namespace, so that its children stand where their parent stood.
    - Processes of a pool cannot be moved: a job that is given elsewhere than where they stand is an error.
    """

    def __init__(self, sandbox: Callable[[], Sandbox | None]) -> None:
        """Keep what returns the sandbox, or None before it is made."""
        self._sandbox = sandbox
        self._originals: list[tuple[Any, str, Any]] = []
        self._servers: dict[tuple[int, int], Any] = {}
        self._imports = AfterImport(
            {
                "concurrent.futures.thread": self._change_threads,
                "concurrent.futures.process": self._change_processes,
                "multiprocessing.pool": self._change_pool,
                "multiprocessing.forkserver": self._change_forkserver,
                "trio._core._thread_cache": self._change_trio,
                "anyio._backends._asyncio": self._change_anyio,
            }
        )

    def install(self) -> None:
        """Change the modules that are imported now, and the others when they are."""
        self._imports.install()

    def remove(self) -> None:
        """Put the modules back as they were, and end the fork servers that stand in namespaces."""
        self._imports.remove()
        for place, name, original in reversed(self._originals):
            setattr(place, name, original)
        self._originals.clear()
        for server in self._servers.values():
            server._stop()
        self._servers.clear()

    def _replace(self, place: Any, name: str, new: Any) -> None:
        # By __dict__ where it is the place's own: a classmethod would come back as what is bound to the class.
        self._originals.append((place, name, vars(place).get(name, getattr(place, name))))
        setattr(place, name, new)

    def carried(self, job: Callable[..., Any]) -> Callable[..., Any]:
        """Return a job that runs, in whatever thread, where the calling thread stands now."""
        sandbox = self._sandbox()
        return job if sandbox is None else functools.partial(_run, sandbox, sandbox.blocks.spot(), job)

    def _change_threads(self, module: ModuleType) -> None:
        submit = module.ThreadPoolExecutor.submit

        @functools.wraps(submit)
        def carrying(pool: Any, fn: Callable[..., Any], /, *args: Any, **options: Any) -> Any:
            return submit(pool, self.carried(fn), *args, **options)

        self._replace(module.ThreadPoolExecutor, "submit", carrying)

    def _change_trio(self, module: ModuleType) -> None:
        start = module.ThreadCache.start_thread_soon

        @functools.wraps(start)
        def carrying(cache: Any, fn: Callable[[], Any], *args: Any, **options: Any) -> Any:
            return start(cache, self.carried(fn), *args, **options)

        self._replace(module.ThreadCache, "start_thread_soon", carrying)

    def _change_anyio(self, module: ModuleType) -> None:
        run = module.AsyncIOBackend.run_sync_in_worker_thread.__func__

        @functools.wraps(run)
        async def carrying(kind: Any, func: Callable[..., Any], *args: Any, **options: Any) -> Any:
            return await run(kind, self.carried(func), *args, **options)

        self._replace(module.AsyncIOBackend, "run_sync_in_worker_thread", classmethod(carrying))

    def _change_processes(self, module: ModuleType) -> None:
        submit = module.ProcessPoolExecutor.submit

        @functools.wraps(submit)
        def checking(pool: Any, fn: Callable[..., Any], /, *args: Any, **options: Any) -> Any:
            self._check(pool._processes or ())
            return submit(pool, fn, *args, **options)

        self._replace(module.ProcessPoolExecutor, "submit", checking)

    def _change_pool(self, module: ModuleType) -> None:
        check = module.Pool._check_running

        @functools.wraps(check)
        def checking(pool: Any) -> None:
            check(pool)
            # A ThreadPool is one of these, too: its workers are threads, which have no pid.
            self._check(pid for worker in pool._pool if (pid := getattr(worker, "pid", None)) is not None)

        self._replace(module.Pool, "_check_running", checking)
        self._change_thread_pool(module)

    def _change_thread_pool(self, module: ModuleType) -> None:
        """Have the jobs of a ThreadPool carried: all of its methods hand them on by one of these."""
        for name in ("apply_async", "_map_async", "imap", "imap_unordered"):
            method = getattr(module.Pool, name)

            def carrying(pool: Any, func: Callable[..., Any], *args: Any, _method: Any = method, **options: Any) -> Any:
                return _method(pool, self.carried(func), *args, **options)

            self._replace(module.ThreadPool, name, functools.wraps(method)(carrying))

    def _check(self, pids: Iterable[int]) -> None:
        here = network_identity()
        for pid in pids:
            try:
                there = identity(f"/proc/{pid}/ns/net")
            except OSError:
                continue  # it has ended
            if there != here:
                raise OriginError(
                    "the processes of this pool stand in another network namespace than the code that gives them work",
                    tried=[f"process {pid} was started elsewhere, and cannot be moved"],
                    remedies=["make the pool in the test (or the block) that uses it, and shut it down there"],
                )

    def _change_forkserver(self, module: ModuleType) -> None:
        default = module._forkserver

        def connect(fds: Any) -> Any:
            sandbox, here = self._sandbox(), network_identity()
            if sandbox is None or here == sandbox.home.network_id:
                return default.connect_to_new_process(fds)
            server = self._servers.get(here)
            if server is None:
                server = self._servers[here] = module.ForkServer()
                server._preload_modules = default._preload_modules
            return server.connect_to_new_process(fds)

        self._replace(module, "connect_to_new_process", connect)


def _run(sandbox: Sandbox, spot: Spot, job: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Run a job of a pool where it was given."""
    blocks = sandbox.blocks
    blocks.jobs += 1
    try:
        if blocks.is_at(spot):
            return job(*args, **options)
        with _put(sandbox, spot):
            return job(*args, **options)
    finally:
        blocks.jobs -= 1


@contextlib.contextmanager
def _put(sandbox: Sandbox, spot: Spot) -> Iterator[None]:
    """Have the calling thread, of a pool, stand where a job was given."""
    blocks = sandbox.blocks
    if sandbox.has_moved_in:
        blocks.settle()
    block = Block("a job of a pool", spot.where, (os.devnull, 0), by_hand=False)
    try:
        blocks.enter(block, is_plain=False)
    except OSError as error:
        raise OriginError(
            "a thread of a pool cannot come to where its job was given: without root no thread leaves the sandbox",
            tried=[str(error)],
            remedies=["make the pool in the test that uses it, and shut it down there"],
        ) from error
    try:
        yield
    finally:
        blocks.end_inside(block)
        blocks.drop(block)
