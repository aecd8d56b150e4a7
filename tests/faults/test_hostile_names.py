"""Names from somebody else: none steers a terminal, or is a formula or a page's HTML."""

import csv
import io
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import scipy.stats  # noqa: F401 - how long importing it takes is not what is bounded here

from runner.commands import run_command
from runner.run_folder.tables import FORMULA, merge_rows, read_results
from tests.end_to_end.commands import InProcess
from tests.limits import bounded

NAMES = {
    "escape sequence": "\x1b[2J",
    "title of a terminal": "\x1b]0;pwned\x07",
    "bell and backspace": "a\x07\b\b",
    "control sequence of eight bits": "\x9b2J",
    "text that runs backwards": "a\u202eb",
    "isolated text": "a\u2066b",
    "no width": "a\u200bb",
    "line of Unicode": "a\u2028b",
    "formula": "=cmd|' /C calc'!A0",
    "formula with a plus": "+1+cmd|' /C calc'!A0",
    "formula with a minus": "-1+cmd|' /C calc'!A0",
    "formula with an at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "formula after a tab": "\t=1+1",
    "formula, full width": "＝1+1",
    "end of a script": "</script><script>alert(1)</script>",
    "picture that runs code": "<img src=x onerror=alert(1)>",
    "link that runs code": "<a href='javascript:alert(1)'>x</a>",
    "entity": "&lt;b&gt;",
    "mark-up of the table's": "[bold red]x[/bold red] :skull:",
    "mathematics": "$\\frac$",
    "mathematics without end": "$_$ ^{",
    "format": "{0} %s %(x)s",
    "quotes and commas": "a\",'b",
    "path": "../../pwned",
    "long": "x" * 5000,
}


@pytest.fixture
def here(run: InProcess, tmp_path: Path) -> Iterator[Path]:
    """The current folder; nothing may have been written outside it."""
    run.cwd = tmp_path / "a" / "b"
    run.cwd.mkdir(parents=True)
    yield run.cwd
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert [path.name for path in run.cwd.parent.iterdir()] == ["b"]


def check_said(text: str) -> None:
    """Whether lines on a terminal are plain text."""
    assert not [line for line in text.split("\n") if not line.isprintable()]


def check_table(content: str) -> None:
    """Whether no cell is a formula, or anything but a line of plain text."""
    for row in csv.reader(io.StringIO(content)):
        for cell in row:
            number = re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?|-?inf|nan", cell)
            assert number or not cell.startswith((*FORMULA, "\t", "\r")), cell
            assert cell.isprintable()


def test_names_in_data_reach_no_terminal_spreadsheet_or_picture(
    run: InProcess, here: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [*NAMES.values()]
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow([*names[:5], "category", "y"])
    for place, name in enumerate(names * 2):
        writer.writerow([*(place * n % 7 for n in range(5)), names[place // 2 % len(names)], name])
    (here / "data.csv").write_text(table.getvalue(), encoding="utf-8", newline="")
    ended = run(
        *("dataset=csv", "dataset.path=data.csv", "dataset.target=y", "hydra.run.dir=run"),
        *("batch_size=null", "dataset.validation=null", "dataset.test=null"),
        *("topology=in-3-out", "stopping.max_epochs=2", "recording.plots=true"),
    )
    assert ended.code == 0, ended
    assert "warning" not in ended.out
    check_said(ended.out + ended.err)
    monkeypatch.chdir(here)
    assert run_command(import_module("runner.predict").main, ["run", "data.csv"]) == 0
    predicted = capfd.readouterr().out
    check_said(predicted)
    check_table(predicted)
    described = ["csv", "dataset.path=data.csv", "dataset.target=y", "--plot", "data.png"]
    described += ["dataset.validation=null", "dataset.test=null"]  # else categories are unseen
    assert run_command(import_module("runner.data.__main__").main, described) == 0
    check_said(capfd.readouterr().out)
    for path in (here / "run").glob("*.csv"):
        check_table(path.read_text(encoding="utf-8"))
    assert len([*(here / "run" / "plots").glob("*.png")]) >= 4


@pytest.mark.parametrize("case", NAMES)
def test_a_jobs_results_are_escaped_in_its_sweeps_table(case: str, tmp_path: Path) -> None:
    name = NAMES[case]
    row = {"job": "0", "seed": "-1", name: "-0.5", "dataset.name": name}
    table = merge_rows([row]).decode()
    check_table(table)
    assert table.splitlines()[1].startswith("0,-1,-0.5,")
    with open(tmp_path / "results.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(
            [["seed", "status", name], [1, "completed", name]]
        )
    header, line = read_results(tmp_path)
    assert header
    check_table(f"{header}\n{line}\n")


def test_names_in_results_reach_no_terminal_spreadsheet_or_page(
    here: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(here)
    for number, name in enumerate(NAMES.values()):
        (here / "runs" / str(number)).mkdir(parents=True)
        header = ["topology", "seed", "dataset.name", name, "status", "stop_reason", "steps"]
        row = ["3-4-1", number, name, name, "completed", "target", 5]
        content = io.StringIO()
        csv.writer(content, lineterminator="\n").writerows([header, row])
        results = here / "runs" / str(number) / "results.csv"
        results.write_text(content.getvalue(), encoding="utf-8", newline="")
        with (here / "runs" / str(number) / "history.csv").open("w", encoding="utf-8") as history:
            csv.writer(history, lineterminator="\n").writerows([["step", name], [1, 0.5]])
    for arguments in (
        ("compare", "runs", "--columns", "all", "--csv", "table.csv"),
        ("compare", "runs", "--by", "dataset.name", "--csv", "groups.csv"),
        ("report", "runs"),
    ):
        main = import_module(f"runner.{arguments[0]}").main
        with bounded():
            assert run_command(main, arguments[1:]) == 0
        said = capfd.readouterr()
        check_said(said.out + said.err)
    for table in ("table.csv", "groups.csv"):
        check_table((here / table).read_text(encoding="utf-8"))
    page = (here / "report.html").read_text(encoding="utf-8")
    (content,) = re.findall(r'id="content">(.*?)</script>', page, re.DOTALL)
    assert "<" not in content
    assert page.count("</script>") == 3
