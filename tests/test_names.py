"""What the runner is called: on the package index its name is somebody else's."""

import re
import subprocess
import tomllib
from pathlib import Path

from runner import __version__
from runner.run_folder.writing import versions

CHECKOUT = Path(__file__).resolve().parents[1]
STRANGER = re.compile(r"pip install\s+(-\S+\s+)*['\"]?runner\b(?!-)|['\"]runner\[")
"""A text that would have a stranger's package installed."""


def tracked_texts() -> dict[str, str]:
    """The repository's texts, by place; those that git would take, without what it ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout
    paths = [CHECKOUT / name for name in names.split("\0") if name and not name.endswith(".png")]
    return {str(path): path.read_text("utf-8", "replace") for path in paths if path.is_file()}


def test_no_text_has_a_strangers_package_installed() -> None:
    for told in ("pip install 'runner[report]'", "  'runner[ray]'", "pip install -q runner"):
        assert STRANGER.search(told)
    texts = {name: text for name, text in tracked_texts().items() if name != __file__}
    assert len(texts) > 100
    found = [
        f"{name}:{number}: {line}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if STRANGER.search(line)
    ]
    assert found == []


def test_the_distribution_has_a_name_of_its_own() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    assert project["name"] == "runner-lab"
    assert project["scripts"] == {"runner": "runner.__main__:main"}
    assert versions()["runner"] == __version__


def test_joblibs_extra_brings_what_ends_the_children_of_a_lost_worker() -> None:
    extras = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    brought = extras["optional-dependencies"]["joblib"]
    assert any(requirement.startswith("psutil") for requirement in brought)
