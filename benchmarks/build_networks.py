"""Build N namespaces, each with a veth to global, addresses and a default route: the plugin against ``ip -batch``.

    python benchmarks/build_networks.py [--runs 5] [--work FOLDER] [N ...]

Both are `netns-mysql run` around a command, one after the other: around nothing, over a topology of N namespaces; and
around a script of ``ip -batch`` that builds the same in the smallest topology. The run of nothing over the smallest
topology is taken off both.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.command import in_a_workshop, parser_of
from benchmarks.contenders import Contender, measure
from benchmarks.suites import star
from benchmarks.table import Spread
from benchmarks.workshop import Sample, Workshop

_SIZES = (16, 64, 256)
_TAKING_DOWN = 0.5  # seconds that the kernel has to remove the namespaces of a run, before the next begins


def main() -> int:
    """Measure and print; return the exit status."""
    parser = parser_of(__doc__ or "", runs=5)
    parser.add_argument("sizes", nargs="*", type=int, default=_SIZES)
    options = parser.parse_args()
    return in_a_workshop(options, lambda workshop: _measure(workshop, options))


def _measure(workshop: Workshop, options: argparse.Namespace) -> int:
    nothing = Contender("nothing", partial(_run, workshop, 1, "true"))
    print("| namespaces | pytest-netns-mysql | ip -batch | ratio |\n|---|---|---|---|")
    for size in options.sizes:
        script = workshop.work / f"ip-{size}.sh"
        script.write_text(_ip_batches(size))
        ours = Contender("ours", partial(_run, workshop, size + 1, "true"))
        theirs = Contender("ip -batch", partial(_run, workshop, 1, "sh", "-e", str(script)))
        nothing.samples.clear()
        measure(workshop, [ours, theirs, nothing], options.runs)
        mine, other = (
            [one.wall - base.wall for one, base in zip(each.samples, nothing.samples, strict=True)]
            for each in (ours, theirs)
        )
        ratio = Spread.of([one / another for one, another in zip(mine, other, strict=True)])
        cells = [str(size), Spread.of(mine).as_time(), Spread.of(other).as_time(), ratio.as_ratio()]
        print(f"| {' | '.join(cells)} |", flush=True)
    return 0


def _run(workshop: Workshop, namespaces: int, *command: str) -> Sample:
    topology = workshop.work / f"star-{namespaces}.toml"
    topology.write_text(star(namespaces))
    program = [workshop.program("netns-mysql"), "run", "--topology", str(topology), "--"]
    sample = workshop.timed([*program, *command], workshop.work)
    time.sleep(_TAKING_DOWN)
    return sample


def _ip_batches(size: int) -> str:
    """Return a script that builds N more namespaces by iproute2: two batches in global, then one in each namespace."""
    numbers = range(1, size + 1)
    networks = {number: f"10.{number // 256}.{number % 256}" for number in numbers}
    links = [
        line
        for number in numbers
        for line in (
            f"link add v{number} type veth peer name eth0 netns x{number}",
            f"address add {networks[number]}.1/24 dev v{number}",
            f"link set v{number} up",
        )
    ]
    lines = [_batch([], [f"netns add x{number}" for number in numbers]), _batch([], links)]
    for number in numbers:
        inside = [
            "link set lo up",
            f"address add {networks[number]}.2/24 dev eth0",
            "link set eth0 up",
            f"route add default via {networks[number]}.1",
        ]
        lines.append(_batch(["-netns", f"x{number}"], inside))
    return "".join(lines)


def _batch(options: list[str], lines: list[str]) -> str:
    text = "\n".join(lines)
    return f"{shlex.join(['ip', *options, '-batch', '-'])} <<'END'\n{text}\nEND\n"


if __name__ == "__main__":
    sys.exit(main())
