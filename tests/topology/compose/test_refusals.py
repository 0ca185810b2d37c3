"""What cannot be read of a compose file is told by file, line and key."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pytest_netns_mysql.errors import TopologyError
from pytest_netns_mysql.topology import load
from pytest_netns_mysql.topology.compose import knownkeys
from tests.topology.compose.conftest import Refused

pytestmark = pytest.mark.as_user


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "services:\n  db:\n    image: mysql\n    netwroks: [back]\n",
            "a service has no key 'netwroks'\n"
            "  where: compose.yaml, line 4: services.db.netwroks\n"
            f"  tried: used: {', '.join(sorted(knownkeys.SERVICE_USED))}\n"
            "  tried: other keys of the specification are not used\n"
            "  do: write networks",
        ),
        (
            "services: {db: {image: mysql}}\nhorse: 1\n",
            "a compose file has no key 'horse'\n"
            "  where: compose.yaml, line 2: horse\n"
            "  tried: used: configs, include, name, networks, secrets, services\n"
            "  tried: other keys of the specification are not used\n"
            "  do: remove it, or begin its name with x-",
        ),
        (
            "services: {db: {image: mysql, external_links: [other]}}",
            "services.db.external_links is not supported: containers of other projects are not part of the topology\n"
            "  where: compose.yaml, line 1: services.db.external_links\n"
            "  do: remove it, by !reset for example",
        ),
        (
            "services: {db: {image: mysql, networks: [back]}}",
            "there is no network 'back'\n"
            "  where: compose.yaml, line 1: services.db.networks.back\n"
            "  tried: the file has default\n"
            "  do: write one of these, or add it under networks at the end of the file",
        ),
        (
            "services: {db: {image: mysql, networks: {default: {ipv4_address: 172.18.0.9}}}}",
            "db has a fixed address on the network default, which has no subnet of its own\n"
            "  where: compose.yaml, line 1: services.db.networks.default.ipv4_address\n"
            "  do: write networks.default.ipam.config with a subnet, as Docker requires",
        ),
        (
            "services: {db: {image: mysql, networks: {a: {ipv6_address: '2001:db8::9'}}}}\n"
            "networks: {a: {ipam: {config: [{subnet: '2001:db8::/64'}]}}}",
            "db has a fixed address on the network a, which has no subnet of its own\n"
            "  where: compose.yaml, line 1: services.db.networks.a.ipv6_address\n"
            "  do: write networks.a.ipam.config with a subnet, as Docker requires, and enable_ipv6: true",
        ),
        (
            "services: {db: {image: mysql, networks: {a: {ipv4_address: 10.9.0.1}}}}\n"
            "networks: {a: {ipam: {config: [{subnet: 10.9.0.0/24}]}}}",
            "10.9.0.1 is given twice on the network a: the gateway has it\n"
            "  where: compose.yaml, line 1: services.db.networks.a.ipv4_address\n"
            "  do: write another",
        ),
        (
            "services: {db: {image: mysql, networks: {a: {ipv4_address: 10.8.0.5}}}}\n"
            "networks: {a: {ipam: {config: [{subnet: 10.9.0.0/24}]}}}",
            "10.8.0.5 is not the address of a host in 10.9.0.0/24\n"
            "  where: compose.yaml, line 1: services.db.networks.a.ipv4_address\n"
            "  do: write an address in 10.9.0.0/24",
        ),
        (
            "services: {db: {image: mysql, networks: [a]}}\nnetworks: {a: {ipam: {config: [{subnet: 10.9.0.0/33}]}}}",
            "'10.9.0.0/33' is not a subnet\n"
            "  where: compose.yaml, line 2: networks.a.ipam.config[0].subnet\n"
            "  do: write it as 172.28.0.0/16",
        ),
        *(
            (
                f"services: {{db: {{image: mysql, networks: [a]}}}}\n"
                f"networks: {{a: {{enable_ipv6: true, ipam: {{config: [{{subnet: '{subnet}'}}]}}}}}}",
                f"{subnet} cannot be the subnet of a bridge\n"
                "  where: compose.yaml, line 2: networks.a.ipam.config[0].subnet\n"
                "  do: write 172.28.0.0/16, for example",
            )
            for subnet in ("fe80::/64", "ff00::/8", "::1/128", "224.0.0.0/8", "127.1.0.0/16", "10.9.0.0/31", "::/0")
        ),
        (
            "services: {db: {image: mysql, networks: [a, b]}}\n"
            "networks: {a: {driver_opts: &o {com.docker.network.bridge.name: shop0}}, b: {driver_opts: *o}}",
            "the networks a and b have bridges of the same name, shop0\n"
            "  where: compose.yaml, line 2: networks.b.driver_opts\n"
            "  do: change com.docker.network.bridge.name of one of them",
        ),
        (
            "services: {db: {image: mysql, networks: {a: {interface_name: n0}, b: {interface_name: n0}}}}\n"
            "networks: {a: , b: }",
            "an interface of db cannot be called 'n0': another one is\n"
            "  where: compose.yaml, line 1: services.db.networks.b.interface_name\n"
            "  do: write another name",
        ),
        (
            "services: {db: {image: mysql, networks: [a]}, b: {image: x, networks: [a]}}\n"
            "networks: {a: {ipam: {config: [{subnet: 10.9.0.0/30}]}}}",
            "there is no address left on the network a for b\n"
            "  where: compose.yaml, line 1: services.b.networks.a\n"
            "  do: write a wider subnet or ip_range",
        ),
        (
            "services: {db: {image: mysql, networks: [a, b]}}\n"
            "networks:\n"
            "  a: {ipam: {config: [{subnet: 10.9.0.0/24}]}}\n"
            "  b: {ipam: {config: [{subnet: 10.0.0.0/8}]}}\n",
            "the subnets of the networks a (10.9.0.0/24) and b (10.0.0.0/8) overlap\n"
            "  where: compose.yaml, line 4: networks.b.ipam\n"
            "  do: give each network a subnet of its own",
        ),
        (
            "services: {db: {image: mysql, networks: [a]}}\nnetworks: {a: {driver: overlay}}",
            "the network a has the driver overlay\n"
            "  where: compose.yaml, line 2: networks.a.driver\n"
            "  tried: supported: bridge\n"
            "  do: write driver: bridge in a file of your own that is merged over this one",
        ),
        (
            "services: {db: {image: mysql, network_mode: 'container:x'}}",
            "network_mode: container:x names a container that is not part of the topology\n"
            "  where: compose.yaml, line 1: services.db.network_mode\n"
            "  do: write network_mode: service:NAME, with a service of this file",
        ),
        (
            "services: {db: {image: mysql, network_mode: 'service:x'}, app: {image: app}}",
            "db has the network of 'x', which is no other service that is active\n"
            "  where: compose.yaml, line 1: services.db.network_mode\n"
            "  tried: app\n"
            "  do: write one of these",
        ),
        (
            "services: {db: {image: mysql, network_mode: host, networks: [default]}}",
            "db has network_mode and networks\n"
            "  where: compose.yaml, line 1: services.db.networks\n"
            "  do: keep one of them",
        ),
        (
            "services: {db: {image: mysql, network_mode: host}}",
            "no service has a network of its own\n"
            "  where: compose.yaml, line 1: services\n"
            "  do: write a service without network_mode: host",
        ),
        (
            "services: {global: {image: mysql}}",
            "a service cannot be called 'global' here: that is the sandbox's own namespace\n"
            "  where: compose.yaml, line 1: services.global\n"
            "  do: rename it in a copy of the file",
        ),
        (
            "services: {db: {image: mysql, mac_address: 01-00-00-00-00-00}}",
            "'01-00-00-00-00-00' cannot be a MAC address\n"
            "  where: compose.yaml, line 1: services.db.mac_address\n"
            "  do: write it as 02:42:ac:12:00:02",
        ),
        (
            "services: {db: {image: mysql, scale: 2, container_name: db}}",
            "db has 2 containers, and a name for one alone\n"
            "  where: compose.yaml, line 1: services.db.container_name\n"
            "  do: remove container_name",
        ),
        (
            "services: {db: {image: mysql, extra_hosts: ['a.test:192.0.2.1']}, app: {image: x, links: ['db:a.test']}}",
            "a.test means 172.18.0.2 for app, and 192.0.2.1 for others (db)\n"
            "  where: compose.yaml, line 1: services.app.links\n"
            "  do: give the names different spellings: all namespaces of a sandbox share one file of host names",
        ),
        (
            "services: {db: {image: mysql, profiles: [debug]}}",
            "no service is active\n"
            "  where: compose.yaml, line 1: services\n"
            "  do: name a profile in the environment variable COMPOSE_PROFILES",
        ),
        (
            "services: {db: {image: [mysql]}}",
            "services.db.image is a list: it takes text\n"
            "  where: compose.yaml, line 1: services.db.image\n"
            "  do: write image: text",
        ),
        (
            "services: {db: {image: mysql}}\nnetworks: {default: {internal: perhaps}}",
            "networks.default.internal is 'perhaps': it takes true or false\n"
            "  where: compose.yaml, line 2: networks.default.internal\n"
            "  do: write internal: true",
        ),
        (
            "services:\n  db: {image: mysql}\n  db: {image: mariadb}\n",
            "the key 'db' is given twice\n  where: compose.yaml, line 2, and line 3\n  do: keep one of them",
        ),
        (
            "- a",
            "a compose file must be a mapping\n  where: compose.yaml\n  do: write services: and a service below it",
        ),
        ("", "the compose file is empty\n  where: compose.yaml\n  do: write services: and a service below it"),
        (
            "name: x",
            "the compose file has no services\n"
            "  where: compose.yaml, line 1\n"
            "  do: write services: and a service below it",
        ),
        (
            "services:\n  db: [\n",
            "this is not YAML: expected the node content, but found '<stream end>'\n"
            "  where: compose.yaml, line 3\n"
            "  do: correct that line",
        ),
        (
            "services: &a {db: *a}",
            "an alias stands inside of what it stands for\n  where: compose.yaml, line 1\n  do: remove it",
        ),
        (
            "services:\n  web: {image: app, scale: 2}\n  web-1: {image: app}\n",
            "the services web and web-1 would both have a namespace web-1\n"
            "  where: compose.yaml, line 3: services.web-1\n"
            "  do: rename one of them in a copy of the file",
        ),
        (
            "services: {}",
            "the compose file has no services\n"
            "  where: compose.yaml, line 1\n"
            "  do: write services: and a service below it",
        ),
        (
            "{" * 3000,
            "the mappings or lists are nested too deeply to be read\n"
            "  where: compose.yaml, line 1\n"
            "  do: nest them less deeply",
        ),
        (
            f"a:\n  - {'[' * 200}",
            "the mappings or lists are nested too deeply to be read\n"
            "  where: compose.yaml, line 2\n"
            "  do: nest them less deeply",
        ),
        (
            "".join(f"{' ' * depth}a:\n" for depth in range(1000)),
            "the mappings or lists are nested too deeply to be read\n"
            "  where: compose.yaml\n"
            "  do: nest them less deeply",
        ),
    ],
)
def test_a_fault_is_told(refused: Refused, text: str, message: str) -> None:
    assert refused(text) == message


def test_a_file_that_is_not_text_is_told(folder: Path) -> None:
    file = folder / "compose.yaml"
    file.write_bytes(b"services: \xff")
    with pytest.raises(TopologyError) as error:
        load(str(file))
    assert error.value.what.startswith("the compose file cannot be read: 'utf-8' codec can't decode byte 0xff")


@pytest.mark.parametrize(
    ("module", "what"),
    [
        ("yaml", "compose files need PyYAML, which is not installed"),
        ("dotenv.parser", "files of variables need python-dotenv, which is not installed"),
    ],
)
def test_a_missing_package_is_named_with_the_extra(
    folder: Path, monkeypatch: pytest.MonkeyPatch, module: str, what: str
) -> None:
    (folder / "compose.yaml").write_text("services: {db: {image: mysql}}")
    (folder / ".env").write_text("" if module == "dotenv.parser" else "A=1")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(TopologyError) as error:
        load(str(folder / "compose.yaml"))
    assert error.value.what == what
    assert error.value.remedies == ("pip install 'pytest-netns-mysql[compose]'",)
