"""supplier.merged: two suppliers are one."""
