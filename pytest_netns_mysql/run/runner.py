"""Hooks around a netns test: the test runs in its namespace, fixtures of wider scopes run outside of all namespaces."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql import clock
from pytest_netns_mysql.errors import NetnsError, SandboxError
from pytest_netns_mysql.run import pytest_internals, report
from pytest_netns_mysql.run.asynctests import AsyncTests
from pytest_netns_mysql.run.cleaning import Cleaner
from pytest_netns_mysql.run.networkinforce import NetworkInForce
from pytest_netns_mysql.run.ownfixtures import is_own
from pytest_netns_mysql.run.reservedfiles import ReservedFiles
from pytest_netns_mysql.run.stash import ACCOUNTS, MISTAKE, NAMESPACE, TEARDOWN_SECTIONS
from pytest_netns_mysql.run.teardown import FinalizersOfTest, Stay, warn_of_open_block

if TYPE_CHECKING:
    from pytest_netns_mysql.run.session import NetnsSession

_HOST_NETWORK_LOST = (
    "this test has no netns marker and comes after a netns test: without root the process cannot go back, so the "
    "host's network is gone\n"
    "  do: keep the order that the plugin gives, netns tests last\n"
    "  do: if a worker of xdist crashed, mend that: its tests were given to workers that have run netns tests\n"
    "  do: run as root, or split the run: netns tests in one, the others in another\n"
    "  do: netns_other_tests = allow, if this test needs no network"
)


class Runner:
    """The plugin with the hooks around tests, registered as soon as the run is known to have netns tests."""

    def __init__(self, session: NetnsSession) -> None:
        """Have thread pools of other libraries run their jobs in the namespaces where the jobs were submitted."""
        from pytest_netns_mysql.kernel.namespaces.pools import PoolPatches
        from pytest_netns_mysql.kernel.namespaces.straythreads import StrayThreads

        self._session = session
        self._network = NetworkInForce(session)
        self._cleaner = Cleaner(session)
        self._reports = report.Reports(session, self._cleaner)
        self._failed_outside: list[tuple[Exception, pytest.FixtureDef[Any]]] = []
        self._pools = PoolPatches(lambda: session.networks.sandbox)
        self._pools.install()
        self._async = AsyncTests(session, self._network)
        self._strays = StrayThreads(lambda: session.networks.sandbox)
        self._files = ReservedFiles()
        self._finalizers: FinalizersOfTest | None = None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Note the running test; begin outside of all namespaces."""
        self._network.start_test(item)
        if self._network.netns_test is not None:
            self._reports.start_test(item, clock.now())
            self._files.reserve()
        if self._network.netns_test is None or self._has_open_blocks:
            # A netns test and its fixtures are moved to their places from wherever the thread stands.
            self._bring_back(item, ended="the test before")
        self._strays.start_test(item.nodeid, self._network.namespace_id)
        self._session.board.start_test(item.nodeid, item.stash.get(NAMESPACE, ""))
        try:
            return (yield)
        finally:
            self._network.start_test(None)
            self._session.board.end_test()
            self._cleaner.finish()
            item.stash[ACCOUNTS] = ()  # pytest keeps the item until the run ends

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        """Fail tests with a collection-time error and unmarked tests that would run without the host's network.

        Then build the network.
        """
        if MISTAKE in item.stash:
            pytest.fail(item.stash[MISTAKE], pytrace=False)
        if self._network.netns_test is not None:
            self._network.follow_override(item)
            self._cleaner.make_room(item)
            self._network.ask_early(item)
        elif self._session.networks.has_left_for_good and self._session.settings.other_tests == "fail":
            pytest.fail(_HOST_NETWORK_LOST, pytrace=False)
        if self._network.netns_test is not None and FinalizersOfTest.are_possible(item):
            self._finalizers = FinalizersOfTest(item, lambda: self._network.place(inside=True))
        try:
            yield
            self._network.require()
        finally:
            if self._finalizers is not None:
                self._finalizers.end_phase()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Run a function-scoped fixture, and its teardown, in the test's namespace; all other fixtures outside."""
        try:
            with self._async.around_fixture(fixturedef, request):
                return (yield from self._set_up(fixturedef, request))
        except Exception as error:
            pytest_internals.keep_error(fixturedef, request, error)
            raise
        except pytest.fail.Exception:
            # No error of ours: pytest-timeout ends a test this way. The next test sets the fixture up again.
            if fixturedef.scope != "function" and is_own(pytest_internals.function_of(fixturedef)):
                pytest_internals.tear_down(fixturedef, request)
            raise

    def _set_up(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        inside = fixturedef.scope == "function"
        if inside:
            self._network.require()
        if self._network.netns_test is not None:
            self._reports.note_fixture(pytest_internals.name_of(fixturedef))
        place = self._network.place(inside=inside)
        if place is None:
            value = yield
            self._cleaner.built(fixturedef, request)
            return value
        if inside:
            self._begin()
            if (
                pytest_internals.is_parameter(fixturedef)
                or is_own(pytest_internals.function_of(fixturedef))
                or pytest_internals.runs_anywhere(fixturedef)
            ):
                return (yield)
        # Finalizers run in reverse order: enter, the teardown of the fixture, leave.
        name = pytest_internals.name_of(fixturedef)
        teardown = Stay(place, f"the teardown of the fixture {name}")
        pytest_internals.add_finalizer(fixturedef, teardown.leave)
        setup = Stay(place, f"the setup of the fixture {name}")
        try:
            setup.enter()
            try:
                if inside:
                    return (yield)
                with (
                    self._cleaner.around_wider_fixture(),
                    self._async.around_wider_fixture(),
                    self._network.refused_outside(f"{fixturedef.scope}-scoped fixture {name}"),
                ):
                    value = yield
            finally:
                setup.leave()
        except Exception as error:
            if not inside and not isinstance(error, NetnsError):
                self._failed_outside.append((error, fixturedef))
            raise
        finally:
            pytest_internals.add_finalizer(fixturedef, teardown.enter)
        self._cleaner.made(fixturedef, request, value)
        return value

    def pytest_fixture_post_finalizer(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        """Read the state of the servers again if a fixture of a wider scope was torn down."""
        if fixturedef.scope != "function":
            self._cleaner.outdate()

    def _begin(self) -> None:
        item = self._network.netns_test
        if item is not None:
            self._cleaner.begin(item)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Run the test in its namespace."""
        place = self._network.place(inside=True)
        if place is None:
            yield
            return
        self._begin()
        self._session.board.show_accounts(item.stash.get(ACCOUNTS, ()))
        stay = Stay(place, "the test")
        try:
            with self._async.around_test(item):
                stay.enter()
                try:
                    yield
                finally:
                    stay.leave()
        finally:
            if self._finalizers is not None:
                self._finalizers.end_phase()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """Have an asynchronous netns test open its sockets in its namespace, whichever task runs it."""
        with self._async.around_function(pyfuncitem):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_exception_interact(self, node: pytest.Item | pytest.Collector) -> Generator[None, None, None]:
        """Run the debugger of --pdb in the namespace of the failed test."""
        with contextlib.ExitStack() as stack:
            if node is self._network.item:
                # The failure may be that the namespace cannot be entered.
                with contextlib.suppress(NetnsError, OSError):
                    stack.enter_context(self._network.place(inside=True) or contextlib.nullcontext())
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, None, None]:
        """Bring the thread back out of all namespaces, or stop the run."""
        self._cleaner.next_item = nextitem
        self._files.release()
        try:
            yield
        finally:
            if self._finalizers is not None:
                self._finalizers.forget()
                self._finalizers = None
            self._async.end_test(item)
            self._strays.end_test()
            self._bring_back(item, ended="the test")

    @property
    def _has_open_blocks(self) -> bool:
        sandbox = self._session.networks.sandbox
        return sandbox is not None and sandbox.blocks.is_placed

    def _bring_back(self, item: pytest.Item, *, ended: str) -> None:
        """Bring the thread back out of all namespaces; if that is not possible, stop the run.

        Args:
            item: The test to blame.
            ended: The name of the test in the warning for a block that is still open.
        """
        sandbox = self._session.networks.sandbox
        if sandbox is None:
            return
        open_blocks = sandbox.bring_back()
        if open_blocks is None:
            error = SandboxError(
                "the thread could not be brought back from the namespace that this test left it in",
                where=item.nodeid,
                remedies=["find what in the test changes its namespace, root or capabilities"],
            )
            item.session.shouldstop = f"{error.what}: {item.nodeid}"
            raise error
        for block in open_blocks:
            warn_of_open_block(block, ended)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Restore the thread pools of other libraries; stop watching networks."""
        self._pools.remove()
        self._async.close()
        # The kernel takes 16 ms for the last of a watch. The interpreter waits for this thread before it ends.
        try:
            threading.Thread(target=self._cleaner.close, name="netns-close").start()
        except RuntimeError:  # no thread can be started here
            self._cleaner.close()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add to the report of a failed netns test why it failed, and the state of its networks and servers.

        Our errors in fixtures are shown without their traceback, which shows nothing but this plugin.
        """
        is_netns_test = NAMESPACE in item.stash
        if is_netns_test:
            self._reports.note(call)
        if is_netns_test and call.excinfo is not None:
            self._files.release()  # the test may have opened all files that it may open, and still hold them
            from pytest_netns_mysql.run import tracebacks

            tracebacks.shorten(item)
        result = yield
        if call.when == "teardown":
            left: list[tuple[str, str]] = item.stash.get(TEARDOWN_SECTIONS, [])
            result.sections += left
        if result.failed or call.excinfo is not None:
            self._explain(result, item, call)
        return result

    def _explain(self, result: pytest.TestReport, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Add what this plugin knows of a failure to its report."""
        error = None if call.excinfo is None else call.excinfo.value
        if NAMESPACE in item.stash:
            pytest_internals.drop_hidden_causes(result.longrepr)
        if call.when != "call" and isinstance(error, NetnsError):
            result.longrepr = f"{type(error).__name__}: {error}"
        if result.failed and NAMESPACE in item.stash:
            self._reports.attach(result, item, call)
        # All later tests that ask for a failed fixture get the same exception.
        for failed in (fixture for cause, fixture in self._failed_outside if cause is error):
            result.sections.append(("netns", report.hint_outside(failed)))
