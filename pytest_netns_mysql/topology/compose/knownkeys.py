"""The keys of compose files: those that are used, and those that do not matter to a network; docs/howto/compose.md."""

from __future__ import annotations

from collections.abc import Mapping

FILE_USED = ("name", "services", "networks", "secrets", "configs", "include")
FILE_NOT_USED = ("version", "volumes", "models")

SERVICE_USED = (
    *("image", "environment", "env_file", "command", "volumes", "secrets", "configs"),
    *("networks", "network_mode", "mac_address", "ports", "expose", "links", "extra_hosts", "container_name"),
    *("profiles", "extends", "scale", "deploy"),
)
SERVICE_NOT_USED = (
    *("annotations", "attach", "blkio_config", "build", "cap_add", "cap_drop", "cgroup", "cgroup_parent"),
    *("cpu_count", "cpu_percent", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares", "cpus"),
    *("cpuset", "credential_spec", "depends_on", "develop", "device_cgroup_rules", "devices", "dns", "dns_opt"),
    *("dns_search", "domainname", "entrypoint", "gpus", "group_add", "healthcheck", "hostname", "init", "ipc"),
    *("isolation", "label_file", "labels", "logging", "mem_limit", "mem_reservation", "mem_swappiness"),
    *("memswap_limit", "models", "oom_kill_disable", "oom_score_adj", "pid", "pids_limit", "platform", "post_start"),
    *(
        "pre_stop",
        "privileged",
        "provider",
        "pull_policy",
        "pull_refresh_after",
        "read_only",
        "restart",
        "runtime",
        "security_opt",
    ),
    *("shm_size", "stdin_open", "stop_grace_period", "stop_signal", "storage_opt", "sysctls", "tmpfs", "tty"),
    *("ulimits", "use_api_socket", "user", "userns_mode", "uts", "volumes_from", "working_dir"),
)

DEPLOY_USED = ("replicas",)
DEPLOY_NOT_USED = (
    *("endpoint_mode", "labels", "mode", "placement", "resources", "restart_policy", "rollback_config"),
    "update_config",
)

MEMBER_USED = (
    *("aliases", "ipv4_address", "ipv6_address", "mac_address", "priority", "gw_priority", "interface_name"),
)
MEMBER_NOT_USED = ("driver_opts",)

NETWORK_USED = ("driver", "driver_opts", "enable_ipv4", "enable_ipv6", "external", "internal", "ipam", "name")
NETWORK_NOT_USED = ("attachable", "labels")

REFUSED: Mapping[str, str] = {
    "external_links": "containers of other projects are not part of the topology",
    "link_local_ips": "MySQL cannot name an address that needs an interface",
}
"""Keys that matter and are not supported, each with the reason."""
