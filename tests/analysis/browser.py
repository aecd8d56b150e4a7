"""Headless Chromium for tests and benchmarks of the report."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

CHROMIUM, DRIVER = "chromium", "chromedriver"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
INSTALLED = shutil.which(CHROMIUM) is not None and shutil.which(DRIVER) is not None
HOW_TO_INSTALL = "needs Chromium: apt-get install chromium chromium-driver"


@contextmanager
def browser(width: int, height: int, *, dark: bool = False, online: bool = False) -> Iterator[Any]:
    """A browser, without network unless asked for, its window of so many pixels."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = str(shutil.which(CHROMIUM))
        for flag in (*FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(options, Service(shutil.which(DRIVER)))
        try:
            screen = {"width": width, "height": height, "deviceScaleFactor": 1}
            send = driver.execute_cdp_cmd
            send("Emulation.setDeviceMetricsOverride", {**screen, "mobile": width < 600})
            scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
            send("Emulation.setEmulatedMedia", {"features": [scheme]})
            send("Network.enable", {})
            rate = -1 if online else 0
            send(
                "Network.emulateNetworkConditions",
                {
                    "offline": not online,
                    "latency": 0,
                    "downloadThroughput": rate,
                    "uploadThroughput": rate,
                },
            )
            yield driver
        finally:
            driver.quit()


def errors(driver: Any) -> list[str]:
    """What the page has put on the console as an error."""
    return [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
