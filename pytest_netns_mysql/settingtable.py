"""The table of settings, which defines the command line, the environment, the ini keys and the docs page.

Every pytest run imports this module, so it has nothing but the table.
"""

from __future__ import annotations

from typing import NamedTuple

TOPOLOGY_FILE = "netns-topology.toml"
SECRET = ("external_password", "image_env")
"""The settings whose values messages do not print."""


class Setting(NamedTuple):
    """A setting: ``--netns-NAME`` on the command line, ``NETNS_NAME`` in the environment, ``netns_NAME`` in ini files.

    Attributes:
        name: NAME, in lower case.
        default: The text that is used if the setting is left out.
        help: What the setting does, for ``--help`` and the docs.
        metavar: What stands for the value in ``--help`` and messages.
        choices: The allowed values; empty if others are allowed.
        former: Earlier names, which work and are warned of.
        spelled: The name by which the setting is looked for; ``name`` if it is empty.
    """

    name: str
    default: str
    help: str
    metavar: str
    choices: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    spelled: str = ""

    @property
    def spellings(self) -> tuple[Setting, ...]:
        """The setting itself, and the setting by each of its earlier names."""
        return (self, *(self._replace(spelled=name) for name in self.former))

    @property
    def option(self) -> str:
        """The name on the command line."""
        return f"--netns-{(self.spelled or self.name).replace('_', '-')}"

    @property
    def variable(self) -> str:
        """The name in the environment."""
        return f"NETNS_{(self.spelled or self.name).upper()}"

    @property
    def ini(self) -> str:
        """The name in the ini file."""
        return f"netns_{self.spelled or self.name}"


TABLE: tuple[Setting, ...] = (
    Setting(
        "mode",
        "auto",
        "how to create the sandbox: direct needs CAP_SYS_ADMIN and CAP_NET_ADMIN, rootless needs a user namespace; "
        "auto is direct if possible, else rootless",
        "MODE",
        ("auto", "direct", "rootless"),
    ),
    Setting(
        "topology",
        "red-blue",
        "the network: a preset, a TOML file, FILE::NAME for one of the topologies in a file, a compose file, or a "
        "folder with one; if several are given, separated by commas, every netns test runs in each of them; if the "
        "setting is left out, a netns-topology.toml beside the ini file is used",
        "NAME|FILE[,...]",
    ),
    Setting(
        "mysqld",
        "auto",
        "the server: the path of a mysqld, a mariadbd or a base directory; mariadb; docker://IMAGE; external:HOST:PORT "
        "for a server that is already running; auto looks on PATH and among the fetched servers, then fetches one, and "
        "as a last resort runs docker://mysql:8.4; if several are given, separated by commas, every netns test runs on "
        "each of them",
        "auto|mariadb|PATH|docker://IMAGE|external:HOST:PORT[,...]",
    ),
    Setting(
        "fetch",
        "auto",
        "whether to download a server that is missing: auto fetches MySQL, MariaDB and MySQL Router from the machine's "
        "package sources, and pulls images; with never, a missing server is an error",
        "WHEN",
        ("auto", "never"),
    ),
    Setting(
        "image_env",
        "",
        "environment variables for the entrypoint of docker://IMAGE, such as MYSQL_DATABASE=shop,MYSQL_USER=app",
        "NAME=VALUE[,...]",
    ),
    Setting(
        "image_initdb",
        "",
        "a folder of scripts, which the entrypoint of docker://IMAGE finds in /docker-entrypoint-initdb.d; they run "
        "again only if the folder has changed",
        "DIR",
    ),
    Setting("external_user", "root", "the administrator's account on external:HOST:PORT", "USER"),
    Setting(
        "external_password",
        "",
        "the password of netns_external_user; best set in the environment, where process lists do not show it",
        "PASSWORD",
    ),
    Setting(
        "unavailable",
        "error",
        "what to do with netns tests when no sandbox can be created",
        "WHAT",
        ("error", "skip"),
    ),
    Setting(
        "other_tests",
        "fail",
        "what to do with other tests that come after the process has left the host's network for good: fail them, or "
        "allow them to run inside the sandbox, without the host's network",
        "WHAT",
        ("fail", "allow"),
    ),
    Setting(
        "leftovers",
        "reset",
        "what to do with changes that a test leaves behind, such as accounts, schemas, variables and routes: reset "
        "undoes them, fail undoes them and fails the test, keep does nothing; the marker netns_leftovers overrides the "
        "setting for single tests",
        "WHAT",
        ("reset", "fail", "keep"),
    ),
    Setting(
        "pause",
        "marked",
        "when to pause and wait for Enter, so that `netns-mysql shell` can look at a test while everything is still "
        "up: marked, before the teardown of tests with the marker netns_pause; failed, of each netns test that failed, "
        "too (--netns-pause alone means the same); off, never",
        "WHEN",
        ("marked", "failed", "off"),
    ),
    Setting(
        "start",
        "auto",
        "when to start netns_mysqld: early, before conftests are imported; late, when the first test asks for the "
        "server; auto, early if the previous run used the server, else right after collection",
        "WHEN",
        ("auto", "early", "late"),
    ),
    Setting(
        "reuse",
        "auto",
        "whether to use a standing server, see `netns-mysql up`: auto uses a running one, but not in "
        "CI (if the environment variable CI is set); always uses a running one in CI, too, and starts one if none runs",
        "WHEN",
        ("auto", "always", "never"),
    ),
    Setting(
        "report",
        "",
        "files to write the report of all netns tests to when the run ends: an HTML page, JSON or Markdown, by the "
        "suffix of each file",
        "FILE.html|FILE.json|FILE.md[,...]",
    ),
    Setting(
        "general_log",
        "off",
        "whether servers write the general query log: with on, the report of a failed test has the last statements of "
        "all connections, closed ones too, and those of MariaDB; a server that others run is left as it is",
        "WHEN",
        ("off", "on"),
    ),
    Setting(
        "capture",
        "off",
        "whether to write the packets of a netns test to a pcapng file for Wireshark, with all interfaces of all "
        "namespaces: failed for tests that fail, all for every netns test",
        "WHICH",
        ("off", "failed", "all"),
    ),
    Setting(
        "capture_dir",
        "netns-captures",
        "the folder for the files of netns_capture, one for each test",
        "DIR",
    ),
    Setting(
        "capture_keys",
        "off",
        "whether the files of netns_capture contain the secrets of the TLS connections that mysql.connector and "
        "PyMySQL opened through this plugin, so that Wireshark decrypts them",
        "WHEN",
        ("off", "on"),
    ),
    Setting("start_timeout", "30", "how long to wait for a mysqld to answer, in seconds, at most a day", "SECONDS"),
    Setting(
        "cache", "", "the folder for fetched servers and data directories; empty means the user's cache folder", "DIR"
    ),
)
