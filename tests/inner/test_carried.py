"""What outlives a block or a test carries no namespace into another one: threads, pools, processes, generators."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Suite = Callable[..., pytest.RunResult]

PLACE = """
    import asyncio, concurrent.futures, gc, multiprocessing, os, queue, socket, threading
    import pytest

    def place(*_):
        return os.stat("/proc/thread-self/ns/net").st_ino

    HOST = place()
"""

# Plain tests come between netns tests as root; without root all of them come before.
POOLS = (
    PLACE
    + """
    import multiprocessing.pool
    import anyio, anyio.to_thread, trio

    THREADS = concurrent.futures.ThreadPoolExecutor(2)
    OTHERS = multiprocessing.pool.ThreadPool(2)
    LOOP = asyncio.new_event_loop()

    async def by_asyncio():
        return {await asyncio.to_thread(place), await LOOP.run_in_executor(None, place)}

    async def by_anyio():
        return await anyio.to_thread.run_sync(place)

    async def by_trio():
        return await trio.to_thread.run_sync(place)

    def everywhere():
        yield {THREADS.submit(place).result(), *THREADS.map(place, range(4))}
        yield {*OTHERS.map(place, range(4)), OTHERS.apply(place), *OTHERS.imap(place, range(3)),
               *OTHERS.imap_unordered(place, range(3)), *OTHERS.starmap(place, [(1,), (2,)])}
        yield LOOP.run_until_complete(by_asyncio())
        yield {LOOP.run_until_complete(by_anyio())}
        yield {anyio.run(by_anyio), trio.run(by_trio)}

    def check(expected):
        for number, found in enumerate(everywhere()):
            assert found == {expected}, number

    def test_plain_first():
        check(HOST)

    @pytest.mark.netns("red", "blue")
    def test_netns(netns):
        here = place()
        assert here != HOST
        check(here)
        with netns["global"]:
            check(place())
        check(here)

    def test_plain_between():
        check(HOST)

    @pytest.mark.netns("blue", "red")
    def test_netns_again(netns):
        check(place())

    def test_plain_last():
        check(HOST)
"""
)


def test_threads_of_pools_work_where_their_jobs_are_given(suite: Suite) -> None:
    result = suite(POOLS, "--netns-mode=auto")
    result.assert_outcomes(passed=7)


@pytest.mark.slow
def test_processes_stand_where_they_are_started(suite: Suite) -> None:
    """By every start method; a fork server, for example, is the default of Python 3.14 and lives until the run ends."""
    result = suite(
        PLACE
        + """
    METHODS = pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])

    @METHODS
    def test_plain(method):
        with multiprocessing.get_context(method).Pool(1) as pool:
            assert pool.map(place, range(2)) == [HOST] * 2

    @METHODS
    @pytest.mark.netns("red", "blue")
    def test_netns(method, netns):
        context = multiprocessing.get_context(method)
        for name in ("global", "red"):
            with netns[name], concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
                assert pool.submit(place).result() == place()
        with context.Pool(1) as pool:
            assert pool.map(place, range(2)) == [place()] * 2

    @METHODS
    def test_plain_again(method):
        with multiprocessing.get_context(method).Pool(1) as pool:
            assert pool.map(place, range(2)) == [HOST] * 2
    """,
        "--netns-mode=auto",
    )
    result.assert_outcomes(passed=12)


def test_a_pool_of_processes_that_stand_elsewhere_is_refused(suite: Suite) -> None:
    result = suite(
        PLACE
        + """
    @pytest.fixture(scope="module")
    def executor():
        with concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
            assert pool.submit(place).result() == place()
            yield pool

    @pytest.fixture(scope="module")
    def pool():
        with multiprocessing.get_context("fork").Pool(1) as pool:
            yield pool

    @pytest.mark.netns("red")
    def test_executor(executor):
        executor.submit(place)

    @pytest.mark.netns("red")
    def test_pool(pool):
        pool.map(place, range(2))
    """,
        "--netns-mode=auto",
        "-Wdefault",  # of fork() in a process that has threads, in Python 3.12 and newer
    )
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "*OriginError: the processes of this pool run in another network namespace than the code that gives them "
            "work",
            "*  do: make the pool in the test (or the block) that uses it, and shut it down there",
        ]
    )


def test_a_thread_that_a_test_left_running_is_refused_where_it_would_connect(suite: Suite) -> None:
    """A queue of one's own is no pool that could be known; a thread that ended, or works for its own test, is none."""
    result = suite(
        PLACE
        + """
    JOBS, ANSWERS = queue.Queue(), queue.Queue()

    def work():
        for job in iter(JOBS.get, None):
            try:
                ANSWERS.put(job())
            except Exception as error:
                ANSWERS.put(error)

    THREAD = threading.Thread(target=work, name="worker", daemon=True)

    def connect():
        with socket.socket() as sock:
            sock.settimeout(5)
            sock.connect(("127.0.0.1", 9))

    def ask(job):
        JOBS.put(job)
        return ANSWERS.get(timeout=10)

    @pytest.mark.netns("red")
    def test_starts_it(netns):
        THREAD.start()
        assert isinstance(ask(connect), ConnectionRefusedError)

    @pytest.mark.netns("red")
    def test_in_the_same_namespace(netns):
        assert isinstance(ask(connect), ConnectionRefusedError)

    @pytest.mark.netns("blue")
    def test_elsewhere(netns):
        def inside():
            with netns["blue"]:
                connect()
        assert isinstance(ask(inside), ConnectionRefusedError)
        raise ask(connect)
    """,
        "--netns-mode=auto",
    )
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*OriginError: the thread worker was left running by an earlier test, and connects from the network "
            "namespace of that test during a test in another namespace",
            "*  where: test_inner.py::test_elsewhere",
            "*  tried: it was started in test_inner.py::test_starts_it",
            "*  do: end the thread in the test that starts it",
        ]
    )


