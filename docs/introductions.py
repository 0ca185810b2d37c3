"""The introductions of the pages that `generate.py` writes, and links to pages that say more."""

from __future__ import annotations

SETTINGS = """\
# Settings

Each setting of the plugin has three names: an option of pytest's command line, an environment variable, and a key of
the ini file (`pytest.ini`, `pyproject.toml` or another file that pytest reads).

| where | example |
|---|---|
| command line | `pytest --netns-leftovers=fail` |
| environment | `NETNS_LEFTOVERS=fail pytest` |
| ini file | `netns_leftovers = fail` |

If a setting is set in several places, the first of these places wins. A marker on a test, and an argument of a factory,
win over all of them. The head of pytest's output shows which settings are set, and where.

An empty value counts as a value, and most settings refuse it. To get the default, leave the setting out.

A *netns test* is a test that has the marker `netns` or uses a fixture of the plugin: see [What a netns test
is](marker.md#what-a-netns-test-is).

Relative paths start at the working directory. In the ini file, the paths in `netns_topology`, `netns_report`,
`netns_capture_dir` and `netns_image_initdb` start at the folder of the ini file."""

IMAGE = "[Servers in containers](../howto/containers.md#configure-the-image)"
EXTERNAL = "[A server that you run](../howto/which-server.md#a-server-that-you-run)"
PACKETS = "[Capture packets](../howto/capture.md)"
REPORTS = "[Read and save reports](../howto/reports.md)"
SEE_ALSO = {
    "mode": "[The sandbox](../explanation/how-it-works.md#the-sandbox)",
    "topology": "[Topologies](topologies.md)",
    "mysqld": "[Choose the server](../howto/which-server.md)",
    "fetch": "[Fetch a server](../howto/which-server.md#fetch-a-server)",
    **dict.fromkeys(("image_env", "image_initdb"), IMAGE),
    **dict.fromkeys(("external_user", "external_password"), EXTERNAL),
    "unavailable": "[Where it cannot work](../explanation/limits.md#where-it-cannot-work)",
    "other_tests": "[Order of tests](marker.md#order-of-tests)",
    "leftovers": "[A clean server and network for every test](../howto/clean-state.md)",
    "pause": "[Pause a test](../howto/live.md#pause-a-test)",
    "start": "[When mysqld starts](../explanation/how-it-works.md#when-mysqld-starts)",
    "reuse": "[Keep a server up between runs](../howto/standing-server.md)",
    **dict.fromkeys(("report", "general_log"), REPORTS),
    **dict.fromkeys(("capture", "capture_dir", "capture_keys"), PACKETS),
    "cache": "[The cache](../explanation/how-it-works.md#the-cache)",
}
"""Where the pages say more about a setting, by the name of the setting."""

PRESETS = """\
# Presets

A preset is a [topology](topologies.md) that comes with the plugin. Choose a preset by its name: for a run with
`--netns-topology=nat`, or for a test with `@pytest.mark.netns("red", topology="nat")`. If you choose nothing, tests run
over `red-blue`.

For each preset, this page has a drawing, the text that `netns-mysql show NAME` prints, and the file. To change a
preset, copy its file into a `netns-topology.toml` beside your ini file."""

REPORT_FORMAT = """\
# The format of reports

`--netns-report=FILE.json` writes a JSON file: see [Read and save reports](../howto/reports.md#json). The file is an
object with the keys of [RunReport](#runreport). A [JSON Schema](report.schema.json) describes the same format."""

COMMANDS = """\
# Commands

`netns-mysql` is the command line of the plugin. `netns-mysql COMMAND --help` prints the same text as this page.

Commands read the settings from their options, from the environment (`NETNS_TOPOLOGY` and the other
[settings](settings.md)), and from a `netns-topology.toml` in the working directory. Only `matrix` reads the ini file of
the project."""

EXIT_CODES = """\
| exit code | meaning |
|---|---|
| 0 | The command worked. |
| 1 | The command did not work. The message says what to do. |
| 2 | The command line is wrong. |
| 126, 127 | The command of `run` or `shell` cannot be executed (126), or was not found (127). |
| 130 | The command was interrupted by Ctrl-C. |
| 141 | The program that reads the output has ended. |

In all other cases, `run` and `shell` return the exit code of their command."""
