"""The kernel's floor: sandboxes, namespaces and networks of this process."""
