"""The report's content and page, without a browser."""

import base64
import json
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import runner
from runner.analysis.comparing import Group
from runner.analysis.group_table import comparison
from runner.analysis.pages.one_file import json_text, sha256
from runner.analysis.report import conclusion, selection
from runner.analysis.report.conclusion import Groups
from runner.analysis.report.content import brief, command, report_content, subsample
from runner.analysis.report.embedded_pictures import Drawing
from runner.analysis.report.page import report_page
from runner.analysis.report.shown_numbers import decimals_in_table, decimals_of_groups, mean_text
from runner.errors import SettingsError, SnapshotError
from runner.report import main
from tests.analysis.made_up_runs import make_sweep

HOSTILE = "</script><img src=x onerror=alert(1)>&amp;"


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "sweep"
    make_sweep(folder, 40)
    return folder


@pytest.fixture(scope="module")
def content(sweep: Path) -> dict[str, Any]:
    return report_content(runner.load_runs(sweep))


def column(content: dict[str, Any], name: str) -> list[Any]:
    (found,) = [entry for entry in content["columns"] if entry["name"] == name]
    if "numbers" in found:
        return list(found["numbers"])
    return [found["levels"][code] for code in found["codes"]]


def test_columns_that_vary_hold_every_run(content: dict[str, Any], sweep: Path) -> None:
    runs = runner.load_runs(sweep)
    assert content["paths"] == [Path(path).name for path in runs["path"]]
    assert column(content, "topology") == runs["topology"].tolist()
    assert column(content, "steps") == runs["steps"].tolist()
    assert column(content, "loss") == pytest.approx(runs["loss"].tolist(), rel=1e-9)


def test_settings_and_results_are_told_apart(content: dict[str, Any]) -> None:
    settings = [entry["name"] for entry in content["columns"] if entry["setting"]]
    assert settings == ["topology", "seed", "optimizer.learning_rate"]
    constants = {entry["name"]: entry["value"] for entry in content["constants"]}
    assert constants["optimizer.name"] == "sgd"
    assert content["telling"] == ["topology", "optimizer.learning_rate", "seed"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("/home/me/outputs/a/1@300", "a/1@300"),
        ("/home/me/data/table.csv", "…/data/table.csv"),
        ("/data/table.csv", "/data/table.csv"),
        ("data/deep/table.csv", "data/deep/table.csv"),
        ("3-4-1", "3-4-1"),
    ],
)
def test_long_paths_are_told_from_the_runs_on(name: str, shown: str) -> None:
    assert brief(name, "/home/me/outputs") == shown


def test_curves_begin_and_end_where_the_history_does(content: dict[str, Any], sweep: Path) -> None:
    runs = runner.load_runs(sweep)
    history = runner.load_history(runs)
    names = content["curves"]["names"]
    for path, curve in zip(runs["path"], content["curves"]["runs"], strict=True):
        loss = history.loc[history["run"] == path, "loss"].tolist()
        shown = curve[names.index("loss")]
        assert [shown[0], shown[-1]] == pytest.approx([loss[0], loss[-1]], rel=1e-4)


@pytest.mark.parametrize(("rows", "points"), [(5, 8), (1000, 8), (1, 8)])
def test_a_long_curve_keeps_its_first_and_last_point(rows: int, points: int) -> None:
    chosen = subsample(rows, points).tolist()
    assert (chosen[0], chosen[-1]) == (0, rows - 1)
    assert len(chosen) == min(rows, points)


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ("- topology=3-4-1\n- seed=1\n", "python -m runner topology=3-4-1 seed=1"),
        ("- dataset.name='a b'\n", "python -m runner 'dataset.name='\"'\"'a b'\"'\"''"),
        ("[]\n", "python -m runner"),
        ("- [1, 2]\n", None),
        ("{a: b}\n", None),
        ("- !!python/object/apply:os.system [ls]\n", None),
        ("- 'torn", None),
    ],
)
def test_the_command_that_repeats_a_run(
    overrides: str, expected: str | None, tmp_path: Path
) -> None:
    (tmp_path / ".hydra").mkdir()
    (tmp_path / ".hydra" / "overrides.yaml").write_text(overrides)
    assert command(tmp_path) == expected


