"""What only the data can say of a job's settings is said before the first job starts."""

import time
from dataclasses import replace

import pytest

from runner.data.dataset import Dataset
from runner.data.kinds import DATASET_OPTIONS
from runner.experiment import sharing
from runner.experiment.loading import load_dataset
from runner.settings import DatasetSettings, parse_settings
from runner.sweeping import data_checks
from tests.end_to_end.commands import InProcess, composed

FEW = ("stopping.target=null", "stopping.max_steps=5", "hydra.sweep.dir=s")
SINE = ("dataset=sine", "dataset.samples=100")

MISFITS = {
    "a loss for classes": ((*SINE, "loss=cross_entropy"), "choose loss=squared_error"),
    "a loss for shares": ((*SINE, "loss=binary_cross_entropy"), "choose loss=squared_error"),
    "a metric": ((*SINE, "stopping.metric=accuracy"), "choose from loss, mae"),
    "a batch": ((*SINE, "batch_size=1000"), "expected at most that"),
}


@pytest.mark.parametrize("launcher", ["pool", "basic"])
@pytest.mark.parametrize("name", MISFITS)
def test_settings_that_do_not_go_with_their_data_refuse_the_sweep(
    name: str, launcher: str, run: InProcess
) -> None:
    overrides, words = MISFITS[name]
    ended = run("-m", *overrides, "seed=range(1,11)", f"hydra/launcher={launcher}", *FEW)
    assert (ended.code, ended.out) == (2, "")
    (line,) = ended.err.splitlines()
    assert line.startswith("error: #0 ")
    assert words in line
    assert list(run.cwd.iterdir()) == []


def test_the_first_job_that_does_not_go_with_its_data_is_named(run: InProcess) -> None:
    ended = run("-m", *SINE, "seed=1,2", "loss=squared_error,cross_entropy", *FEW)
    assert ended.code == 2
    assert ended.err.startswith("error: #1 dataset=sine ")
    assert list(run.cwd.iterdir()) == []


def test_finished_jobs_are_not_held_against_their_data_again(
    run: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("-m", *SINE, "seed=1,2", *FEW).code == 0
    monkeypatch.setattr(data_checks, "asked", lambda _: data_checks.Answer("nothing fits"))
    assert run("-m", *SINE, "seed=1,2", *FEW).code == 0
    assert "nothing fits" in run("-m", *SINE, "seed=1,2,3", *FEW).err


def test_data_that_take_too_long_are_for_the_jobs_to_say(
    run: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_checks, "SECONDS", 0.05)
    monkeypatch.setattr(data_checks, "asked", lambda _: time.sleep(60))
    assert run("-m", "seed=1,2", *FEW).code == 0


def test_jobs_that_differ_in_nothing_that_data_could_refuse_are_asked_once(
    run: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = run.cwd / "loaded"

    def noted(settings: DatasetSettings) -> Dataset:
        with open(log, "a") as file:
            file.write(f"{settings.name}\n")
        return load_dataset(settings)

    monkeypatch.setattr(sharing, "load_dataset", noted)
    grid = ("optimizer.learning_rate=0.1,1", "seed=1,2", "dataset.split_seed=1,2")
    ended = run("-m", *SINE, "loss=cross_entropy", *grid, *FEW)
    assert ended.code == 2
    assert log.read_text() == "sine\n"


def test_what_options_of_ones_own_choose_tells_data_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of a plug-in come as they stand in its table."""
    monkeypatch.setitem(DATASET_OPTIONS, "own", {"samples": None, "seed": None})
    settings = parse_settings(composed()).dataset

    def told(*options: int) -> object:
        return data_checks.data_of(replace(settings, kind="own", options=options))

    assert told(50, 1) == told(50, 2) != told(40, 1)


@pytest.mark.parametrize("name", sorted(DATASET_OPTIONS))
def test_every_kind_of_data_has_what_tells_it_apart(name: str) -> None:
    given = {"csv": ["dataset.path=a.csv", "dataset.target=y"]}.get(name, [])
    preset = {"table": "xor"}.get(name, name)
    settings = parse_settings(composed(f"dataset={preset}", *given)).dataset
    assert {data_checks.data_of(settings)} == {data_checks.data_of(settings)}
