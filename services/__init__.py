"""The four services, and the kernel: how any service runs."""
