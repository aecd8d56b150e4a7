"""Pieces of a person's own: registered by decorators, found by name like all others.

Modules are imported on the person's own word alone: `--plugin my.module`, an import in Python, or
an installed package's entry point `runner.plugins`. Nothing that a preset, a table, a snapshot or a
run's folder says is ever imported.
"""