def test_pictures_are_those_of_the_run_and_links_are_not_followed(tmp_path: Path) -> None:
    make_sweep(tmp_path / "sweep", 2)
    plots = tmp_path / "sweep" / "1" / "plots"
    plots.mkdir()
    (plots / "worst_mistakes.png").write_bytes(b"picture")
    (tmp_path / "secret.png").write_bytes(b"secret")
    (plots / "link.png").symlink_to(tmp_path / "secret.png")
    pictures = report_content(runner.load_runs(tmp_path / "sweep"))["pictures"]
    (picture,) = pictures["1"]
    assert picture["name"] == "worst mistakes"
    assert base64.b64decode(picture["png"]) == b"picture"


def test_names_in_the_page_are_inert(tmp_path: Path) -> None:
    make_sweep(tmp_path / "sweep", 2, HOSTILE)
    page = report_page(report_content(runner.load_runs(tmp_path / "sweep")), HOSTILE, "plotly")
    assert "<img" not in page
    assert page.count("</script>") == 3
    (shown,) = re.findall(r'id="content">(.*?)</script>', page, re.DOTALL)
    constants = {entry["name"]: entry["value"] for entry in json.loads(shown)["constants"]}
    assert constants["dataset.name"] == HOSTILE


def test_json_in_a_page_reads_back() -> None:
    values = {"<!--": "</script>", "&": "\u2028 ü", "none": None}
    assert json.loads(json_text(values)) == values
    assert not set("<>&") & set(json_text(values))


def test_the_policy_names_the_scripts_and_allows_no_other_source() -> None:
    library = "var a = '</script>';\r\n"
    page = report_page({}, "title", library)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    (packed,) = re.findall(r'class="library">(.*?)</script>', page)
    assert zlib.decompress(base64.b64decode(packed)).decode() == library
    assert len(scripts) == 1
    assert all(f"'sha256-{sha256(script)}'" in policy for script in (*scripts, library))
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    assert "unsafe-eval" not in policy


def test_of_many_runs_the_extremes_and_some_by_chance_are_shown_and_groups_of_all(
    sweep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "MOST_RUNS", 12)
    monkeypatch.setattr(selection, "EXTREMES", 2)
    runs = runner.load_runs(sweep)
    runs.loc[3, "loss"] = float("nan")
    few = report_content(runs)
    assert few == report_content(runs)
    assert few["summary"] == "40 runs: 40 completed."
    assert few["sampled"] == (
        "Table and charts show 12 of the 40 runs: the 2 best (lowest loss), the 2 "
        "worst and 8 others drawn by chance. What is said of groups is of all runs."
    )
    assert (
        {len(few[name]) for name in ("paths", "commands")} == {len(few["curves"]["runs"])} == {12}
    )
    jobs = [int(path) for path in few["paths"]]
    assert jobs == sorted(set(jobs))
    ranked = runs["loss"].sort_values().dropna().index
    assert {*ranked[:2], *ranked[-2:]} <= {*jobs}
    assert column(few, "steps") == runs["steps"][jobs].tolist()
    told = few["conclusion"]
    assert (told["by"], told["groups"]) == (["topology", "optimizer.learning_rate"], 20)
    assert sum(row["n"] for row in told["rows"]) == 39


def test_it_opens_with_what_compare_says_of_the_groups(sweep: Path) -> None:
    runs = runner.load_runs(sweep)
    found = comparison(runs, ["topology"])
    told = report_content(runs, Groups(["topology"]))["conclusion"]
    table = found.table.sort_values("mean")
    assert sorted(row["mean"] for row in told["rows"]) == pytest.approx(table["mean"].tolist())
    assert {row["low"] for row in told["rows"]} == set(found.table["low"])
    assert {row["mark"] for row in told["rows"]} == set(found.table["best"])
    assert told["rows"][0]["mark"] == "best"
    assert {one["text"] for one in told["sentences"]} == set(found.differences["sentence"])
    name, best = told["rows"][0]["name"], "the best geometric mean of loss; its mean: "
    assert told["headline"].startswith(f"{name} has {best}")


def test_all_may_be_compared_with_one_group(sweep: Path) -> None:
    told = report_content(runner.load_runs(sweep), Groups(["topology"], "3-4-1"))["conclusion"]
    assert [row["name"] for row in told["rows"] if row["mark"] == "compared with"] == ["3-4-1"]
    assert told["verdict"].startswith("3-4-1 is shown to be better than ")


