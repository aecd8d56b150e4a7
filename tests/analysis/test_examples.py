"""The examples in the docstrings give what they say."""

import doctest
from pathlib import Path

import pytest

import runner
from runner.configuration.composing import compose
from runner.experiment.running import QUIETLY, run_experiment
from runner.run_folder.sweep_folder import SweepFolder

FOLDS = ("dataset.test=null", "dataset.folds=5")


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with outputs/sweep of four runs, two topologies and two seeds."""
    place = tmp_path_factory.mktemp("place")
    jobs = [(topology, seed) for topology in ("3-2-1", "3-4-1") for seed in (1, 2)]
    for number, (topology, seed) in enumerate(jobs):
        config = compose([f"topology={topology}", f"seed={seed}", "stopping.target=0.9"])
        run_experiment(config, place / "outputs" / "sweep" / str(number), {}, QUIETLY)
    SweepFolder(place / "outputs" / "sweep").collect()
    return place


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with outputs/digits and outputs/folds, the sweeps of docs/comparing.md."""
    outputs = tmp_path_factory.mktemp("digits") / "outputs"
    sweeps = {
        "digits": [
            ["dataset.validation=0.1", "stopping.max_epochs=8", f"optimizer={name}", f"seed={seed}"]
            for name in ("sgd", "adam")
            for seed in (1, 2, 3)
        ],
        "folds": [
            [
                "dataset.test=null",
                "dataset.folds=5",
                f"dataset.fold={fold}",
                "stopping.max_epochs=3",
            ]
            for fold in range(5)
        ],
    }
    for name, jobs in sweeps.items():
        for number, overrides in enumerate(jobs):
            config = compose(["dataset=digits", *overrides])
            run_experiment(config, outputs / name / str(number), {}, QUIETLY)
        SweepFolder(outputs / name).collect()
    return outputs.parent


def test_the_examples_of_the_documentation_give_what_they_say(
    digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(digits)
    document = Path(__file__).parents[2] / "docs" / "comparing.md"
    result = doctest.testfile(str(document), module_relative=False)
    assert result.attempted > 20
    assert result.failed == 0


OF_DIGITS = ("load_classes", "load_confusion")


@pytest.mark.parametrize("name", [name for name in runner.__all__ if name.startswith("load_")])
def test_examples_give_what_they_say(
    name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(request.getfixturevalue("digits" if name in OF_DIGITS else "workplace"))
    functions = {name: getattr(runner, name) for name in runner.__all__}
    checks = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    (examples,) = doctest.DocTestFinder().find(functions[name], name, globs=functions)
    result = checks.run(examples)
    assert result.attempted > 0
    assert result.failed == 0
