"""What commands answer scripts: one document, as its schema says, of what people are told too."""

import json
import math
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from runner.__main__ import COMMANDS
from runner.answers.answer import plain, print_json
from runner.answers.schemas import answer_schema
from runner.commands import run_command
from runner.experiment.running import QUIETLY, run_experiment
from runner.run_folder.sweep_folder import SweepFolder
from runner.schema import ANSWERS
from tests.end_to_end.commands import ENVIRONMENT, InProcess, composed

SHORT = ("stopping.target=null", "stopping.max_steps=300", "recording.plots=false")
DOCUMENT = Path(__file__).parents[2] / "docs" / "scripting.md"
EXAMPLE = re.compile(r"^    \$ python -m (\S+) (.*)\n((?:    .*\n)+)", re.MULTILINE)
EXAMPLES = EXAMPLE.findall(DOCUMENT.read_text(encoding="utf-8"))
OF_MACHINE = r"seconds|steps_per_second|started|finished|text|otherwise|.*_bytes"
"""Keys whose values no two machines, times or places share."""
Say = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sweep outputs/sizes, and the run outputs/run."""
    place = tmp_path_factory.mktemp("place")
    reached = ("stopping.target=0.99", "recording.plots=false")
    jobs = [(topology, seed) for topology in ("3-2-1", "3-4-1") for seed in (1, 2, 3)]
    for number, (topology, seed) in enumerate(jobs):
        config = composed(f"topology={topology}", f"seed={seed}", *reached)
        run_experiment(config, place / "outputs" / "sizes" / str(number), {}, QUIETLY)
    SweepFolder(place / "outputs" / "sizes").collect()
    run_experiment(composed(*reached), place / "outputs" / "run", {}, QUIETLY)
    diverging = (*SHORT, "network.activation.output=linear", "optimizer.learning_rate=1e200")
    run_experiment(composed(*diverging), place / "outputs" / "diverged", {}, QUIETLY)
    return place


@pytest.fixture
def say(outputs: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Say:
    """Runs a command with --json: its exit code, its document, which is checked, and stderr."""
    monkeypatch.chdir(outputs)
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)

    def said(name: str, *arguments: str) -> tuple[int, dict[str, Any], str]:
        capfd.readouterr()
        code = run_command(import_module(COMMANDS[name]).main, [*arguments, "--json"])
        out, err = capfd.readouterr()
        return code, checked(out), err

    return said


def checked(out: str) -> dict[str, Any]:
    """The document on standard output, held against the schema that it names."""
    found: dict[str, Any] = json.loads(out, parse_constant=pytest.fail)
    jsonschema.validate(found, strict(schema_of(found["schema"].split("/")[1])))
    return found


def schema_of(name: str) -> dict[str, Any]:
    module, kind = ANSWERS[name]
    return answer_schema(getattr(import_module(module), kind))


def strict(schema: Any) -> Any:
    """The schema, with no room for what it does not name."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {"additionalProperties": False} if "required" in schema else {}
    return {**closed, **{key: strict(each) for key, each in schema.items()}}