def only(runs: pd.DataFrame, count: int, **values: Any) -> pd.DataFrame:
    """The first runs, with other values."""
    return runs.head(count).assign(**values).reset_index(drop=True)


@pytest.mark.parametrize(
    ("count", "values", "headline", "verdict"),
    [
        (1, {}, "Loss: 0.", "A single run tells nothing of chance."),
        (
            2,
            {},
            "learning_rate=0.1? has|learning_rate=0.0?1 has",
            "Which is really best cannot be told: ",
        ),
        (5, {"topology": "3-2-1", "optimizer.learning_rate": 1.0, "seed": range(5)}, "Loss: ", ""),
        (3, {"status": "failed"}, "None of these runs has completed", None),
    ],
)
def test_few_runs_are_told_for_what_they_are(
    sweep: Path, count: int, values: dict[str, Any], headline: str, verdict: str | None
) -> None:
    told = report_content(only(runner.load_runs(sweep), count, **values))["conclusion"]
    assert re.match(headline, told.get("none") or told["headline"])
    said = told.get("verdict")
    assert said.startswith(verdict) if verdict else said == verdict


def halved(runs: pd.DataFrame, went_on: "pd.Series[bool]") -> pd.DataFrame:
    """The runs as halving leaves them; of those that did not go on a rate of 1 came farthest."""
    runs = runs.assign(status="pruned", stop_reason="rung_0", epochs=4)
    runs.loc[runs["optimizer.learning_rate"] == 1, ["stop_reason", "epochs"]] = "rung_1", 12
    runs.loc[went_on, ["status", "stop_reason", "epochs"]] = "completed", "max_epochs", 30
    return runs


def test_what_halving_pruned_is_told_by_group_and_rung(sweep: Path) -> None:
    runs = runner.load_runs(sweep)
    told = conclusion.conclusion(halved(runs, runs["optimizer.learning_rate"] == 10))[0]
    assert told["by"] == ["topology", "optimizer.learning_rate"]
    assert told["runs"] == "10 of 40 runs"
    assert told["verdict"].count("30 of 40 runs were pruned") == 1
    assert told["verdict"].endswith("Pruned: 20 at rung 0 (epoch 4), 10 at rung 1 (epoch 12).")
    early = told["early"]
    assert [group["name"] for group in early[:2]] == [
        "3-2-1 learning_rate=1",
        "3-4-1 learning_rate=1",
    ]
    fates = [group["fate"] for group in early]
    rungs = ["2 pruned at rung 1 (epoch 12)"] * 5 + ["2 pruned at rung 0 (epoch 4)"] * 10
    assert fates == rungs


def test_the_only_group_that_came_to_its_end_is_named_and_not_called_best(sweep: Path) -> None:
    runs = runner.load_runs(sweep)
    one = (runs["topology"] == "3-4-1") & (runs["optimizer.learning_rate"] == 10)
    told = conclusion.conclusion(halved(runs, one))[0]
    start = "Of 20 groups only 3-4-1 learning_rate=10 came to its end: loss "
    assert told["headline"].startswith(start)
    assert told["headline"].endswith(", over 2 runs.")
    (row,) = told["rows"]
    assert (row["name"], row["mark"], row["left"]) == ("3-4-1 learning_rate=10", "", 0)
    assert len(told["early"]) == 19


def test_a_group_of_which_all_runs_diverged_is_told_with_the_others(sweep: Path) -> None:
    runs = runner.load_runs(sweep)
    runs["status"] = runs["topology"].map({"3-16-1": "diverged"}).fillna("completed")
    told = conclusion.conclusion(runs, Groups(["topology"]))[0]
    assert [(group["name"], group["fate"]) for group in told["early"]] == [("3-16-1", "8 diverged")]
    assert (told["runs"], told["verdict"].lower().count("pruned")) == ("32 of 40 runs", 0)


def test_of_a_group_that_was_pruned_in_part_it_is_said_how_many_count(sweep: Path) -> None:
    runs = halved(runner.load_runs(sweep), runner.load_runs(sweep)["seed"] == 1)
    told = conclusion.conclusion(runs, Groups(["topology"]))[0]
    assert told["early"] == []
    assert {(row["n"], row["left"]) for row in told["rows"]} == {(4, 4)}
    assert "those left are chosen by how they did" in told["verdict"]
    assert "over 4 of 8 runs" in told["headline"]


