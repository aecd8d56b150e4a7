import csv
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from runner.commands import run_command
from runner.compare import main
from runner.run_folder.tables import csv_bytes

HEADER = [
    *("topology", "seed", "optimizer.learning_rate", "dataset.name", "stopping.metric"),
    *("status", "stop_reason", "steps", "accuracy"),
]


def write_runs(folder: Path, rows: list[list[object]], header: Sequence[str] = HEADER) -> Path:
    """Runs that have these results."""
    for number, row in enumerate(rows):
        (folder / str(number)).mkdir(parents=True)
        (folder / str(number) / "results.csv").write_bytes(csv_bytes(header, [row]))
    return folder


def results(
    topology: str, seed: int, steps: int, *, rate: float = 1.0, reason: str = "target"
) -> list[object]:
    """A run's row."""
    accuracy = 0.9 + seed / 1000
    return [topology, seed, rate, "xor", "accuracy", "completed", reason, steps, accuracy]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """3-8-1 needs 59 % of the steps of 3-4-1, 3-16-1 about as many as 3-8-1; ten seeds."""
    generator = np.random.default_rng(1)
    rows = []
    for seed in range(1, 11):
        steps = float(generator.lognormal(9, 0.5))
        for topology, share in {"3-4-1": 1, "3-8-1": 0.59, "3-16-1": 0.59}.items():
            rows.append(results(topology, seed, int(steps * share * generator.lognormal(0, 0.03))))
    return write_runs(tmp_path / "runs", rows)


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What the command prints, with single spaces."""
    code = run_command(main, [str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert code == 0, err
    return "\n".join(" ".join(line.split()) for line in out.splitlines())


def test_real_differences_are_told_in_words(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, runs, "--by", "topology")
    assert "steps by topology: 30 runs, fewer is better" in text
    assert "paired t-test (same seed): it takes means for normally distributed; p and int" in text
    assert "the best of 3 groups having been chosen by its results" in text
    assert re.search(r"3-16-1 needs fewer steps than 3-4-1: 4[0-2]\.\d % fewer \[", text)
    assert "10 of 10 seeds (p < 0.0001)" in text
    assert "3-16-1 is not shown to differ from 3-8-1" in text
    table = text.partition("\n\n")[0].splitlines()[2:]
    assert [line.split()[0] for line in table] == ["3-4-1", "3-8-1", "3-16-1"]
    assert sum(bool(re.search(r"\d best$", line)) for line in table) == 1
    assert sum(line.endswith("may be best") for line in table) == 1


def test_constant_columns_are_hidden_and_rows_limited(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, runs, "--rows", 2, "--sort=-steps")
    assert "30 runs" in text
    assert "run topology seed steps" in text
    assert "dataset.name" not in text
    assert "… 28 more rows" in text
    steps = [int(line.split()[3]) for line in text.splitlines()[2:4]]
    assert steps == sorted(steps, reverse=True)


def test_the_whole_table_is_written(
    runs: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    said(capsys, runs, "--where", "seed <= 2", "--csv", tmp_path / "runs.csv")
    with open(tmp_path / "runs.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    assert {row["dataset.name"] for row in rows} == {"xor"}
    said(capsys, runs, "--by", "topology", "--csv", tmp_path / "groups.csv")
    with open(tmp_path / "groups.csv", newline="") as file:
        groups = list(csv.DictReader(file))
    assert [group["n"] for group in groups] == ["10", "10", "10"]
    assert float(groups[0]["low"]) < float(groups[0]["mean"]) < float(groups[0]["high"])


def test_without_common_seeds_all_runs_are_compared_with_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [results("3-2-1", seed, 1000 + seed) for seed in range(8)]
    rows += [results("3-4-1", seed, 100 + seed) for seed in range(8, 16)]
    text = said(capsys, write_runs(tmp_path, rows), "--by", "topology")
    assert "better in 100 % of pairings (p < 0.0001)" in text


def test_too_few_runs_are_said_to_be_too_few(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [results(t, seed, 100 * len(t) + seed) for t in ("3-2-1", "3-16-1") for seed in (1, 2)]
    text = said(capsys, write_runs(tmp_path, rows), "--by", "topology")
    assert "3-2-1 cannot be tested against 3-16-1 with 2 seeds: 16.6 % fewer" in text
    assert re.search(r"^3-16-1 2 .* too few runs$", text, re.MULTILINE)
    assert "From 3 seeds on large differences can be shown, from 10 on smaller ones." in text


def test_runs_that_did_not_complete_or_stopped_early_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [results("3-2-1", seed, 100 + seed) for seed in range(3)]
    rows += [results("3-4-1", seed, 500, reason="max_steps") for seed in range(3)]
    rows[0][HEADER.index("status")] = "diverged"
    runs = write_runs(tmp_path, rows)
    text = said(capsys, runs, "--by", "topology", "--metric", "steps")
    assert "left out of 3-2-1: 1 diverged (of 3 runs)" in text
    assert "3 runs stopped before the target: more would have been needed" in text
    text = said(capsys, runs, "--by", "topology", "--metric", "accuracy")
    assert "2 of 5 runs stopped where accuracy reached its target" in text


def test_groups_of_several_columns_are_named_by_them(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, runs, "--by", "topology,dataset.name", "--metric", "accuracy")
    assert "3-8-1 xor and 3-4-1 xor: equal" in text or "3-4-1 xor and" in text
    assert "equal in all 10 seeds" in text


def test_numbers_that_make_groups_have_the_ends_of_their_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        results(topology, seed, 10 * seed + len(topology), rate=rate)
        for topology in ("3-2-1", "3-16-1")
        for rate in (0.1, 1.0)
        for seed in range(6)
    ]
    columns = "topology,optimizer.learning_rate"
    text = said(capsys, write_runs(tmp_path, rows), "--by", columns)
    assert "3-2-1 learning_rate=0.1 and 3-2-1 learning_rate=1: equal in all 6 seeds" in text


def test_each_group_is_compared_with_the_best_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    generator = np.random.default_rng(1)
    shares = {"3-2-1": 3.0, "3-3-1": 1.02, "3-4-1": 1.01, "3-5-1": 1.0, "3-6-1": 1.01, "3-7-1": 1}
    rows = [
        results(topology, seed, int(100_000 * share * generator.lognormal(0, 0.03)))
        for topology, share in shares.items()
        for seed in range(12)
    ]
    text = said(capsys, write_runs(tmp_path, rows), "--by", "topology")
    told = [line for line in text.partition("Differences")[2].splitlines() if "seeds (p" in line]
    (best,) = re.findall(r"^(\S+) .*\d best$", text, re.MULTILINE)
    assert len(told) == 5
    assert f"{best} needs fewer steps than 3-2-1" in told[0]
    assert all(best in line for line in told)


def nine_groups(seeds: int) -> list[list[object]]:
    """Nine topologies, one of which is 87 points worse than the others."""
    generator = np.random.default_rng(1)
    rows = []
    for units in range(2, 11):
        for seed in range(seeds):
            row = results(f"3-{units}-1", seed, 100, reason="max_epochs")
            level = 0.1 if units == 5 else 0.97 - 0.001 * units
            row[HEADER.index("accuracy")] = level + 0.0005 * float(generator.random())
            rows.append(row)
    return rows


@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_few_seeds_show_which_of_nine_groups_is_worst(
    seeds: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = write_runs(tmp_path, nine_groups(seeds))
    text = said(capsys, runs, "--by", "topology", "--metric", "accuracy")
    assert "3-2-1 has a higher accuracy than 3-5-1: 86.8" in text
    assert re.search(rf"^3-5-1 {seeds} 0\.100\S* \[[^a-z]* not best$", text, re.MULTILINE)
    for line in text.partition("Differences")[2].splitlines():
        if " seeds (p" in line:
            assert ("not shown" in line) == bool(re.search(r"\[-[0-9.]+, [0-9.]+\]", line))


AGAINST: dict[str, str] = {
    "by one column": "3-4-1",
    "with its column's name": "topology=3-4-1",
}


@pytest.mark.parametrize("case", AGAINST)
def test_groups_are_compared_with_one_that_is_named(
    case: str, runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, runs, "--by", "topology", "--against", AGAINST[case])
    assert "Differences from 3-4-1 (of geometric means):" in text
    assert "3-8-1 needs fewer steps than 3-4-1" in text
    assert "3-16-1 needs fewer steps than 3-4-1" in text
    assert "p and intervals allow for 2 comparisons (Holm)" in text
    assert re.search(r"^3-4-1 .* compared with$", text, re.MULTILINE)
    assert re.search(r"^3-8-1 .* better$", text, re.MULTILINE)


@pytest.mark.parametrize(
    "name", ["3-2-1,1e-1", "topology=3-2-1,optimizer.learning_rate=0.1", "3-2-1 , learning_rate=.1"]
)
def test_a_group_of_several_columns_is_named_by_them(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        results(topology, seed, (10 + seed) * len(topology), rate=rate)
        for topology in ("3-2-1", "3-16-1")
        for rate in (0.1, 1.0)
        for seed in range(3)
    ]
    columns = "topology,optimizer.learning_rate"
    text = said(capsys, write_runs(tmp_path, rows), "--by", columns, "--against", name)
    assert "Differences from 3-2-1 learning_rate=0.1 (of geometric means):" in text


def unlike(topology: str, seed: int, name: str) -> list[object]:
    """A run on another data set."""
    row = results(topology, seed, 100 * len(topology) + 7 * seed)
    row[HEADER.index("dataset.name")] = name
    return row


DATA: dict[str, tuple[list[list[object]], str, str | None]] = {
    "several in each group": (
        [unlike(t, s, n) for t in ("a", "bb") for s in range(3) for n in ("xor", "parity")],
        "topology",
        "groups are averages over different data (dataset.name: xor, parity); "
        "--by topology,dataset.name tells them apart",
    ),
    "another in each group": (
        [unlike(t, s, n) for t, n in (("a", "xor"), ("bb", "parity")) for s in range(3)],
        "topology",
        "groups are of different data (dataset.name: xor, parity): what differs between them may",
    ),
    "told apart": (
        [unlike(t, s, n) for t in ("a", "bb") for s in range(3) for n in ("xor", "parity")],
        "topology,dataset.name",
        None,
    ),
    "compared": (
        [unlike("a", s, n) for s in range(3) for n in ("xor", "parity")],
        "dataset.name",
        None,
    ),
}


@pytest.mark.parametrize("case", DATA)
def test_groups_of_different_data_are_told(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, by, words = DATA[case]
    text = said(capsys, write_runs(tmp_path, rows), "--by", by)
    assert words in text if words else "different data" not in text


def test_the_column_that_rows_are_sorted_by_is_shown(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, runs, "--columns", "topology", "--sort", "steps")
    assert text.splitlines()[1] == "run topology steps"
    steps = [int(line.split()[-1]) for line in text.splitlines()[2:]]
    assert len(steps) == 30
    assert steps == sorted(steps)


def test_a_failed_run_alone_is_shown_without_any_metric(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = ["topology", "seed", "dataset.name", "status", "stop_reason"]
    write_runs(tmp_path, [["3-4-1", 1, "xor", "failed", "error"]], header)
    text = said(capsys, tmp_path)
    assert "1 run" in text
    assert "failed" in text


def test_texts_cannot_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [results("[red]3-2-1[/red]", 1, 10), results("[bold]3-4-1", 2, 20)]
    text = said(capsys, write_runs(tmp_path, rows))
    assert "[red]3-2-1[/red] 1" in text
    assert "\x1b" not in text


BAD: dict[str, tuple[list[str], int, str]] = {
    "no such folder": (["nowhere"], 4, "nowhere is not a folder"),
    "no such column to group by": (["--by", "topolgy"], 2, "did you mean 'topology'"),
    "no such metric": (["--metric", "step"], 2, "did you mean 'steps'"),
    "a metric of texts": (["--metric", "topology"], 2, "is not a column of numbers"),
    "no such column to sort by": (["--sort", "sed"], 2, "did you mean 'seed'"),
    "a condition that is none": (["--where", "seed = 1"], 2, "cannot be read"),
    "a condition of nothing": (["--where", "seed == 99"], 4, "no runs that have ended for which"),
    "an unknown option": (["--bye", "x"], 2, "--bye"),
    "columns that are not there": (["--columns", "stepz"], 2, "did you mean 'steps'"),
    "a group that is not there": (
        ["--by", "topology", "--against", "3-5-1"],
        2,
        "is none of the groups: did you mean '3-8-1'? 3-4-1 | 3-8-1 | 3-16-1",
    ),
    "a group that is several": (
        ["--by", "topology,seed", "--against", "3-4-1"],
        2,
        "is any of 10 groups: topology=3-4-1,seed=1 | topology=3-4-1,seed=2",
    ),
    "a group without groups": (["--against", "3-4-1"], 2, "it goes with --by"),
    "rows that are no number": (["--rows", "x"], 2, "--rows"),
    "a place that is no file": (["--csv", "/dev/null/x"], 6, "/dev/null"),
}


def test_a_result_that_has_a_settings_name_makes_no_groups(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = ("loss.name", "seed", "status", "stop_reason", "steps", "loss")
    write_runs(tmp_path, [["huber", 1, "completed", "target", 9, 0.5]], header)
    assert run_command(main, [str(tmp_path), "--by", "loss"]) == 2
    assert (
        "--by: 'loss' is a result, which each run has its own of; did you mean 'loss.name'?"
        in capsys.readouterr().err
    )


def test_a_column_counts_once(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, runs, "--by", "topology,topology") == said(capsys, runs, "--by", "topology")


@pytest.mark.parametrize("case", BAD)
def test_mistakes_get_one_line(
    case: str, runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    arguments, code, text = BAD[case]
    paths = [] if arguments == ["nowhere"] else [str(runs)]
    assert run_command(main, [*paths, *arguments]) == code
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert text in err
    assert err.count("\n") == 1


def test_damaged_runs_are_named_on_stderr(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (runs / "3" / "results.csv").write_text("torn")
    assert run_command(main, [str(runs), "--by", "topology"]) == 0
    assert f"left out: {runs / '3'}: results.csv" in capsys.readouterr().err


def test_runs_of_different_kinds_leave_cells_empty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spirals: list[object] = ["2-8-1", 1, 0.1, "spirals", "accuracy", "completed", "target", "", 0.9]
    write_runs(tmp_path, [results("3-4-1", 1, 100), spirals])
    text = said(capsys, tmp_path)
    assert "0 xor 3-4-1 1 100 0.901" in text
    assert "1 spirals 2-8-1 0.1 0.900" in text


def test_columns_that_differ_and_are_not_shown_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_runs(tmp_path, [results("3-4-1", 1, 100), results("3-4-1", 2, 90, reason="max_steps")])
    assert "1 more column differs; --columns NAME,… or --columns all shows" in said(
        capsys, tmp_path
    )


@pytest.mark.parametrize(
    ("columns", "head"),
    [
        ("topology,steps", "run topology steps"),
        ("all", "run topology seed optimizer.learning_rate"),
    ],
)
def test_columns_are_shown_as_asked(
    columns: str, head: str, runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, runs, "--columns", columns)
    assert text.splitlines()[1].startswith(head)
    assert "more column" not in text


def test_a_value_that_begins_with_a_dash_is_told_how_to_be_given(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(main, [str(runs), "--sort", "-steps"]) == 2
    assert "a value that begins with - is given as --sort=-VALUE" in capsys.readouterr().err


def test_settings_that_only_some_runs_have_are_told_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_runs(tmp_path / "a", [results("3-4-1", seed, 100 + seed) for seed in range(4)])
    more = [results("3-8-1", seed, 50 + seed) for seed in range(4)]
    header = ["dataset.first", *HEADER]
    write_runs(tmp_path / "b", [[seed, *row] for seed, row in enumerate(more)], header)
    text = said(capsys, tmp_path / "a", tmp_path / "b", "--by", "seed")
    assert "dataset.first: null" in text
