"""The page in a real browser, while a run and a sweep go from their start to their end."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.analysis.browser import HOW_TO_INSTALL, INSTALLED, browser, errors
from tests.analysis.test_report_in_browser import wait_for
from tests.end_to_end.commands import CHECKOUT, ENVIRONMENT
from tests.watching.test_watch import watching

pytest.importorskip("uvicorn")
pytest.importorskip("starlette")
pytestmark = [
    pytest.mark.skipif(not INSTALLED, reason=HOW_TO_INSTALL),
    pytest.mark.xdist_group("browser"),
]
EAGER = """
import runpy
from runner.watching import overview
overview.LEAST_SECONDS = overview.LEAST_WHEN_BUSY = 0.5
runpy.run_module("runner.watch", run_name="__main__")
"""
"""Looks more often than a person would, so that the test need not wait."""


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with browser(400, 800, dark=True, online=True) as driver:
        yield driver


def started(*arguments: str) -> subprocess.Popen[bytes]:
    """A command of the runner's that goes on meanwhile."""
    command = [sys.executable, "-m", "runner", *arguments]
    return subprocess.Popen(
        command, cwd=CHECKOUT, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def text(page: Any, name: str) -> str:
    """What an element says."""
    return str(page.find_element("id", name).text)


def test_it_follows_from_start_to_end(tmp_path: Path, driver: Any) -> None:
    root = tmp_path / "outputs"
    with watching(root, ("-c", EAGER)) as (_, address):
        driver.get(address)
        wait_for(driver, "byId('state').textContent.endsWith('is not there yet; waiting for it.')")
        endless = ("stopping.target=null", "stopping.max_seconds=4", "recording.history=20000")
        run = started(f"hydra.run.dir='{root}/<b>run'", *endless)
        wait_for(driver, "byId('summary').textContent.startsWith('running')")
        assert text(driver, "name") == "<b>run"
        assert driver.find_elements("css selector", "main b, nav b") == []
        wait_for(driver, "document.querySelectorAll('#network circle').length === 8")
        wait_for(driver, "document.querySelector('#curves polyline')")
        assert run.wait(60) == 0
        wait_for(driver, "byId('summary').textContent.startsWith('completed')")
        wait_for(driver, "byId('log').textContent.includes('Folder')")  # its last line
        sweep = ("seed=range(1,9)", "stopping.target=null", "stopping.max_steps=20")
        jobs = started("-m", f"hydra.sweep.dir={root}/jobs", "sweep.record=rows", *sweep)
        wait_for(driver, "byId('summary').textContent.includes('8 of 8 jobs')")
        assert jobs.wait(60) == 0
        assert text(driver, "best").startswith("Best: mean_accuracy ")
        assert driver.execute_script("return document.documentElement.scrollWidth") <= 400
        driver.find_element("css selector", "#best button").click()
        wait_for(driver, "!byId('network').hidden")
        assert text(driver, "name").startswith("jobs/")
        assert errors(driver) == []
    wait_for(driver, "byId('state').textContent.startsWith('runner.watch does not answer')")