def test_a_generator_that_ends_late_moves_no_test(suite: Suite) -> None:
    result = suite(
        PLACE
        + """
    KEPT = []

    def stepping(netns, name="blue"):
        with netns[name]:
            yield

    @pytest.fixture
    def stepped(netns):
        steps = stepping(netns)
        next(steps)
        yield steps

    @pytest.mark.netns("red")
    def test_fixture(stepped):
        pass

    @pytest.mark.netns("red")
    def test_keeps(netns):
        KEPT.append(stepping(netns))
        next(KEPT[0])

    @pytest.mark.netns("blue")
    def test_ends_it(netns):
        with netns["blue"]:
            here = place()
            KEPT.clear()
            assert place() == here
        assert place() == here

    @pytest.mark.netns("red")
    def test_cycle(netns):
        steps = stepping(netns)
        next(steps)
        cycle = [steps]
        cycle.append(cycle)

    @pytest.mark.netns("red")
    def test_collects(netns):
        here = place()
        gc.collect()
        assert place() == here

    def test_plain():
        assert place() == HOST
        gc.collect()
        assert place() == HOST
    """,
        "-Wdefault",
        "--netns-mode=auto",
    )
    result.assert_outcomes(passed=6, warnings=3)
    result.stdout.fnmatch_lines_random(
        [
            f"*NetnsWarning: the block of blue at test_inner.py:* was still open when {what} ended, and was closed "
            "then: a generator or a fixture that yields inside a `with netns?...?` block does not keep its caller in "
            "the namespace"
            for what in ("the setup of the fixture stepped", "the test")
        ]
    )


def test_a_wider_fixture_stands_in_no_namespace_and_is_told_so_where_it_fails(suite: Suite) -> None:
    """On the host as root, elsewhere without it, but for both where no endpoint is in reach."""
    result = suite(
        PLACE
        + """
    @pytest.fixture(scope="session")
    def where(netns, netns_mysqld):
        with netns["global"]:
            inside = place()
        return netns.here, place() == inside

    @pytest.fixture(scope="module")
    def connected(netns_mysqld):
        with socket.socket() as sock:
            sock.settimeout(1)
            sock.connect(("192.0.2.2", 3306))

    @pytest.mark.netns("red")
    def test_where(where):
        assert where == (None, False)

    @pytest.mark.netns("red")
    def test_connected(connected):
        pass
    """,
        "--netns-mode=auto",
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "the module-scoped fixture connected runs outside of all namespaces, where no endpoint can be reached: "
            'connect inside of `with netns["red"]:` or by netns_mysqld.connect(namespace="red", ...), or make the '
            "fixture function-scoped"
        ]
    )
