"""Patches of thread pools and process pools: a job runs in the namespace where it was submitted, or is refused."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.errors import NetnsError, OriginError
from pytest_netns_mysql.kernel.namespaces.asyncblock import deciding_block
from pytest_netns_mysql.kernel.namespaces.importhook import ImportHook
from pytest_netns_mysql.kernel.namespaces.placedjob import PlacedJob, SubmissionPlace
from pytest_netns_mysql.kernel.namespaces.position import identity, network_identity

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
                "multiprocessing.process": self._patch_process,
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
        return job if sandbox is None or isinstance(job, PlacedJob) else SubmissionPlace(sandbox).bound(job)

    def _patch_thread_executor(self, module: ModuleType) -> None:
        """Patch the item that an executor makes of each job: the callbacks of the job's future run in it as well.

        What is submitted stays as it is: interpreters of their own, which an executor of Python 3.14 may have, could
        not get a function of ours.
        """
        kind = module._WorkItem
        init, run = kind.__init__, kind.run

        @functools.wraps(init)
        def making(item: Any, future: Any, task: Any, *args: Any, **options: Any) -> None:
            init(item, future, task, *args, **options)
            sandbox = self._sandbox()
            job = task[0] if isinstance(task, tuple) else task
            is_bound = sandbox is not None and not isinstance(job, PlacedJob)
            item.netns_place = SubmissionPlace(sandbox) if is_bound and sandbox is not None else None

        @functools.wraps(run)
        def running(item: Any, *args: Any) -> None:
            place: SubmissionPlace | None = getattr(item, "netns_place", None)
            if place is None:
                run(item, *args)
                return
            try:
                with place.visited():
                    run(item, *args)
            except NetnsError as error:  # the job has not begun
                if item.future.set_running_or_notify_cancel():
                    item.future.set_exception(error)

        self._replace(kind, "__init__", making)
        self._replace(kind, "run", running)

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
            self._check_processes((pool._processes or {}).values())
            return submit(pool, fn, *args, **options)

        self._replace(module.ProcessPoolExecutor, "submit", checking)

    def _patch_pool(self, module: ModuleType) -> None:
        check = module.Pool._check_running

        @functools.wraps(check)
        def checking(pool: Any) -> None:
            check(pool)
            # A ThreadPool is a Pool as well; its workers are threads, which have no pid.
            self._check_processes(worker for worker in pool._pool if getattr(worker, "pid", None) is not None)

        self._replace(module.Pool, "_check_running", checking)
        self._patch_thread_pool(module)

    def _patch_thread_pool(self, module: ModuleType) -> None:
        """Patch the methods of a ThreadPool through which all others submit their jobs."""
        for name in ("apply_async", "_map_async", "imap", "imap_unordered"):
            self._replace(module.ThreadPool, name, self._binding(getattr(module.Pool, name)))

    def _binding(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """Return a method that runs a job, and the callbacks for its result, where the job is submitted."""
        signature = inspect.signature(method)

        @functools.wraps(method)
        def binding(*args: Any, **options: Any) -> Any:
            given = signature.bind(*args, **options)
            given.arguments["func"] = self._bound(given.arguments["func"])
            sandbox = self._sandbox()
            for name in ("callback", "error_callback"):
                callback = given.arguments.get(name)
                if callback is not None and sandbox is not None:
                    given.arguments[name] = SubmissionPlace(sandbox).bound_callback(callback)
            return method(*given.args, **given.kwargs)

        return binding

    def _patch_process(self, module: ModuleType) -> None:
        """Patch the class of processes to note where each of them starts."""
        start = module.BaseProcess.start

        @functools.wraps(start)
        def starting(process: Any) -> None:
            process.netns_started_in = _network_here()
            start(process)

        self._replace(module.BaseProcess, "start", starting)

    def _check_processes(self, processes: Iterable[Any]) -> None:
        """Raise OriginError if a process of a pool is in another network namespace than the calling thread."""
        here = _network_here()
        for process in processes:
            try:
                there = identity(f"/proc/{process.pid}/ns/net")
            except PermissionError:
                # A program that root starts in a user namespace has capabilities that this process has not, and so it
                # cannot be looked at, see ptrace(2).
                there = getattr(process, "netns_started_in", here)
            except OSError:
                continue  # the process has ended
            if there != here:
                raise OriginError(
                    "the processes of this pool run in another network namespace than the code that gives them work",
                    tried=[f"process {process.pid} was started elsewhere, and cannot be moved"],
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


def _network_here() -> tuple[int, int]:
    """Return the identity of the network namespace in which the running code stands."""
    block = deciding_block()
    return network_identity() if block is None or block.ended_with else block.place.saved().network_id
