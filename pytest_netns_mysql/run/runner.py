"""Hooks around a netns test: it stands in its namespace, wider fixtures do not, and it ends at home."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql.errors import NetnsError, SandboxError, UnknownNamespaceError
from pytest_netns_mysql.run import pytest_internals, report
from pytest_netns_mysql.run.cleaning import Cleaner
from pytest_netns_mysql.run.ownfixtures import is_own
from pytest_netns_mysql.run.stash import CHOICE_IN_FORCE, MISTAKE, NAMESPACE, TOPOLOGY_IN_FORCE
from pytest_netns_mysql.run.teardown import Teardown, warn_of_open_block

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.namespaces.enterable import Enterable
    from pytest_netns_mysql.run.session import NetnsSession


class Runner:
    """The plugin that is registered once the run is known to have netns tests."""

    def __init__(self, session: NetnsSession) -> None:
        """Keep the session; the hooks do the rest."""
        from pytest_netns_mysql.kernel.namespaces.pools import PoolPatches
        from pytest_netns_mysql.kernel.namespaces.straythreads import StrayThreads

        self._session = session
        self._item: pytest.Item | None = None
        self._parent: pytest.Collector | None = None
        self._topology: pytest.FixtureDef[Any] | None = None
        self._began = datetime.now(timezone.utc)
        self._cleaner = Cleaner(session)
        self._failed_outside: list[tuple[Exception, pytest.FixtureDef[Any]]] = []
        self._pools = PoolPatches(lambda: session.networks.sandbox)
        self._pools.install()
        self._strays = StrayThreads(lambda: session.networks.sandbox)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Know which test the fixtures are set up for, and have it begin at home."""
        self._item = item
        self._began = datetime.now(timezone.utc)
        self._bring_back(item, "the test before")
        self._strays.start_test(item.nodeid, self._network_id)
        try:
            return (yield)
        finally:
            self._item = None
            self._cleaner.finish()

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        """Fail tests with a collection-time error and unmarked tests that would run without the host's network.

        Then build the network.
        """
        if MISTAKE in item.stash:
            pytest.fail(item.stash[MISTAKE], pytrace=False)
        if (
            NAMESPACE not in item.stash
            and self._session.networks.has_left_for_good
            and self._session.settings.other_tests == "fail"
        ):
            pytest.fail(
                "this test has no netns marker and comes after a netns test: without root the process cannot "
                "go back, so the host's network is gone\n"
                "  do: keep the order that the plugin gives, netns tests last; with xdist --dist load or worksteal\n"
                "  do: run as root, or split the run: netns tests in one, the others in another\n"
                "  do: netns_other_tests = allow, if this test needs no network",
                pytrace=False,
            )

        if NAMESPACE in item.stash:
            self._follow_override(item)
            self._cleaner.make_room(item)
        yield
        self._require_network()

    def _follow_override(self, item: pytest.Item) -> None:
        """Have the network made anew where this test's netns_topology is another fixture than the last one's.

        pytest keeps the value of a session's fixture, whatever overrides what it was made from.
        """
        if item.parent is self._parent:
            return
        self._parent = item.parent
        topology, network = (pytest_internals.definitions_of(name, item) for name in ("netns_topology", "netns"))
        if topology and network and self._topology not in (None, topology[-1]):
            pytest_internals.tear_down(network[-1], pytest_internals.request_of(item))
        self._topology = topology[-1] if topology else None

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Set a fixture up, and tear it down, in the test's namespace if its scope is the test's, else outside."""
        try:
            return (yield from self._set_up(fixturedef, request))
        except Exception as error:
            pytest_internals.keep_error(fixturedef, request, error)
            raise

    def _set_up(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        own = fixturedef.scope == "function"
        if own:
            self._require_network()
        place = self._place(inside=own)
        if place is None:
            value = yield
            self._cleaner.built(fixturedef, request)
            return value
        if own:
            self._begin()
            if pytest_internals.is_parameter(fixturedef) or is_own(pytest_internals.function_of(fixturedef)):
                return (yield)
        # Finalizers run last in, first out: enter, the fixture's own teardown, leave.
        name = pytest_internals.name_of(fixturedef)
        teardown = Teardown(place, warn_of_open_block(f"the teardown of the fixture {name}"))
        pytest_internals.add_finalizer(fixturedef, teardown.leave)
        told = warn_of_open_block(f"the setup of the fixture {name}")
        try:
            with place.hold(told), contextlib.nullcontext() if own else self._cleaner.around_wider_fixture():
                value = yield
        except Exception as error:
            if not own:
                self._failed_outside.append((error, fixturedef))
            raise
        finally:
            pytest_internals.add_finalizer(fixturedef, teardown.enter)
        if not own:
            self._cleaner.made(fixturedef, request, value)
        return value

    def pytest_fixture_post_finalizer(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        """Note that a fixture of a wider scope may have changed a server."""
        if fixturedef.scope != "function":
            self._cleaner.outdate()

    def _begin(self) -> None:
        if self._item is not None and NAMESPACE in self._item.stash:
            self._cleaner.begin(self._item)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Run the test in its namespace, and what it asks to be done at its end."""
        place = self._place(inside=True)
        if place is None:
            yield
            return
        self._begin()
        told = warn_of_open_block("the test")
        if "request" not in pytest_internals.fixture_names(item):
            with place.hold(told):
                yield
            return
        teardown = Teardown(place, told)
        item.addfinalizer(teardown.leave)
        try:
            with place.hold(told):
                yield
        finally:
            item.addfinalizer(teardown.enter)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_exception_interact(self, node: pytest.Item | pytest.Collector) -> Generator[None, None, None]:
        """Have a debugger that looks at a failure, by --pdb, stand where the test stood."""
        with contextlib.ExitStack() as stack:
            if node is self._item:
                # That it cannot be entered may be what is looked at.
                with contextlib.suppress(NetnsError, OSError):
                    stack.enter_context(self._place(inside=True) or contextlib.nullcontext())
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, None, None]:
        """Bring the thread home, or stop the run."""
        self._cleaner.next_item = nextitem
        try:
            yield
        finally:
            self._strays.end_test()
            self._bring_back(item, "the test")

    def _bring_back(self, item: pytest.Item, when: str) -> None:
        """Verify that the thread is home, and bring it there; where that cannot be, stop the run."""
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
        told = warn_of_open_block(when)
        for block in open_blocks:
            told(block)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Put the pools of other libraries back as they were; stop watching networks."""
        self._pools.remove()
        self._cleaner.close()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add to a failing netns test where it stood, and what the server said.

        An error of ours in a fixture is shown without the traceback, which leads through this plugin alone.
        """
        result = yield
        if call.when != "call" and call.excinfo is not None and isinstance(call.excinfo.value, NetnsError):
            result.longrepr = f"{call.excinfo.typename}: {call.excinfo.value}"
        if result.failed and NAMESPACE in item.stash:
            result.sections += report.sections(item, self._session, self._began)
        # The tests that ask for the fixture later are given the same exception.
        error = None if call.excinfo is None else call.excinfo.value
        for failed in (fixture for cause, fixture in self._failed_outside if cause is error):
            hint = (
                f"the {failed.scope}-scoped fixture {pytest_internals.name_of(failed)} runs outside of all namespaces, "
                'where no endpoint can be reached: connect inside `with netns["red"]:` or with netns_mysqld.connect('
                'namespace="red", ...), or make the fixture function-scoped'
            )
            result.sections.append(("netns", hint))
        return result

    def _place(self, *, inside: bool) -> Enterable | None:
        if self._item is None or NAMESPACE not in self._item.stash:
            return None
        if self._session.networks.current is None or self._session.networks.sandbox is None:
            return None
        if not inside:
            return self._session.networks.sandbox.at_rest()
        name = self._item.stash[NAMESPACE]
        try:
            return self._session.networks.current[name]
        except UnknownNamespaceError as error:
            # A topology made by an overridden netns_topology is not known before it is made.
            error.where = f"@pytest.mark.netns of {self._item.nodeid}"
            raise

    def _network_id(self) -> tuple[int, int] | None:
        """Return the identity of the network namespace of the test that runs, or None for the host's."""
        from pytest_netns_mysql.kernel.namespaces.position import identity

        if self._item is None or NAMESPACE not in self._item.stash or self._session.networks.current is None:
            return None
        return identity(self._session.networks.current[self._item.stash[NAMESPACE]].descriptor)

    def _require_network(self) -> None:
        """Have the network built, or shown again, that a test stands in, whether or not it asks for it.

        Asked for by each marked test, the fixture would cost it 0.2 ms.
        """
        item = self._item
        if item is None or NAMESPACE not in item.stash:
            return
        network, topology = self._session.networks.current, item.stash.get(TOPOLOGY_IN_FORCE, None)
        is_other = network is None or item.stash.get(CHOICE_IN_FORCE, None) != self._session.networks.server_named(
            network
        )
        if network is None or is_other or topology not in (None, network.topology):
            pytest_internals.request_of(item).getfixturevalue("netns")
