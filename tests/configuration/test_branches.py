import json
import re
from pathlib import Path
from typing import Any

import pytest
from hydra.types import RunMode
from omegaconf import OmegaConf

from runner import errors
from runner.checking.conf_files import conf_folder
from runner.configuration.branches import literal, place
from runner.configuration.checked_loader import loader_of
from runner.configuration.composing import compose, loaded, prepared_hydra
from runner.configuration.jobs import JobComposer

TABLE = ("dataset=csv", "dataset.path=a.csv", "dataset.target=b")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_of(*overrides: str, name: str = "run") -> None:
    """What composing reads of a run: its configuration, and a snapshot's name."""
    snapshot = Path(name, "snapshots", "step-000000040.npz")
    snapshot.parent.mkdir(parents=True)
    snapshot.touch()
    about: dict[str, Any] = {
        "status": "completed",
        "error": None,
        "started": "",
        "resumed": [],
        "engine": "numpy",
    }
    about |= {"checksums": {}, "configuration": compose(overrides)}
    Path(name, "run.json").write_text(json.dumps(about))


@pytest.mark.parametrize(
    ("run", "said", "key", "value"),
    [
        (("dataset=digits",), ("optimizer=sgd",), "optimizer.learning_rate", 0.1),
        (("dataset=digits",), ("optimizer=momentum",), "optimizer.learning_rate", 0.01),
        (
            ("dataset=digits", "dataset.sgd_rate=3"),
            ("optimizer=sgd",),
            "optimizer.learning_rate",
            3,
        ),
        (("dataset=digits",), ("optimizer=sgd", "dataset=moons"), "optimizer.learning_rate", 0.5),
        (("dataset=digits",), ("optimizer.beta1=0.8",), "optimizer.beta1", 0.8),
        (("dataset=digits",), ("dataset.scale=none",), "dataset.scale", "none"),
        (("dataset=digits",), ("dataset.scale=none",), "dataset.test", 0.2),
        (TABLE, ("dataset.path=c.csv",), "dataset.path", "c.csv"),
        (TABLE, ("loss=huber",), "loss.reduction", "mean"),
        (TABLE, ("stopping=epochs",), "stopping.metric", "val_loss"),
        ((*TABLE, "dataset.validation=null"), ("stopping=epochs",), "stopping.metric", "loss"),
        (("dataset=digits",), ("+logger=mlflow",), "logger.mlflow.folder", "mlflow"),
        (("dataset=digits", "+logger=mlflow"), ("seed=2",), "logger.mlflow.folder", "mlflow"),
        (("topology=3-5-1",), ("seed=2",), "topology", "3-5-1"),
        (("sweep.repeats=3",), ("seed=2",), "sweep.repeats", 1),
        ((*TABLE, r"dataset.path='\${seed}.csv'"), ("seed=2",), "dataset.path", "${seed}.csv"),
        (("seed=3",), ("seed=2",), "from", "the newest"),
    ],
)
def test_what_a_branch_is_told_is_said_of_its_run(
    run: tuple[str, ...], said: tuple[str, ...], key: str, value: object, folder: Path
) -> None:
    run_of(*run)
    found = place(compose(["from=run", *said]), *key.split("."))
    assert found == (f"{folder}/run@40" if key == "from" else value)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("optimizer.momentum=0.8", "optimizer.momentum is not there with the optimizer"),
        ("optimizer.beta3=0.8", "did you mean 'optimizer.beta2'"),
        ("experiment=eleven_lines", "experiment=eleven_lines has no effect beside from=…"),
        ("network.initializer.scale=2", "network.initializer.scale would change nothing"),
    ],
)
def test_what_its_run_does_not_have_is_refused(said: str, words: str) -> None:
    run_of("dataset=digits")
    with pytest.raises(errors.SettingsError, match=re.escape(words)):
        compose(["from=run", said])


def test_branches_of_several_runs_are_swept_over() -> None:
    run_of("dataset=digits", name="a")
    run_of("dataset=moons", "optimizer=adam", name="b")
    texts = ["from=a,b", "optimizer.beta1=0.8", "seed=1,2"]
    with prepared_hydra():
        jobs = JobComposer(loader_of(conf_folder()), loaded(texts, RunMode.MULTIRUN))
        found = [
            jobs.values([f"from={name}", "optimizer.beta1=0.8", f"seed={seed}"])
            for name in "ab"
            for seed in (1, 2)
        ]
    told = [(each["dataset"]["name"], each["optimizer"]["beta1"], each["seed"]) for each in found]
    assert told == [("digits", 0.8, 1), ("digits", 0.8, 2), ("moons", 0.8, 1), ("moons", 0.8, 2)]


@pytest.mark.parametrize("none", ["from=range(3,3)", "from=glob(nothing*)", "from=interval(0,1)"])
def test_where_no_run_can_be_told_yet_there_is_no_branch(none: str) -> None:
    with prepared_hydra():
        assert loaded([none, "seed=2"], RunMode.MULTIRUN)["from"] is None


@pytest.mark.parametrize("text", ["${seed}", r"a\${seed}", r"\\${x:1}${y}", "a$b{c}", "a\\"])
def test_a_recorded_text_refers_to_nothing(text: str) -> None:
    assert OmegaConf.create({"it": literal([text])}).it[0] == text


def test_a_run_that_a_file_names_is_not_read() -> None:
    Path("conf/dataset").mkdir(parents=True)
    Path("conf/dataset/mine.yaml").write_text("# @package _global_\nfrom: run\n")
    place = f"hydra.searchpath=[file://{Path('conf').absolute()}]"
    with pytest.raises(errors.SettingsError, match=r"from='run' comes from a file; .* from=…"):
        compose([place, "dataset=mine"])
