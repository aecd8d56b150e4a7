"""Combinations from files: read as typed on the command line, and refused with their place."""

import os
from pathlib import Path

import pytest

from runner.errors import SettingsError
from runner.sweeping.job_files import MOST_BYTES, read_jobs
from tests.limits import bounded

READ: dict[str, tuple[str, str, list[list[str]]]] = {
    "table": ("j.csv", "topology,seed\n3-4-1,1\n3-8-1,2\n", [
        ["topology=3-4-1", "seed=1"], ["topology=3-8-1", "seed=2"]]),
    "table with spaces, quotes and a mark of its encoding": (
        "j.CSV", '\ufefftopology , network.activation.hidden\n3-4-1, "[tanh,relu]"\n'.replace(
            ', "', ',"'), [["topology=3-4-1", "network.activation.hidden=[tanh,relu]"]]),
    "table with blank lines": ("j.csv", "\na,b\n\n1,2\n  \n3,4\n\n\n", [
        ["a=1", "b=2"], ["a=3", "b=4"]]),
    "one column with blank lines": ("j.csv", "a\n1\n\n2\n \n", [["a=1"], ["a=2"]]),
    "list": ("j.yaml", "- topology: 3-4-1\n- {seed: 2, batch_size: null}\n", [
        ["topology=3-4-1"], ["seed=2", "batch_size=null"]]),
    "values as they are written": ("j.yml", "- {a: 1e-3, b: yes, c: 2001-01-01, d: [x, 1]}\n", [
        ["a=1e-3", "b=yes", "c=2001-01-01", "d=[x,1]"]]),
    "groups and added keys": ("j.yaml", "- {optimizer: adam, +logger: mlflow}\n", [
        ["optimizer=adam", "+logger=mlflow"]]),
    "aliases": ("j.yaml", "- &a {seed: 1}\n- *a\n", [["seed=1"], ["seed=1"]]),
}  # fmt: skip


@pytest.mark.parametrize("case", READ)
def test_a_file_holds_these_combinations(case: str, tmp_path: Path) -> None:
    name, text, expected = READ[case]
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert [list(job.values()) for job in read_jobs(tmp_path / name, 10)] == expected


