"""Configurations of blueprints: what is asked for, what it takes, and the disk that cloud-init reads."""
