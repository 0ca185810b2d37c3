"""What a worker of xdist on another machine gets from its controller: a variable of its environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

OF_CONTROLLER = ("capture_dir", "report", "pause")
"""The settings that concern the controller alone: its machine gets the files, and has the terminal."""

CAPTURES = "netns_captures"
"""The key in ``workerinput`` for the channel by which such a worker sends the files of captured packets."""


class SentSetting(NamedTuple):
    """A setting of the controller.

    Attributes:
        text: Its value; paths of files that xdist copies are those of the worker's machine.
        place: Where it is set.
        is_argument: Whether it stands on the command line, which is nearer than the environment.
    """

    text: str
    place: str
    is_argument: bool


class FromController(NamedTuple):
    """What a controller sends to a worker that does not share its files.

    Attributes:
        machine: The worker's machine, as --tx names it; '' for the machine of the controller.
        worker: The name of the worker.
        writes_report: Whether the controller writes a report of the netns tests.
        capture_folder: The folder of the controller for captured packets.
        settings: The settings that are set, by name.
    """

    machine: str
    worker: str
    writes_report: bool
    capture_folder: str
    settings: Mapping[str, SentSetting]

    def as_text(self) -> str:
        """Return the text for the environment."""
        return json.dumps(self)

    @property
    def title(self) -> str:
        """The machine and the worker, for messages; '' on the machine of the controller."""
        return f"{self.machine} (worker {self.worker})" if self.machine else ""


def read(text: str) -> FromController:
    """Return what a text is of that ``FromController.as_text`` has made."""
    machine, worker, writes_report, capture_folder, settings = json.loads(text)
    sent = {name: SentSetting(*setting) for name, setting in settings.items()}
    return FromController(machine, worker, writes_report, capture_folder, sent)
