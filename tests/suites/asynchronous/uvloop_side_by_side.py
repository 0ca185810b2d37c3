import asyncio
import os
import subprocess
import sys

import pytest
import uvloop
from sockets import HOST, born, namespace_of, namespaces, thread_stands_in

from pytest_netns_mysql import BlockError, OriginError, from_mapping

PROGRAM = "import os; print(os.stat('/proc/self/ns/net').st_ino)"


@pytest.fixture(scope="session")
def netns_topology():
    return from_mapping(
        {
            "namespaces": {
                "red": {"address": "192.0.2.2/24", "hosts": ["red.example"]},
                "blue": {"address": "198.51.100.2/24", "hosts": ["blue.example"]},
            }
        }
    )


async def echo(reader, writer):
    writer.write(await reader.readline())
    await writer.drain()
    writer.close()


async def talk(address, port):
    """Connect, and return the namespace of the socket and the address that the server sees."""
    reader, writer = await asyncio.open_connection(address, port)
    try:
        writer.write(b"hello\n")
        assert await reader.readline() == b"hello\n"
        return namespace_of(writer.get_extra_info("socket")), writer.get_extra_info("sockname")[0]
    finally:
        writer.close()


async def serve(network, name, there):
    async with network[name]:
        await asyncio.sleep(0)
        server = await asyncio.start_server(echo, f"{name}.example", 0)
    (listening,) = server.sockets
    assert namespace_of(listening) == there[name]
    return server, listening.getsockname()[1]


async def ask(network, name, there, ports):
    async with network[name]:
        for other, port in ports.items():
            for host in (str(network[other].address), f"{other}.example"):
                assert await talk(host, port) == (there[name], str(network[name].address)), host
        with pytest.raises(ConnectionRefusedError):
            await talk(f"{name}.example", 1)
        with network["global"]:
            assert born() == there["global"]
        assert born() == there[name]
        assert await asyncio.to_thread(born) == there[name]


async def others(network, name, there, loop):
    async with network[name]:
        transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, (f"{name}.example", 0))
        assert namespace_of(transport.get_extra_info("socket")) == there[name]
        transport.close()
        program = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, stdout=subprocess.PIPE)
        assert int((await program.communicate())[0]) == there[name]
        shell = await asyncio.create_subprocess_shell("readlink /proc/self/ns/net", stdout=subprocess.PIPE)
        assert (await shell.communicate())[0] == b"net:[%d]\n" % there[name]


def run(main):
    loop = uvloop.new_event_loop()
    try:
        return loop.run_until_complete(main)
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def test_plain_first():
    """The threads of libuv are started on the host's network."""

    async def main():
        await asyncio.get_running_loop().getaddrinfo("localhost", 80)
        return await asyncio.to_thread(thread_stands_in)

    assert run(main()) == HOST


def test_side_by_side(netns):
    there, here = namespaces(netns), thread_stands_in()

    async def main():
        names = "red", "blue"
        found = await asyncio.gather(*(serve(netns, name, there) for name in names))
        ports = {name: port for name, (_, port) in zip(names, found, strict=True)}
        await asyncio.gather(*(ask(netns, name, there, ports) for name in names))
        await asyncio.gather(*(others(netns, name, there, asyncio.get_running_loop()) for name in names))
        for server, _ in found:
            server.close()
        assert thread_stands_in() == here

    run(main())


def test_a_block_across_an_await(netns):
    here = thread_stands_in()

    async def hold(name):
        with netns[name]:
            await asyncio.sleep(0.01)

    async def main():
        return await asyncio.gather(hold("red"), hold("blue"), return_exceptions=True)

    errors = run(main())
    assert [type(error) for error in errors] == [BlockError, BlockError]
    assert "async with netns['red']" in str(errors[0])
    assert thread_stands_in() == here


LEFT = []


@pytest.mark.netns("red")
def test_leaves_a_loop(netns):
    loop = uvloop.new_event_loop()
    gate = asyncio.Event()

    async def later():
        await gate.wait()
        await talk("192.0.2.2", 1)

    async def main():
        async with netns["red"]:
            return asyncio.create_task(later())

    LEFT.extend([loop, gate, loop.run_until_complete(main())])


@pytest.mark.netns("blue")
def test_meets_it(netns):
    loop, gate, task = LEFT
    gate.set()
    with pytest.raises(OriginError, match="and opens a socket in red, where that test had put it"):
        loop.run_until_complete(task)
    loop.close()
    assert os.stat("/proc/thread-self/ns/net").st_ino == namespaces(netns)["blue"]
