"""Stage management for XenServer and XCP-ng pools: everything that needs no screen."""
