"""The public names: listed once, imported late, found by dir() and by type checkers."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

import pytest_netns_mysql
from pytest_netns_mysql import factories, topology

ERRORS = """
    BlockError CacheError CertificateError ClientError ContainerError EndpointError FetchError GroupError HookError
    LeftoverError LoadError MarkerError NetnsError NetworkError OneWayError OriginError ProxyError ReplicationError
    SandboxError ServerGoneError ServerNotFoundError ServerStartError ServerVersionError SettingError SnapshotError
    ThreadsError TopologyError UnknownNamespaceError
"""
PUBLIC = {
    pytest_netns_mysql: f"""
        {ERRORS} NetnsDeprecationWarning NetnsWarning
        AccessMatrix Account AccountFactory ArgvFactory AsyncConnectFactory AsyncEngineFactory Authority Bridge
        Candidate Certificate Channel ConnectFactory Endpoint EngineFactory Group HiddenAccount Link LoginExplanation
        Member Mysqld MySQLServer Namespace NamespaceConnection NamespacePool NamespaceXClient Network NetworkFault
        Origin Packet Packets Proxy Replica ReplicaStatus ServerSpec Snapshot StartFactory TestReport Topology dump
        from_mapping load
    """,
    topology: "Bridge Link Mysqld Namespace Topology dump from_mapping load load_all presets",
    factories: "client group mysqld proxy replica router source",
}


@pytest.mark.parametrize("package", PUBLIC, ids=lambda package: package.__name__)
def test_the_public_names_are_these(package: ModuleType) -> None:
    assert package.__all__ == sorted(PUBLIC[package].split())
    assert set(package.__all__) <= set(dir(package))


@pytest.mark.parametrize("package", PUBLIC, ids=lambda package: package.__name__)
def test_every_public_name_is_imported_once(package: ModuleType) -> None:
    for name in package.__all__:
        assert getattr(package, name) is vars(package)[name]


def test_the_version_is_that_of_the_distribution() -> None:
    assert pytest_netns_mysql.__version__ == version("pytest-netns-mysql")
    assert not hasattr(factories, "__version__")


@pytest.mark.parametrize("package", PUBLIC, ids=lambda package: package.__name__)
def test_a_name_that_is_not_public_is_an_attribute_error(package: ModuleType) -> None:
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'no_such_name'"):
        _ = package.no_such_name


def test_an_imported_package_imports_none_of_its_names() -> None:
    code = (
        "import sys, pytest_netns_mysql, pytest_netns_mysql.topology, pytest_netns_mysql.factories; print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = {name for name in run.stdout.split() if name.startswith("pytest_netns_mysql")}
    assert ours == {
        "pytest_netns_mysql",
        "pytest_netns_mysql.exports",
        "pytest_netns_mysql.factories",
        "pytest_netns_mysql.topology",
    }


def test_every_error_is_public() -> None:
    """A user who catches an error of ours can import the class from the package."""
    module = importlib.import_module("pytest_netns_mysql.errors")
    tree = ast.parse(Path(module.__file__ or "").read_text("utf-8"))
    classes = {statement.name for statement in tree.body if isinstance(statement, ast.ClassDef)}
    assert classes == {*ERRORS.split(), "NetnsDeprecationWarning", "NetnsWarning"}
