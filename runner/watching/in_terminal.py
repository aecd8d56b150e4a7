"""What runs now, in a terminal: a table that is drawn over, or into a pipe a line now and then."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.errors import counted, printable
from runner.standard_output import is_watched, screen, table_console, tell
from runner.watching.numbers import sparkline
from runner.watching.overview import Overview

MOST_ROWS = 15
SECONDS_BETWEEN_LINES = 10.0


def show_text(root: Path, *, once: bool = False) -> None:
    """Shows what is below a folder until a signal ends it. once: a single time."""
    overview = Overview(root)
    if once or not is_watched(screen()):
        show_lines(overview, once=once)
        return
    from rich.live import Live  # noqa: PLC0415 - slow, and only for a terminal

    with Live(console=table_console(), auto_refresh=False) as live:
        while True:
            live.update(table(overview), refresh=True)
            time.sleep(overview.seconds)


def show_lines(overview: Overview, *, once: bool) -> None:
    """A line for each run and sweep that stands otherwise than when it was last told."""
    told: dict[str, str] = {}
    waiting = False
    while True:
        found = overview.look()
        if not found["there"] and not waiting:
            tell(absent(overview.root))
        waiting = not found["there"]
        for entry in found["runs"]:
            line = "  ".join(cells(entry))
            if told.get(entry["name"]) != line:
                tell(line)
                told[entry["name"]] = line
        if once:
            return
        time.sleep(max(SECONDS_BETWEEN_LINES, overview.seconds))


def table(overview: Overview) -> Any:
    """The runs and sweeps as a table of rich's."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    found = overview.look()
    if not found["there"]:
        return Text(absent(overview.root))
    entries = found["runs"][:MOST_ROWS]
    drawn = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    for name, least in (("run", 8), ("status", 9), ("", 18), ("metric", 14), ("what", 8)):
        drawn.add_column(Text(name), no_wrap=True, overflow="ellipsis", min_width=least)
    for entry in entries:
        drawn.add_row(*map(Text, cells(entry)))
    more = found["count"] - len(entries)
    drawn.caption = f"{more:,} more" if more > 0 else None
    return drawn


def absent(root: Path) -> str:
    """What is said where there is no folder yet."""
    return f"{printable(root)} is not there yet; waiting for it"


def cells(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """A line of the table: name, status, progress, metric, what it is."""
    return sweep_cells(entry) if entry["kind"] == "sweep" else run_cells(entry)


def sweep_cells(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Those of a sweep: how many jobs have ended, and the best of them."""
    done = f"{entry['done']:,} of {counted(entry['planned'], 'job')}"
    failed = f", {entry['failed']:,} failed" if entry["failed"] else ""
    failed += f", {entry['pruned']:,} pruned" if entry["pruned"] else ""
    best = entry["best"]
    told = printable(f"no best: {entry['why_none']}") if entry["why_none"] else ""
    if best is not None:
        told = f"best {best['value']:.6g} of #{best['job']} {best['title']}"
    metric = printable(entry["metric"])
    return printable(entry["name"]), entry["status"], done + failed, metric, told


def run_cells(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Those of a run: its last step, and its metric as a line."""
    spark = entry.get("spark") or []
    last = next((value for value in reversed(spark) if value is not None), None)
    value = "" if last is None else f" {last:.4g}"
    step = f"step {entry['step']:,}" if entry.get("step") else ""
    metric = f"{entry.get('metric', '')}{value}"
    return (
        printable(entry["name"]),
        entry["status"],
        f"{sparkline(spark)} {step}".strip(),
        metric,
        entry["title"],
    )
