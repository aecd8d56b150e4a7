"""Draws watch.png: a sweep that is followed while it runs. Needs Chromium and the extra `suite`."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.analysis.browser import browser
from tests.watching.test_watch import watching
from tests.watching.test_watch_in_browser import ONLINE

COMMAND = [sys.executable, "-m", "runner"]
RUN = "dataset=moons stopping.target=null stopping.max_epochs=20"
SWEEP = """
dataset=moons topology=in-4-out,in-8-out,in-16-out optimizer.learning_rate=0.01,0.03,0.1,0.3,1
seed=range(1,11) stopping.target=null stopping.max_epochs=600 recording.history=10 sweep.workers=2
"""

with tempfile.TemporaryDirectory() as place:
    root = Path(place) / "outputs"
    run = [*COMMAND, f"hydra.run.dir={root}/first", *RUN.split()]
    sweep = [*COMMAND, "-m", f"hydra.sweep.dir={root}/sweep", *SWEEP.split()]
    subprocess.run(run, check=True, capture_output=True)  # noqa: S603 - the runner itself
    with watching(root) as (_, address), browser(1100, 640) as driver:
        driver.execute_cdp_cmd("Network.emulateNetworkConditions", ONLINE)
        jobs = subprocess.Popen(sweep, stdout=subprocess.DEVNULL)  # noqa: S603 - likewise
        driver.get(address)
        dots = "return document.querySelectorAll('#curves circle').length"
        while driver.execute_script(dots) < 60:
            time.sleep(0.2)
        driver.save_screenshot(str(Path(__file__).with_name("watch.png")))
        jobs.terminate()
        jobs.wait()
