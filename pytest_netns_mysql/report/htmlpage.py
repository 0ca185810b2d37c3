"""The report of a run as one HTML page that needs no other file, and of a test as a part of another page."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from pytest_netns_mysql.report import pagetexts
from pytest_netns_mysql.report.lanes import LANES, bars_of_tests, timeline
from pytest_netns_mysql.report.reportdata import RunReport, TestReport
from pytest_netns_mysql.topology.diagram import tones

_ORDER = ("failed", "skipped", "passed")


class Colours:
    """The colour of each namespace as the name of a class in the style sheet, by topology."""

    def __init__(self, given: Mapping[str, Mapping[str, str]]) -> None:
        """Take the colours of the drawings; other namespaces get one when they are first met."""
        self._given = given
        self.used: set[str] = set()

    def __call__(self, namespace: str, topology: str) -> str:
        """Return the class of a namespace."""
        colour = self._given.get(topology, {}).get(namespace) or tones.tones([namespace])[namespace]
        self.used.add(colour)
        return f"tone-{colour.removeprefix('#')}"


def page(run: RunReport) -> str:
    """Return the HTML page of a run."""
    colours = Colours(run.colours)
    environment = _environment(colours)
    tests = sorted(enumerate(run.tests), key=lambda pair: _ORDER.index(pair[1].outcome))
    bars, rows = bars_of_tests(run)
    body = environment.get_template("body.html").render(
        run=run,
        groups={outcome: [pair for pair in tests if pair[1].outcome == outcome] for outcome in _ORDER},
        counts={outcome: len(pagetexts.with_outcome(run, outcome)) for outcome in _ORDER},
        bars=bars,
        rows=rows,
        drawings={name: Markup(drawing) for name, (drawing, _) in run.topologies.items()},  # noqa: S704 - our own SVG
        headline=pagetexts.headline(run),
    )
    style = _source(environment, "page.css").replace("DARK", _source(environment, "dark.css")) + _tones(colours.used)
    script = _source(environment, "page.js")
    return environment.get_template("page.html").render(
        body=Markup(body),  # noqa: S704 - made by the template above
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        style_hash=_hash(style),
        script_hash=_hash(script),
        headline=pagetexts.headline(run),
    )


def part(test: TestReport, colours: Mapping[str, Mapping[str, str]]) -> str:
    """Return the report of one test as HTML that can stand inside of another page.

    Args:
        test: The report.
        colours: See RunReport.
    """
    classes = Colours(colours)
    environment = _environment(classes)
    body = environment.get_template("part.html").render(test=test)
    style = _source(environment, "part.css") + _tones(classes.used)
    return f'<div class="netns-report"><style>{style}</style>{body}</div>'


def _environment(colours: Colours) -> Environment:
    environment = Environment(
        loader=PackageLoader("pytest_netns_mysql.report"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters.update(
        clock=pagetexts.clock,
        date=pagetexts.date,
        iso=pagetexts.iso,
        lasting=pagetexts.lasting,
        tone=colours,
        outside=pagetexts.outside,
        why=pagetexts.why,
        has_explanation=pagetexts.has_explanation,
        breakable=_breakable,
        partition=str.partition,
    )
    environment.globals.update(timeline=timeline, LANES=LANES)
    return environment


def _breakable(nodeid: str) -> Markup:
    """Return the name of a test, in which lines may break at the ends of its parts."""
    return Markup("<wbr>").join(re.split(r"(?<=[/_])|(?=::)", pagetexts.visible(nodeid)))


def _finalize(value: Any) -> Any:
    """Escape what is not printable in each text that a template shows, before its HTML is escaped."""
    return pagetexts.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _source(environment: Environment, name: str) -> str:
    if environment.loader is None:
        raise RuntimeError("the environment has no loader")
    return environment.loader.get_source(environment, name)[0]


def _tones(colours: Iterable[str]) -> str:
    return "".join(f".tone-{colour.removeprefix('#')}{{background:{colour}}}\n" for colour in sorted(colours))


def _hash(text: str) -> str:
    """Return the hash by which a Content Security Policy allows an inline style or script."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