@pytest.mark.parametrize(
    ("name", "metric", "ranked"),
    [
        ("dataset.name", None, False),
        ("loss.name", None, True),  # by what they have in common
        ("dataset.name", "accuracy", True),
        ("loss.name", "mae", True),
        ("optimizer.name", None, True),
    ],
)
def test_errors_of_other_data_are_not_ranked(
    name: str, metric: str | None, ranked: bool, sweep: Path
) -> None:
    runs = runner.load_runs(sweep)
    runs[name] = runs["topology"].map({"3-2-1": "one"}).fillna("another")
    told = conclusion.conclusion(runs, Groups(metric=metric))[0]
    assert told["ranked"] == ranked
    assert told["headline"].startswith("No group is best: their loss") != ranked
    assert bool(told["sentences"]) == ranked
    assert conclusion.conclusion(runs, Groups([name]))[0]["ranked"]
    if name.startswith("dataset."):
        runs.loc[runs[name] == "one", "loss"] = float("nan")  # nothing of it is compared
        assert conclusion.conclusion(runs, Groups(metric="loss"))[0]["ranked"]


def group(*values: float) -> Group:
    return Group((1,), np.array(values), np.arange(len(values)))


@pytest.mark.parametrize(
    ("groups", "texts"),
    [
        ([group(0.972144846)], ["0.972145"]),
        ([group(0.0000999953)], ["0.0000999953"]),
        ([group(0.99991), group(0.99988), group(0.5)], ["0.99991", "0.99988", "0.50000"]),
        ([group(0.9512, 0.9734), group(0.91, 0.92)], ["0.9623", "0.9150"]),
        ([group(1187471.0), group(824611.0)], ["1,187,471", "824,611"]),
    ],
)
def test_means_have_the_digits_that_runs_carry(groups: list[Group], texts: list[str]) -> None:
    decimals = decimals_of_groups(groups)
    shown = [mean_text(each, float(each.values.mean()), decimals) for each in groups]
    assert shown == texts


@pytest.mark.parametrize(
    ("name", "values", "decimals"),
    [
        ("val_loss", [0.00099754, 0.00132, 0.0912], 6),
        ("val_loss", [0.25, 0.5], 2),
        ("loss", [4.172e-8, 4.2e-8], 11),
        ("loss", [1e-7, 1.0], None),
        ("accuracy", [0.0123, 0.98765], 4),
        ("seconds", [0.0010812, 0.01635], 5),
    ],
)
def test_of_a_column_the_least_loss_can_be_told_from_others(
    name: str, values: list[float], decimals: int | None
) -> None:
    assert decimals_in_table(pd.Series(values, name=name)) == decimals


def test_of_too_many_groups_some_settings_are_averaged_and_that_is_said(
    sweep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conclusion, "MOST_GROUPS", 10)
    runs = runner.load_runs(sweep)
    runs["optimizer.learning_rate"] = np.linspace(0.1, 1, len(runs))
    told = report_content(runs)["conclusion"]
    assert told["by"] == ["topology"]
    assert any(
        "averages over settings (optimizer.learning_rate: " in text for text in told["remarks"]
    )


@pytest.mark.parametrize(("only_best", "count"), [(True, 5), (False, 40)])
def test_pictures_are_drawn_of_the_best_of_each_group_or_of_all(
    sweep: Path, only_best: bool, count: int
) -> None:
    drawing = Drawing(only_best, lambda run: {"maps": run.name.encode()})
    runs = runner.load_runs(sweep)
    content = report_content(runs, Groups(["topology"]), drawing)
    assert len(content["pictures"]) == count
    assert str(runs["loss"].argmin()) in content["pictures"]


def test_the_command_writes_one_page(sweep: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    assert main([str(sweep), "-o", str(target)]) == 0
    assert target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert target.stat().st_size < 2_500_000  # plotly.js alone is twice that


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        (["nowhere"], SnapshotError, "nowhere is not a folder"),
        (["."], SnapshotError, "no run has ended"),
        (["-o", "README.md"], SettingsError, "README.md: expected a name that ends in .html"),
        (["--against", "3-4-1"], SettingsError, "it goes with --by"),
        (["--colour"], SettingsError, "--help shows what it takes"),
    ],
)
def test_a_mistake_gets_one_line(
    arguments: list[str],
    error: type[Exception],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=said):
        main(arguments)
    assert not list(tmp_path.iterdir())
