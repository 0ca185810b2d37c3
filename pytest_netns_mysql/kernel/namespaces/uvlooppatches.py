"""Patches of uvloop, whose sockets and processes are created in C, for ``async with`` blocks.

Its coroutines create them in their own steps. So the calling thread visits the namespace of the block during each step,
and is back whenever the coroutine waits. Names are resolved by a thread pool of libuv, whose threads stand anywhere:
they are resolved by the loop's executor instead.
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import socket
import types
from collections.abc import Callable, Coroutine, Generator
from types import ModuleType
from typing import Any

from pytest_netns_mysql.kernel.namespaces.asyncblock import CURRENT, AsyncBlock, deciding_block

Refuse = Callable[[AsyncBlock, str], None]
Replace = Callable[[Any, str, Any], None]

Method = Callable[..., Coroutine[Any, Any, Any]]

_OTHERS = ("create_unix_connection", "create_unix_server", "subprocess_exec", "subprocess_shell")


def patch(module: ModuleType, replace: Replace, refuse: Refuse) -> None:
    """Patch the loop of uvloop.

    Args:
        module: The module ``uvloop``.
        replace: Replaces an attribute of a class until the patches are removed.
        refuse: Raises an error for what a task does whose block has ended with its test.
    """
    loop = module.Loop
    replace(loop, "create_connection", _connecting(_visiting(loop.create_connection, refuse)))
    replace(loop, "create_server", _serving(_visiting(loop.create_server, refuse)))
    replace(loop, "create_datagram_endpoint", _with_datagrams(_visiting(loop.create_datagram_endpoint, refuse)))
    for name in _OTHERS:
        replace(loop, name, _visiting(getattr(loop, name), refuse))
    replace(loop, "getaddrinfo", _resolving(loop.getaddrinfo))


def _deciding() -> AsyncBlock | None:
    return None if CURRENT.get() is None else deciding_block()


def _visiting(method: Method, refuse: Refuse) -> Method:
    """Return a coroutine method whose steps run in the namespace of the block."""
    does = "starts a program" if method.__name__.startswith("subprocess") else "opens a socket"

    @functools.wraps(method)
    async def visiting(loop: Any, *args: Any, **options: Any) -> Any:
        block = _deciding()
        if block is None:
            return await method(loop, *args, **options)
        refuse(block, does)
        return await _stepping(block, method(loop, *args, **options))

    return visiting


@types.coroutine
def _stepping(block: AsyncBlock, coroutine: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Await a coroutine, with the calling thread in the namespace of a block during each step."""
    step: Callable[[Any], Any] = coroutine.send
    value: Any = None
    while True:
        with block.place.visited(block):
            try:
                awaited = step(value)
            except StopIteration as stop:
                return stop.value
        try:
            value = yield awaited
            step = coroutine.send
        except BaseException as error:  # noqa: BLE001 - the coroutine gets it, as from any await
            step, value = coroutine.throw, error


def _connecting(method: Method) -> Method:
    @functools.wraps(method)
    async def connecting(loop: Any, factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        if _deciding() is None or not _is_name(host):
            return await method(loop, factory, host, port, **options)
        if options.get("ssl"):
            options.setdefault("server_hostname", host)
        *others, last = await _addresses(loop, host)
        for address in others:
            with contextlib.suppress(OSError):
                return await method(loop, factory, address, port, **options)
        return await method(loop, factory, last, port, **options)

    return connecting


def _serving(method: Method) -> Method:
    @functools.wraps(method)
    async def serving(loop: Any, factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        if _deciding() is not None and host is not None:
            hosts = [host] if isinstance(host, str) else host
            host = [address for each in hosts for address in await _addresses(loop, each)]
        return await method(loop, factory, host, port, **options)

    return serving


def _with_datagrams(method: Method) -> Method:
    @functools.wraps(method)
    async def endpoint(loop: Any, factory: Any, local: Any = None, remote: Any = None, **options: Any) -> Any:
        ends = {"local_addr": options.pop("local_addr", local), "remote_addr": options.pop("remote_addr", remote)}
        for end, address in ends.items():
            if address is not None and _deciding() is not None:
                ends[end] = (await _addresses(loop, address[0]))[0], address[1]
        return await method(loop, factory, **ends, **options)

    return endpoint


def _resolving(method: Method) -> Method:
    @functools.wraps(method)
    async def resolving(loop: Any, host: Any, port: Any, **options: Any) -> Any:
        if _deciding() is None:
            return await method(loop, host, port, **options)
        return await loop.run_in_executor(None, functools.partial(socket.getaddrinfo, host, port, **options))

    return resolving


async def _addresses(loop: Any, host: Any) -> list[Any]:
    """Return the addresses of a host; a host that is no name as it is."""
    if not _is_name(host):
        return [host]
    found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(address[0] for *_, address in found))


def _is_name(host: Any) -> bool:
    if not isinstance(host, str) or not host:
        return False
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return True
    return False
