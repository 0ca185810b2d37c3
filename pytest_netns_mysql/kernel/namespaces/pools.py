"""Patches of thread pools and process pools: a job runs in the namespace where it was submitted, or is refused."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.errors import OriginError
from pytest_netns_mysql.kernel.namespaces.asyncblock import AsyncBlock, current_async_block, deciding_block
from pytest_netns_mysql.kernel.namespaces.block import Block
from pytest_netns_mysql.kernel.namespaces.importhook import ImportHook
from pytest_netns_mysql.kernel.namespaces.placedjob import PlacedJob
from pytest_netns_mysql.kernel.namespaces.position import SavedTarget, identity, network_identity

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox


class PoolPatches:
    """Patches of the pools of the standard library, trio and anyio, which outlive a ``with`` block.

    - A thread runs each job in the namespace in which the job was submitted. This holds for ``ThreadPoolExecutor`` and
      so for asyncio's ``to_thread`` and ``run_in_executor``, for trio's cached threads and for anyio's worker threads.
    - Each namespace gets a fork server of its own, so that child processes start where their parent is.
    - The processes of a pool cannot be moved. A job that is submitted in another namespace than theirs is an error.
    """

    def __init__(self, sandbox: Callable[[], Sandbox | None]) -> None:
        """Describe the patches; ``install`` applies them.

        Args:
            sandbox: Returns the sandbox, or None as long as there is none.
        """
        self._sandbox = sandbox
        self._originals: list[tuple[Any, str, Any]] = []
        self._servers: dict[tuple[int, int], Any] = {}
        self._import_hook = ImportHook(
            {
                "concurrent.futures.thread": self._patch_thread_executor,
                "concurrent.futures.process": self._patch_process_executor,
                "multiprocessing.pool": self._patch_pool,
                "multiprocessing.forkserver": self._patch_forkserver,
                "trio._core._thread_cache": self._patch_trio,
                "anyio._backends._asyncio": self._patch_anyio,
            }
        )

    def install(self) -> None:
        """Patch the modules that are imported already, and others when they are imported."""
        self._import_hook.install()

    def remove(self) -> None:
        """Undo the patches, and stop the fork servers in the namespaces."""
        self._import_hook.remove()
        for owner, name, original in reversed(self._originals):
            setattr(owner, name, original)
        self._originals.clear()
        for server in self._servers.values():
            server._stop()
        self._servers.clear()

    def _replace(self, owner: Any, name: str, new: Any) -> None:
        # From __dict__ if possible: getattr would return a classmethod bound to the class.
        self._originals.append((owner, name, vars(owner).get(name, getattr(owner, name))))
        setattr(owner, name, new)

    def _bound(self, job: Callable[..., Any]) -> Callable[..., Any]:
        """Return a job that runs, in any thread, where the calling thread stands now."""
        sandbox = self._sandbox()
        if sandbox is None or isinstance(job, PlacedJob):
            return job
        block = current_async_block()
        if block is not None and block.ended_with:
            block = None  # the job's own sockets are refused, where the job knows the block
        return functools.partial(_run_job, sandbox, sandbox.blocks.save_target(), block, job)

    def _patch_thread_executor(self, module: ModuleType) -> None:
        submit = module.ThreadPoolExecutor.submit

        @functools.wraps(submit)
        def moving(pool: Any, fn: Callable[..., Any], /, *args: Any, **options: Any) -> Any:
            return submit(pool, self._bound(fn), *args, **options)

        self._replace(module.ThreadPoolExecutor, "submit", moving)

    def _patch_trio(self, module: ModuleType) -> None:
        start = module.ThreadCache.start_thread_soon

        @functools.wraps(start)
        def moving(cache: Any, fn: Callable[[], Any], *args: Any, **options: Any) -> Any:
            return start(cache, self._bound(fn), *args, **options)

        self._replace(module.ThreadCache, "start_thread_soon", moving)

    def _patch_anyio(self, module: ModuleType) -> None:
        run = module.AsyncIOBackend.run_sync_in_worker_thread.__func__

        @functools.wraps(run)
        async def moving(kind: Any, func: Callable[..., Any], *args: Any, **options: Any) -> Any:
            return await run(kind, self._bound(func), *args, **options)

        self._replace(module.AsyncIOBackend, "run_sync_in_worker_thread", classmethod(moving))

    def _patch_process_executor(self, module: ModuleType) -> None:
        submit = module.ProcessPoolExecutor.submit

        @functools.wraps(submit)
        def checking(pool: Any, fn: Callable[..., Any], /, *args: Any, **options: Any) -> Any:
            self._check_processes(pool._processes or ())
            return submit(pool, fn, *args, **options)

        self._replace(module.ProcessPoolExecutor, "submit", checking)

    def _patch_pool(self, module: ModuleType) -> None:
        check = module.Pool._check_running

        @functools.wraps(check)
        def checking(pool: Any) -> None:
            check(pool)
            # A ThreadPool is a Pool as well; its workers are threads, which have no pid.
            self._check_processes(pid for worker in pool._pool if (pid := getattr(worker, "pid", None)) is not None)

        self._replace(module.Pool, "_check_running", checking)
        self._patch_thread_pool(module)

    def _patch_thread_pool(self, module: ModuleType) -> None:
        """Patch the methods of a ThreadPool through which all others submit their jobs."""
        for name in ("apply_async", "_map_async", "imap", "imap_unordered"):
            method = getattr(module.Pool, name)

            def moving(pool: Any, func: Callable[..., Any], *args: Any, _method: Any = method, **options: Any) -> Any:
                return _method(pool, self._bound(func), *args, **options)

            self._replace(module.ThreadPool, name, functools.wraps(method)(moving))

    def _check_processes(self, pids: Iterable[int]) -> None:
        """Raise OriginError if a process of a pool is in another network namespace than the calling thread."""
        block = deciding_block()
        here = network_identity() if block is None or block.ended_with else block.place.saved().network_id
        for pid in pids:
            try:
                there = identity(f"/proc/{pid}/ns/net")
            except OSError:
                continue  # the process has ended
            if there != here:
                raise OriginError(
                    "the processes of this pool run in another network namespace than the code that gives them work",
                    tried=[f"process {pid} was started elsewhere, and cannot be moved"],
                    remedies=["make the pool in the test (or the block) that uses it, and shut it down there"],
                )

    def _patch_forkserver(self, module: ModuleType) -> None:
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


def _run_job(
    sandbox: Sandbox,
    saved: SavedTarget,
    block: AsyncBlock | None,
    job: Callable[..., Any],
    *args: Any,
    **options: Any,
) -> Any:
    """Run a job of a pool where the job was submitted, in that ``async with`` block or None."""
    blocks = sandbox.blocks
    blocks.jobs += 1
    try:
        if block is None and saved.is_current():
            return job(*args, **options)
        with _moved(sandbox, saved, block):
            return job(*args, **options)
    finally:
        blocks.jobs -= 1


@contextlib.contextmanager
def _moved(sandbox: Sandbox, saved: SavedTarget, async_block: AsyncBlock | None) -> Iterator[None]:
    """Move the calling thread, which belongs to a pool, to where a job was submitted until the block ends."""
    blocks = sandbox.blocks
    block = Block("a job of a pool", saved.target, (os.devnull, 0), by_hand=False)
    block.async_block = async_block
    try:
        if sandbox.has_moved_in:
            blocks.settle()
        blocks.enter(block, is_plain=False)
    except OSError as error:
        raise OriginError(
            "a thread of a pool cannot move to where its job was submitted: without root no thread leaves the sandbox",
            tried=[str(error)],
            remedies=["make the pool in the test that uses it, and shut it down there"],
        ) from error
    try:
        yield
    finally:
        blocks.end_inside(block)
        blocks.drop(block)