SAID: dict[str, tuple[Sequence[str], int, dict[str, Any]]] = {
    # a command line, its exit code, and some of its document
    "runs": (
        ("compare", "outputs/sizes", "--sort=-seed"),
        0,
        {"metric": "steps", "by": [], "runs.5.settings.seed": 1, "repeats": 0},
    ),
    "one column of runs": (
        ("compare", "outputs/sizes", "--columns", "steps", "--rows", "1"),
        0,
        {"runs.0.settings": {}, "runs.0.results": {"steps": 176}},
    ),
    "groups": (
        ("compare", "outputs/sizes", "--by", "topology"),
        0,
        {"groups.0.group": {"topology": "3-2-1"}, "differences.0.pairs": 3, "runs": []},
    ),
    "one run each": (
        ("compare", "outputs/sizes", "--by", "topology,seed", "--metric", "loss"),
        0,
        {"better": "lower", "groups.0.sd": None, "groups.0.mean_interval": None},
    ),
    "a chosen group": (
        ("compare", "outputs/sizes", "--by", "topology", "--against", "3-4-1"),
        0,
        {"against": {"topology": "3-4-1"}, "groups.1.standing": "compared with"},
    ),
    "verified": (
        ("verify", "outputs/run", "outputs/none"),
        4,
        {
            "runs.0.verdict": "identical",
            "runs.0.repetition.largest_difference": 0.0,
            "runs.1.error.exit_code": 4,
            "verdicts": {"identical": 1, "not verified": 1},
        },
    ),
    "nothing to resume": (
        ("resume", "outputs/run"),
        0,
        {"runs.0.went_on": False, "runs.0.results.steps": 137, "runs.0.error": None},
    ),
    "what cannot be resumed": (
        ("resume", "outputs/diverged", "outputs/none", "outputs", "stopping.max_steps=400"),
        7,
        {
            "runs.0.status": "diverged",
            "runs.0.error.kind": "diverged",
            "runs.1.status": None,
            "runs.1.error.kind": "snapshot",
            "runs.2.error.kind": "snapshot",
        },
    ),
    "reproduced": (
        ("reproduce", "eleven_lines"),
        0,
        {"agrees": True, "cases.0.numbers.0.published": ".00966449", "not_run": []},
    ),
    "not reproduced": (
        ("reproduce", "eleven_lines", "stopping.max_steps=10"),
        1,
        {"agrees": False, "cases.0.numbers.0.agrees": False},
    ),
    "a data set of classes": (
        ("data", "digits"),
        0,
        {"shape": [1, 8, 8], "classes.9.name": "9", "targets": None, "all_inputs.max": 16},
    ),
    "a data set of numbers": (
        ("data", "eight_samples"),
        0,
        {"classes": None, "targets.0.max": 1.0, "inputs.2.min": 1.0, "first_rows.inputs": 3},
    ),
    "a bad option": (("compare", "--rows", "many"), 2, {"error.kind": "settings"}),
    "a bad value": (("compare", "outputs", "--by", "topolog"), 2, {"error.exit_code": 2}),
    "no such runs": (("compare", "nowhere"), 4, {"error.kind": "snapshot"}),
    "a command that answers no script": (("predict", "outputs"), 2, {"error.kind": "settings"}),
}


@pytest.mark.parametrize("case", SAID)
def test_a_command_answers_with_one_document_that_its_schema_describes(case: str, say: Say) -> None:
    arguments, expected, some = SAID[case]
    code, document, err = say(*arguments)
    assert code == expected
    for place, value in some.items():
        assert at(document, place) == value, place
    assert next(iter(document)) == "schema"
    if "error" in document:
        assert err == f"error: {document['error']['message']}\n"


def at(document: Any, place: str) -> Any:
    """What lies there: `runs.0.error`."""
    for key in place.split("."):
        document = document[int(key) if isinstance(document, list) else key]
    return document


def test_the_document_has_the_sentences_that_people_read(
    say: Say, capfd: pytest.CaptureFixture[str]
) -> None:
    _, document, _ = say("compare", "outputs/sizes", "--by", "topology")
    run_command(import_module("runner.compare").main, ["outputs/sizes", "--by", "topology"])
    told = " ".join(capfd.readouterr().out.split())
    for sentence in (*(each["sentence"] for each in document["differences"]), document["test"]):
        assert sentence in told


def test_a_run_goes_on_and_what_people_see_of_it_is_on_stderr(tmp_path: Path, say: Say) -> None:
    run_experiment(composed(*SHORT), tmp_path / "run", {}, QUIETLY)
    code, document, err = say("resume", str(tmp_path / "run"), "stopping.max_steps=400")
    assert code == 0
    assert document["runs"][0]["text"].startswith("max_steps reached after 400 steps")
    assert document["runs"][0]["results"]["steps"] == 400
    assert "NETWORK TRAINING" in err


def test_a_sweep_goes_on_and_its_jobs_are_answered(tmp_path: Path, say: Say) -> None:
    for number in (0, 1):
        config = composed(f"seed={number + 1}", *SHORT)
        run_experiment(config, tmp_path / "s" / str(number), {}, QUIETLY)
    code, document, err = say("resume", str(tmp_path / "s"), "stopping.max_steps=301")
    assert (code, document["never_started"]) == (0, 0)
    assert [run["results"]["steps"] for run in document["runs"]] == [301, 301]
    assert err.startswith("#0: ")


