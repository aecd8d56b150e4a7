"""Every data set choice trains alike with both engines; a new YAML file is tested by existing."""

from pathlib import Path

import numpy as np
import pytest

from runner.checking.conf_files import conf_folder
from runner.configuration.composing import compose
from runner.data.dataset import on_disk
from runner.errors import SettingsError
from runner.experiment.building import build_engine, build_problem, build_state
from runner.experiment.loading import load_dataset
from runner.settings import Settings, parse_settings
from runner.training.engine import Problem
from runner.training.numpy_engine import NumpyEngine
from tests.data.test_image_sets import SETS

pytest.importorskip("numba")

STEPS = 7
TOLERANCE = 1e-8
"""In float64: Adam divides by the gradient's size, which makes much of float32's last digits."""


def write_table(path: Path) -> None:
    """Two features and a target of two classes."""
    generator = np.random.default_rng(3)
    features = generator.normal(size=(40, 2))
    table = np.c_[features, features.sum(axis=1) > 0].astype(np.float32)
    if path.suffix == ".npy":
        np.save(path, table)
    elif path.suffix == ".npz":
        np.savez(path, x=table[:, :2], **{"3": table[:, 2].astype(int)})
    else:
        rows = (f"{a},{b},{y:.0f}\n" for a, b, y in table)
        path.write_text("1,2,3\n" + "".join(rows))


def with_files(name: str, folder: Path) -> list[str]:
    """What the command line says for a data set, with the files that it reads."""
    overrides = [f"dataset={name}"]
    for case, (saying, write, _) in SETS.items():
        if case.split(",")[0] == name:
            write(folder)
            return [*saying, f"dataset.root={folder}", "batch_size=8"]
    if name == "csv":
        write_table(folder / "data.csv")
        overrides += [f"dataset.path={folder}/data.csv", "dataset.target=3"]
    return overrides


def problem_of(overrides: list[str]) -> tuple[Settings, Problem]:
    settings = parse_settings(compose(overrides))
    return settings, build_problem(settings, load_dataset(settings.dataset))


def check_engines_agree(overrides: list[str]) -> None:
    settings, problem = problem_of([*overrides, "dtype=float64"])
    after = []
    for engine in ("numpy", "compiled"):
        state = build_state(settings, problem)
        report = build_engine(engine, problem).advance(state, STEPS, None)
        after.append((state.parameters, state.order, report.metrics))
    (reference, order, metrics), (parameters, compiled_order, compiled_metrics) = after
    np.testing.assert_allclose(parameters, reference, rtol=TOLERANCE, atol=TOLERANCE)
    np.testing.assert_array_equal(compiled_order, order)
    assert compiled_metrics == pytest.approx(metrics, rel=TOLERANCE)
    assert not np.array_equal(reference, build_state(settings, problem).parameters)


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in Path(conf_folder(), "dataset").glob("*.yaml"))
)
def test_both_engines_train_alike_on_every_data_set(name: str, tmp_path: Path) -> None:
    check_engines_agree(with_files(name, tmp_path))


@pytest.mark.parametrize("topology", ["in-9-out", "in-40-out", "in-4C3-MP2-out", "8x8-5GRU-out"])
def test_both_engines_weigh_classes_alike(topology: str) -> None:
    settings = ["dataset.class_weight={3:5,4:0}", f"topology={topology}"]
    check_engines_agree(["dataset=digits", *settings])


def test_both_engines_train_alike_on_an_npz_table(tmp_path: Path) -> None:
    write_table(tmp_path / "data.npz")
    check_engines_agree(["dataset=csv", f"dataset.path={tmp_path}/data.npz", "dataset.target=3"])


def test_both_engines_train_alike_on_an_npy_matrix_that_a_full_batch_holds(tmp_path: Path) -> None:
    write_table(tmp_path / "data.npy")
    overrides = ["dataset=csv", f"dataset.path={tmp_path}/data.npy", "dataset.target=3"]
    check_engines_agree([*overrides, "batch_size=null"])


def test_a_matrix_on_disk_is_trained_on_a_batch_at_a_time(tmp_path: Path) -> None:
    write_table(tmp_path / "data.npy")
    overrides = ["dataset=csv", f"dataset.path={tmp_path}/data.npy", "dataset.target=3"]
    settings, problem = problem_of(overrides)
    assert on_disk(problem.inputs)
    assert isinstance(build_engine("auto", problem), NumpyEngine)
    with pytest.raises(SettingsError, match=r"engine='compiled' .*; choose engine=numpy") as caught:
        build_engine("compiled", problem)
    assert str(caught.value).isprintable()

    write_table(tmp_path / "data.csv")
    same = ["dataset=csv", f"dataset.path={tmp_path}/data.csv", "dataset.target=3"]
    _, in_memory = problem_of(same)
    states = [build_state(settings, each) for each in (problem, in_memory)]
    for state, each in zip(states, (problem, in_memory), strict=True):
        build_engine("numpy", each).advance(state, STEPS, None)
    np.testing.assert_allclose(states[0].parameters, states[1].parameters, rtol=1e-6)
