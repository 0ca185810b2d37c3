"""What this package asks of the Linux kernel: sandboxes, namespaces and networks."""