PLANNED: dict[str, tuple[Sequence[str], int, dict[str, Any]]] = {
    "a sweep": (
        ("-m", "topology=3-4-1,2-4-1", "seed=1,2,2", *SHORT, "engine=numpy"),
        0,
        {"given": 6, "to_run": 4, "nets.0.parameters": 16, "nets.1.parameters": None},
    ),
    "halving": (
        ("-m", "seed=range(1,10)", "sweep.halving.first=10", "stopping=epochs", "engine=numpy"),
        0,
        {"halving.rungs.0": {"jobs": 9, "epochs": 10}, "halving.to_end": 1},
    ),
    "a bad value": (("-m", "seed=1,-3"), 2, {"error.kind": "settings"}),
    "a bad option": (("--wrong",), 2, {"error.kind": "settings"}),
}


@pytest.mark.parametrize("case", PLANNED)
def test_a_plan_is_answered_with_one_document(case: str, run: InProcess) -> None:
    overrides, code, some = PLANNED[case]
    ended = run(*overrides, "sweep.plan=json")
    document = checked(ended.out)
    assert ended.code == code, ended.err
    for place, value in some.items():
        assert at(document, place) == value, place
    assert list(run.cwd.iterdir()) == []


def test_whatever_else_is_printed_goes_to_stderr(tmp_path: Path) -> None:
    (tmp_path / "loud.py").write_text("import os\nprint('one')\nos.write(1, b'two\\n')\n")
    command = [sys.executable, "-m", "runner", "data", "xor", "--json", "--plugin", "loud"]
    environment = {**ENVIRONMENT, "PYTHONIOENCODING": "latin-1"}
    ended = subprocess.run(command, capture_output=True, cwd=tmp_path, env=environment, check=True)
    assert checked(ended.stdout.decode())["topology"] == "2-…-1"
    assert sorted(ended.stderr.split()) == [b"one", b"two"]


def test_numbers_are_whole_and_what_is_none_is_null(capsys: pytest.CaptureFixture[str]) -> None:
    values = {"x": 0.1 + 0.2, "n": math.nan, "i": np.float64("inf"), "k": np.int64(2**60)}
    values |= {"path": Path("\udcff"), "many": np.array([1.5, np.nan]), "t": np.bool_(True)}
    print_json(plain(values))
    assert json.loads(capsys.readouterr().out) == {
        "x": 0.30000000000000004,
        "n": None,
        "i": None,
        "k": 2**60,
        "path": "\udcff",
        "many": [1.5, None],
        "t": True,
    }


@pytest.mark.parametrize("name", ANSWERS)
def test_every_schema_is_printed_sound_and_says_what_keys_mean(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(import_module("runner.schema").main, [name]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["properties"]["schema"]["const"] == f"runner/{name}/1"
    assert schema["description"]


def test_the_documentation_has_an_example_of_each() -> None:
    said = {json.loads(text)["schema"].split("/")[1] for *_, text in EXAMPLES}
    assert said == set(ANSWERS)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example[0])
def test_the_examples_of_the_documentation_are_what_the_commands_print(
    example: tuple[str, str, str],
    say: Say,
    run: InProcess,
    outputs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module, arguments, text = example
    if module == "runner":
        document = checked(run(*arguments.split()).out)
    else:
        shutil.copytree(outputs / "outputs", tmp_path / "outputs")
        monkeypatch.chdir(tmp_path)
        _, document, _ = say(module.removeprefix("runner."), *arguments.split()[:-1])
    assert without_machine(checked(text)) == without_machine(document)


def without_machine(value: Any) -> Any:
    """A document without what no two machines share; numbers to nine digits."""
    if isinstance(value, dict):
        kept = {key: each for key, each in value.items() if not re.fullmatch(OF_MACHINE, key)}
        return {key: without_machine(each) for key, each in kept.items()}
    if isinstance(value, list):
        return [without_machine(each) for each in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value
