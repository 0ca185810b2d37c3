"""Build N namespaces, each with a veth to global, addresses and a default route: the plugin against ``ip -batch``.

$ sudo python benchmarks/build_networks.py [--runs 5] [N ...]

Both do the same, one after the other, in a fresh child process with a sandbox of its own; the building alone is timed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
import traceback
from collections.abc import Callable

from pytest_netns_mysql import Topology, from_mapping
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.kernel.network import Network

SIZES = (2, 16, 64, 256)


def topology_of(size: int) -> Topology:
    """Return a star of ``size`` namespaces."""
    names = {f"n{number}": f"10.{number // 256}.{number % 256}.2/24" for number in range(size)}
    return from_mapping({"namespaces": names})


def by_the_plugin(sandbox: Sandbox, topology: Topology) -> None:
    """Build the topology as a test run does."""
    Network(sandbox, topology)


def by_ip_batch(sandbox: Sandbox, topology: Topology) -> None:
    """Build the same by iproute2: two batches in global, then one in each namespace."""
    plan = topology.plan
    with sandbox.entered():
        _batch([], [f"netns add {name}" for name in plan.namespaces])
        lines = []
        for veth in plan.veths:
            inner, outer = veth.inner, veth.outer
            lines += [
                f"link add {outer.interface} type veth peer name {inner.interface} netns {inner.namespace}",
                f"address add {outer.addresses[0]} dev {outer.interface}",
                f"link set {outer.interface} up",
            ]
        _batch([], lines)
        gateways = {route.namespace: route.gateway for route in plan.routes}
        for veth in plan.veths:
            inner = veth.inner
            lines = [
                "link set lo up",
                f"address add {inner.addresses[0]} dev {inner.interface}",
                f"link set {inner.interface} up",
                f"route add default via {gateways[inner.namespace]}",
            ]
            _batch(["-netns", inner.namespace], lines)
        subprocess.run(["sysctl", "-qw", "net.ipv4.ip_forward=1"], check=True)


def _batch(options: list[str], lines: list[str]) -> None:
    subprocess.run(["ip", *options, "-batch", "-"], input="\n".join(lines), text=True, check=True)


def seconds(build: Callable[[Sandbox, Topology], None], topology: Topology) -> float:
    """Return how long the building takes, in a child process that ends with what it built."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            sandbox = Sandbox.create()
            begin = time.perf_counter()
            build(sandbox, topology)
            os.write(writing, str(time.perf_counter() - begin).encode())
        except BaseException:  # noqa: BLE001 - the child has nowhere to go on to
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    if not text:
        sys.exit("a build failed, see above")
    return float(text)


def main() -> None:
    """Print the medians, milliseconds, and the ratio for each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    print("| namespaces | pytest-netns-mysql | ip -batch | ratio |\n|---|---|---|---|")
    for size in options.sizes:
        topology = topology_of(size)
        _ = topology.plan
        times: dict[str, list[float]] = {"ours": [], "ip": []}
        for _ in range(options.runs):
            times["ours"].append(seconds(by_the_plugin, topology))
            times["ip"].append(seconds(by_ip_batch, topology))
            time.sleep(0.5)  # the kernel takes the namespaces down behind us
        ours, theirs = (1000 * statistics.median(times[name]) for name in ("ours", "ip"))
        print(f"| {size} | {ours:.1f} ms | {theirs:.1f} ms | {ours / theirs:.2f} |", flush=True)


if __name__ == "__main__":
    main()
