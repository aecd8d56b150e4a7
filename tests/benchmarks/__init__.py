"""Ratios against peers, each measured beside ours; never a test. `python -m tests.benchmarks.NAME`.

The peers come with `pip install -e '.[benchmarks]'`; one that is not installed is left out.
"""
