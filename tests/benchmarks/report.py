"""The report of 5,000 made-up runs: size, time to build, and time to answer in Chromium.

    python -m tests.benchmarks.report [RUNS]

Targets: under 15 MB, and every answer of the page under a second.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from runner.report import main
from tests.analysis.browser import browser
from tests.analysis.made_up_runs import make_sweep

MEGABYTES, SECONDS = 15.0, 1.0
FRAME = "const done = arguments[arguments.length - 1]; const start = performance.now();"
AFTER = "requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));"
ANSWERS = {
    "sort by loss": "table.sort = 'loss'; showTable();",
    "filter topology=3-4-1": "byId('filter').value = 'topology=3-4-1'; applyFilter();",
    "filter nothing": "byId('filter').value = ''; applyFilter();",
    "next page": "turnPage(1);",
    "learning curves": "drawCurves();",
    "metric by setting": "drawMetric();",
    "parallel coordinates": "drawParallel();",
    "narrow an axis": "brush(0, 0, 0.5);",
    "heat map": "drawHeat();",
    "compare two": "choose(3); choose(4000 % runs.count);",
    "a run's panel": "showPanel(17);",
}


def answers(page: Path) -> dict[str, float]:
    """Seconds until the page has answered and drawn, for each thing asked of it."""
    found = {}
    with browser(1280, 900) as driver:
        started = time.perf_counter()
        driver.get(page.as_uri())
        driver.execute_async_script("librariesReady.then(arguments[0])")
        found["open"] = time.perf_counter() - started
        for name, code in ANSWERS.items():
            milliseconds: Any = driver.execute_async_script(FRAME + code + AFTER)
            found[name] = milliseconds / 1000
    return found


def report(runs: int) -> bool:
    """Prints the table; whether every target is met."""
    with tempfile.TemporaryDirectory() as place:
        make_sweep(Path(place) / "sweep", runs)
        page = Path(place) / "report.html"
        started = time.perf_counter()
        main([str(Path(place) / "sweep"), "-o", str(page)])
        built = time.perf_counter() - started
        size = page.stat().st_size / 1e6
        times = answers(page)
    table = Table("what", "measured", "target", "")
    rows = [("size", size, MEGABYTES, "MB"), ("build", built, None, "s")]
    rows += [(name, seconds, SECONDS, "s") for name, seconds in times.items() if name != "open"]
    rows.insert(2, ("open", times["open"], None, "s"))
    met = True
    for name, value, target, unit in rows:
        good = target is None or value < target
        met &= good
        goal = "" if target is None else f"< {target:g} {unit}"
        table.add_row(name, f"{value:.2f} {unit}", goal, "" if good else "missed")
    Console().print(table)
    return met


if __name__ == "__main__":
    sys.exit(not report(int(sys.argv[1]) if len(sys.argv) > 1 else 5000))
