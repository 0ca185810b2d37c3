"""What can be fetched: of each product, the packages that hold it and what of them is kept."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_netns_mysql.mysql.versions import FIRST_MARIADB, FIRST_VERSION, WAYS_OUT, Version


@dataclass(frozen=True)
class Product:
    """Describe something that the machine's package sources hold.

    Shape: ``package`` is the name of the package that holds it, which a release's number may follow; ``beside`` are
    packages of the same release that are taken too. ``debian_suite`` is the suite where Debian keeps it, None for the
    machine's own. ``programs`` are kept, the main one first, ``more`` where the packages hold them; ``plugins`` is the
    folder, below that of libraries, of what is opened by name, ``share`` are those below /usr/share that may hold its
    data. ``asked`` has the main program print its version; ``since`` is what came with ``first``, the first usable one.
    """

    name: str
    title: str
    package: str
    beside: tuple[str, ...]
    debian_suite: str | None
    programs: tuple[str, ...]
    more: tuple[str, ...]
    plugins: str
    share: tuple[str, ...]
    asked: tuple[str, ...]
    first: Version
    since: str
    remedies: tuple[str, ...]

    @property
    def program(self) -> str:
        """Return the name of the main program."""
        return self.programs[0]


MYSQL = Product(
    name="mysql",
    title="MySQL",
    package="mysql-server-core",
    beside=("mysql-client-core",),
    debian_suite="unstable",  # the only one where Debian keeps MySQL
    programs=("mysqld", "mysql", "mysqldump", "mysqladmin"),
    more=("mysqlbinlog", "mysqlcheck", "mysqlimport", "mysqlshow", "mysqlslap", "mysql_config_editor", "perror"),
    plugins="mysql/plugin",
    share=("mysql",),
    asked=("--no-defaults", "--version"),
    first=FIRST_VERSION,
    since="network namespace support",
    remedies=(WAYS_OUT[0], WAYS_OUT[2]),
)

MARIADB = Product(
    name="mariadb",
    title="MariaDB",
    package="mariadb-server-core",
    # The dump program is in the second of these, the plugins are in the third.
    beside=("mariadb-client-core", "mariadb-client", "mariadb-server"),
    debian_suite=None,
    programs=("mariadbd", "mariadb", "mariadb-dump", "mariadb-admin"),
    more=("mariadb-binlog", "mariadb-check", "mariadb-import", "mariadb-show", "mariadb-slap", "perror"),
    plugins="mysql/plugin",
    share=("mysql", "mariadb"),  # before MariaDB 11, and since
    asked=("--no-defaults", "--version"),
    first=FIRST_MARIADB,
    since="listening sockets that are handed to the server",
    remedies=(
        "install MariaDB 10.6 or newer, from your system's packages or from MariaDB's own",
        "name a server: netns_mysqld = /path/to/mariadbd",
    ),
)

ROUTER = Product(
    name="router",
    title="MySQL Router",
    package="mysql-router",
    beside=(),
    debian_suite="unstable",
    programs=("mysqlrouter",),
    more=("mysqlrouter_keyring", "mysqlrouter_passwd", "mysqlrouter_plugin_info"),
    plugins="mysqlrouter/plugin",
    share=(),
    asked=("--version",),
    first=(8, 0, 0),
    since="the configuration that is written here",
    remedies=(
        "install MySQL Router, so that mysqlrouter is on PATH, from your system's packages or from MySQL's own",
        "name another proxy's program: factories.proxy([...])",
    ),
)

PRODUCTS = {product.name: product for product in (MYSQL, MARIADB, ROUTER)}
"""By name."""
