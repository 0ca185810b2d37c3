"""Every touch of pytest's private API, one function for each.

Tried with pytest 8.2 and pytest 9.2. pytest documents the classes ``FixtureDef``, ``FixtureRequest``, ``Function`` and
``Config``, and promises only some of their attributes. The functions below use others, and private functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _pytest import python
from _pytest.doctest import DoctestItem

_RUN_ANYWHERE = frozenset(
    {
        *("capfd", "capfdbinary", "caplog", "capsys", "capsysbinary"),
        *("monkeypatch", "record_property", "recwarn", "tmp_path"),
    }
)

# The examples of a doctest ask for fixtures by name.
_ASKED = r"""\bgetfixture\(\s*["'](\w+)["']"""

if TYPE_CHECKING:
    import pytest

    Definition = pytest.FixtureDef[Any]


def has_fixtures(item: pytest.Item) -> bool:
    """Return True if pytest looked up the fixtures of a test: for tests of other plugins' kinds it does not."""
    return getattr(item, "_fixtureinfo", None) is not None


def is_unittest(item: pytest.Item) -> bool:
    """Return True for a test method of a ``unittest.TestCase``, which pytest cannot parametrize."""
    from _pytest.unittest import TestCaseFunction

    return isinstance(item, TestCaseFunction)


def fixture_names(item: pytest.Item) -> Sequence[str]:
    """Return the names of all fixtures that a test asks for, directly or through others; () without fixtures.

    The fixtures of a doctest include those that its examples ask for by ``getfixture("name")``.
    """
    names: Sequence[str] = getattr(item, "fixturenames", None) or ()
    return _with_asked(item, names) if isinstance(item, DoctestItem) else names


def _with_asked(item: DoctestItem, names: Sequence[str]) -> Sequence[str]:
    waiting = [name for example in item.dtest.examples for name in re.findall(_ASKED, example.source)]
    if not waiting:
        return names
    found = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.append(name)
            waiting += [argument for definition in definitions_of(name, item) for argument in definition.argnames]
    return found


def prepend_fixture(item: pytest.Item, name: str) -> None:
    """Set a fixture up before all others of a test."""
    # A new list: the old one is shared by all parameters of the test, and some of them may be no netns tests.
    item.fixturenames = [name, *item.fixturenames]  # type: ignore[attr-defined]


def append_fixtures(item: pytest.Item, names: Sequence[str]) -> None:
    """Set fixtures up behind all others of a test, unless one of those asks for them before."""
    item.fixturenames = [*fixture_names(item), *names]  # type: ignore[attr-defined]


def parameters(item: pytest.Item) -> Mapping[str, Any]:
    """Return the values of a test's parameters by name."""
    callspec = getattr(item, "callspec", None)
    return {} if callspec is None else callspec.params


def argument_names(function: pytest.Function) -> Sequence[str]:
    """Return the arguments of a test function that are fixtures."""
    return function._fixtureinfo.argnames


def definitions_for(item: pytest.Item) -> Mapping[str, Sequence[Definition]]:
    """Return the definitions of all fixtures that a test asks for, by name; the last definition is in force."""
    return item._fixtureinfo.name2fixturedefs  # type: ignore[attr-defined, no-any-return]


def definitions_of(name: str, item: pytest.Item) -> Sequence[Definition]:
    """Return the definitions of a fixture that a test can see, whether or not the test asks for the fixture.

    The last definition is in force. Without any the result is empty.
    """
    return item.session._fixturemanager.getfixturedefs(name, item) or ()


def function_of(definition: Definition) -> Callable[..., Any]:
    """Return the function that a fixture decorates."""
    return definition.func


def replace_function(definition: Definition, function: Callable[..., Any]) -> None:
    """Replace the function of a fixture, as other plugins do that run asynchronous fixtures."""
    definition.func = function  # type: ignore[misc]


def arguments_of(definition: Definition) -> Sequence[str]:
    """Return the names of a fixture's own arguments."""
    return definition.argnames


def name_of(definition: Definition) -> str:
    """Return the name by which tests ask for a fixture."""
    return definition.argname


def is_parameter(definition: Definition) -> bool:
    """Return True for the fixture that pytest makes of a parameter of ``@pytest.mark.parametrize``."""
    return definition.func is getattr(python, "get_direct_param_fixture_func", None)


def runs_anywhere(definition: Definition) -> bool:
    """Return True for a fixture of pytest's own that neither its setup nor its teardown can tell a namespace by.

    Fixtures by which pytest calls a project's setup methods are pytest's own, too, and are not among them.
    """
    return definition.argname in _RUN_ANYWHERE and is_of_pytest(definition.func)


def add_finalizer(definition: Definition, finalizer: Callable[[], None]) -> None:
    """Call a function when a fixture is torn down; the function that was added last is called first."""
    definition.addfinalizer(finalizer)


def plain_teardown() -> Callable[..., None]:
    """Return the method ``teardown`` of tests that have none of their own: it does nothing."""
    from _pytest.nodes import Node

    return Node.teardown


def has_begun(item: pytest.Item) -> bool:
    """Return True if pytest has begun to set a test up, so that finalizers can be added to the test."""
    return item in item.session._setupstate.stack


def tear_down(definition: Definition, request: Any) -> None:
    """Tear a fixture down, and before it all fixtures that were built on it."""
    definition.finish(request)


def keep_error(definition: Definition, request: Any, error: BaseException) -> None:
    """Keep an error of a hook as the result of a fixture, as pytest does for an error of the fixture itself.

    Without a result, the next test that asks for the fixture would fail by an assertion inside of pytest.
    """
    if definition.cached_result is None:
        definition.cached_result = None, definition.cache_key(request), (error, error.__traceback__)


def request_of(item: pytest.Item) -> pytest.FixtureRequest:
    """Return the request of a test, by which a hook can ask for fixtures as the test itself would."""
    return item._request  # type: ignore[attr-defined, no-any-return]


def item_of(request: pytest.FixtureRequest) -> pytest.Item:
    """Return the test that a fixture of any scope is set up for."""
    return request._pyfuncitem


def definition_in(request: pytest.FixtureRequest) -> Definition:
    """Return the definition of the fixture that is set up now."""
    return request._fixturedef  # type: ignore[attr-defined, no-any-return]


def active_definition(request: pytest.FixtureRequest, name: str) -> Definition:
    """Return the definition of another fixture as this test sees the fixture."""
    return request._get_active_fixturedef(name)


def is_of_pytest(function: Callable[..., Any]) -> bool:
    """Return True for the function of a fixture that pytest itself brings."""
    return (getattr(function, "__module__", None) or "").partition(".")[0] == python.__name__.partition(".")[0]


def cache_folder(config: pytest.Config) -> Path:
    """Return the folder of pytest's cache, which need not exist; the plugin cacheprovider must be there."""
    from _pytest.cacheprovider import Cache

    return Cache.cache_dir_from_config(config, _ispytest=True)


def read_cache(config: pytest.Config, key: str) -> Any:
    """Return what an earlier run wrote into pytest's cache, or None.

    ``config.cache`` is there only after the conftests are imported, which may take seconds. In pytest 8 the same holds
    for the options that ``Cache.for_config`` reads.
    """
    from _pytest.cacheprovider import Cache

    return Cache(cache_folder(config), config, _ispytest=True).get(key, None)


def filter_traceback(item: pytest.Item, keep: Callable[[Any], Any]) -> None:
    """Filter the traceback of a failed test, and those of the causes of its error, once pytest has filtered them.

    Args:
        item: The test.
        keep: Returns the entries of a traceback to show, of all entries.
    """
    own = item._traceback_filter
    item._traceback_filter = lambda excinfo: keep(own(excinfo))  # type: ignore[method-assign]


def drop_hidden_causes(failure: object) -> None:
    """Drop from what pytest shows of a failure each cause of the error whose whole traceback is hidden.

    A cause that was never raised here, as one of another process, has no traceback to hide and stays.

    Args:
        failure: The ``longrepr`` of a report.
    """
    chain = getattr(failure, "chain", None)
    if chain:
        *causes, last = chain
        shown = [
            cause for cause in causes if any(getattr(entry, "reprfileloc", True) for entry in cause[0].reprentries)
        ]
        failure.chain = [*shown, last]  # type: ignore[attr-defined]


def read_ini_file(path: Path) -> dict[str, Any] | None:
    """Return the pytest settings of an ini file, or None if the file has none.

    Raises pytest.UsageError or pytest.fail.Exception if the file cannot be parsed.
    """
    from _pytest.config.findpaths import load_config_dict_from_file

    return load_config_dict_from_file(path)