BOMB = "\n".join(
    ["- a: &a0 [x, x]"] + [f"  k{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
)
REFUSED: dict[str, tuple[str, str | bytes, list[str]]] = {
    "of no known kind": ("j.txt", "a\n1\n", ["no known kind", ".csv, .yaml, .yml"]),
    "empty": ("j.csv", "", ["holds no combination"]),
    "empty list": ("j.yaml", "", ["holds no combination"]),
    "header only": ("j.csv", "topology\n", ["holds no combination"]),
    "ragged": ("j.csv", "a,b\n1,2\n3\n", ["line 3 has 1 cell; expected 2"]),
    "empty cell": ("j.csv", "a,b\n1,\n", ["line 2: b='' is no value", "null for none"]),
    "several values": ("j.csv", 'a\n"1,2"\n', ["line 2: a='1,2' is several values"]),
    "a range": ("j.csv", 'a\n"range(1,9)"\n', ["is several values"]),
    "unclosed quote": ("j.csv", 'a\n"1\n', ["line 2", "unexpected end of data"]),
    "unclosed bracket": ("j.csv", 'a\n"[1"\n', ["line 2", "a='[1' cannot be read"]),
    "semicolons": ("j.csv", "a;b\n1;2\n", ["line 1: 'a;b' is no key"]),
    "column twice": ("j.csv", "a,a\n1,2\n", ["column 'a' is there twice"]),
    "column plain and forced": ("j.csv", "a,++a\n1,2\n", ["column '++a' is there twice"]),
    "key plain and added": ("j.yaml", "- {a: 1, +a: 2}\n", ["'+a' is there twice"]),
    "blank lines only": ("j.csv", "a\n\n \n", ["holds no combination"]),
    "empty cells": ("j.csv", "a,b\n,\n", ["line 2: a='' is no value"]),
    "line break in a cell": ("j.csv", 'a\n"1\n2"\n', ["a='1\\n2' is no value"]),
    "NUL": ("j.csv", "a\n1\0\n", ["line 2"]),
    "not UTF-8": ("j.csv", b"a\n\xff\n", ["is not UTF-8"]),
    "cell without end": ("j.csv", "a\n" + "x" * 200_000, ["line 2"]),
    "a secret": ("j.csv", "dataset.name\n${oc.env:HOME}\n", ["is computed"]),
    "a secret by escapes": ("j.csv", "dataset.name\n$\\{oc.env\\:HOME\\}\n", ["is computed"]),
    "what Hydra would make": ("j.csv", "hydra.launcher._target_\nos.system\n", ["is no key"]),
    "Hydra's own groups": ("j.yaml", "- +hydra/launcher: basic\n", ["line 1", "is no key"]),
    "how the sweep is run": ("j.csv", "sweep.workers\n2\n", ["'sweep.workers' is no key"]),
    "a mapping": ("j.yaml", "topology: 3-4-1\n", ["is not a list", "- key: value"]),
    "plain items": ("j.yaml", "- 3-4-1\n", ["line 1 is no combination"]),
    "nested": ("j.yaml", "- optimizer:\n    learning_rate: 1\n", ["optimizer is no plain value"]),
    "key twice": ("j.yaml", "- seed: 1\n  seed: 2\n", ["line 1: 'seed' is there twice"]),
    "tags": ("j.yaml", "- seed: !!python/object/apply:os.system [ls]\n", ["is no plain value"]),
    "tab": ("j.yaml", "- seed:\n\t1\n", ["line 2", "cannot start any token"]),
    "deep": ("j.yaml", "- a: " + "[" * 10_000, ["nested more than 50 deep"]),
    "alias bomb": ("j.yaml", BOMB, ["more than 1,000,000 values"]),
    "brackets in a text": ("j.yaml", f"- a: '{'[' * 5_000}'\n", ["line 1"]),
    "five million columns": ("j.csv", "a," * 5_000_000, ["column 'a' is there twice"]),
    "100,000 columns": (
        "j.csv", ",".join(f"k{n}" for n in range(100_000)), ["holds no combination"]),
    "a value of 10 MB": ("j.yaml", f"- {{seed: {'1' * 10_000_000}}}\n", ["seed='111"]),
    "calls in calls": ("j.csv", f'a\n"{"a(" * 1_000}"\n', ["line 2", "cannot be read"]),
    "Python object": ("j.yaml", "- !!python/object/apply:os.system [touch pwned]\n",
        ["line 1 is no combination"]),
    "alias of itself": ("j.yaml", "- &a {seed: [*a]}\n", ["seed is no plain value"]),
    "escape sequence": ("j.csv", "dataset.name\n\x1b[2J\n", ["'\\x1b[2J' is no value"]),
    "text that runs backwards": ("j.csv", "dataset.name\n\u202eab\n", ["'\\u202eab' is no value"]),
    "formula": ("j.csv", "dataset.name\n=cmd\n", ["'=cmd' cannot be read"]),
    "how Hydra runs it": ("j.csv", "hydra.run.dir\n/tmp/x\n", ["'hydra.run.dir' is no key"]),
    "a key taken away": ("j.csv", "~seed\n1\n", ["'~seed' is no key"]),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_is_no_list_of_combinations_is_refused(case: str, tmp_path: Path) -> None:
    name, text, expected = REFUSED[case]
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with bounded(), pytest.raises(SettingsError) as caught:
        read_jobs(file, 10)
    message = str(caught.value)
    assert all(part in message for part in expected), message
    assert message.isprintable()


def test_what_is_no_file_or_too_large_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    with open(tmp_path / "large.csv", "wb") as file:
        file.truncate(MOST_BYTES + 1)
    expected = {
        "pipe.csv": "no file",
        "folder.csv": "no file",
        "none.csv": "no file",
        "large.csv": "at most 33,554,432",
    }
    for name, part in expected.items():
        with pytest.raises(SettingsError, match=part):
            read_jobs(tmp_path / name, 10)
