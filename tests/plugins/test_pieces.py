"""Pieces of one's own: what is wrong with one is said in a line, where it is registered."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import runner
from runner.configuration.reference import json_schema
from runner.errors import SettingsError
from runner.network.activations import ACTIVATIONS
from runner.plugins import loading
from tests.end_to_end.commands import InProcess
from tests.plugins.registering import registered, undone

FEW = ("stopping.max_steps=20", "stopping.target=null", "recording.plots=false")


@pytest.fixture(autouse=True)
def _undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    with undone():
        yield


def named(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    function.__name__ = name
    return function


def half(z: Any) -> Any:
    return 0.5 * z


WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "a name that is taken": (
        lambda: runner.activation(slope=lambda z, a: 0.5 + 0 * z, name="relu")(half),
        "the activation 'relu' is there already, of the runner; choose another name",
    ),
    "a name that is none": (
        lambda: runner.activation(slope=lambda z, a: 0.5 + 0 * z, name="my-half")(half),
        "activation 'my-half': expected a name of letters, digits and _",
    ),
    "a name that stands for something else": (
        lambda: runner.activation(slope=lambda z, a: 0.5 + 0 * z, name="null")(half),
        "activation 'null': expected a name of letters, digits and _, not auto, null, ",
    ),
    "a slope that is not its own": (
        lambda: runner.activation(slope=lambda z, a: 0.4 + 0 * z)(half),
        "activation 'half': its slope is 0.4 at -3.01, central differences give 0.5; check=False",
    ),
    "a slope of one argument": (
        lambda: runner.activation(slope=lambda z: z)(half),
        "activation 'half': its slope cannot be called so: TypeError",
    ),
    "a slope of another shape": (
        lambda: runner.activation(slope=lambda z, a: 0.5)(half),
        "its slope gives an array of shape (), expected (7, 7)",
    ),
    "an activation that changes what it is given": (
        lambda: runner.activation(slope=lambda z, a: z)(lambda z: np.negative(z, z)),
        "it cannot be called so: ValueError: output array is read-only",
    ),
    "an activation that is not finite": (
        lambda: runner.activation(slope=lambda z, a: 1 / z)(
            named("log", lambda z: np.log(np.abs(z) - 9))
        ),
        "it is not finite everywhere from -3 to 3",
    ),
    "a loss with another gradient": (
        lambda: runner.loss(gradient=lambda a, y: y - a)(lambda a, y: (a - y) ** 2 / 2),
        "its gradient is",
    ),
    "a loss that is one number": (
        lambda: runner.loss(gradient=lambda a, y: a)(lambda a, y: ((a - y) ** 2).sum()),
        "it gives an array of shape (), expected (7, 7) or (7,)",
    ),
    "an optimizer that gives instead of changing": (
        lambda: runner.optimizer()(lambda step: step.parameters - step.gradient),
        "it leaves the parameters as they are; it has to change them in place",
    ),
    "a default out of its range": (
        lambda: runner.optimizer(momentum=(1, 0, 1))(lambda step: None),
        "momentum=1 is not in [0, 1)",
    ),
    "a setting that is no number": (
        lambda: runner.optimizer(momentum="much")(lambda step: None),  # type: ignore[arg-type]
        "momentum='much': expected a number, or (default, least, below)",
    ),
    "a schedule of one number": (
        lambda: runner.schedule()(lambda epochs, length, settings: 1.0),
        "it gives an array of shape (), expected (10,)",
    ),
    "an initializer of another shape": (
        lambda: runner.initializer()(lambda generator, shape, fans, scale: np.zeros(3)),
        "it cannot be called so: ValueError: cannot reshape",
    ),
    "a data set's setting without a default": (
        lambda: runner.dataset()(lambda samples: None),
        "its parameter samples needs a default: a number, a text, or a bool",
    ),
    "a data set's setting that all have": (
        lambda: runner.dataset()(lambda validation=1: None),
        "validation is a key of every data set; choose another name",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_a_piece_is_one_line(case: str) -> None:
    register, expected = WRONG[case]
    with pytest.raises(SettingsError) as raised:
        register()
    assert expected in str(raised.value)
    assert "tests.plugins.test_pieces" in str(raised.value)
    assert "\n" not in str(raised.value)


GIVEN: dict[str, Callable[..., object]] = {
    "no pair": lambda: 1,
    "inputs of one dimension": lambda: ([1.0, 2.0], [1.0, 2.0]),
    "fewer targets": lambda: (np.zeros((3, 1)), [1, 2]),
    "nothing": lambda: (np.zeros((0, 1)), []),
    "NaN": lambda: ([[np.nan]], [1.0]),
    "an error": lambda: dict[str, object]()["none"],
}


@pytest.mark.parametrize("case", GIVEN)
def test_a_data_set_that_gives_none_is_one_line(case: str, run: InProcess) -> None:
    runner.dataset(name="odd")(GIVEN[case])
    ended = run("dataset=odd", "engine=numpy", *FEW)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "dataset 'odd': " in ended.err


def test_targets_of_texts_are_classes_and_others_numbers() -> None:
    runner.dataset()(named("texts", lambda: ([[0.0], [1.0]] * 4, ["no", "yes"] * 4)))
    runner.dataset()(named("numbers", lambda: ([[0.0], [1.0]] * 4, [0.5, 2.5] * 4)))
    trained = [
        runner.train(f"dataset={name}", "batch_size=null", *FEW) for name in ("texts", "numbers")
    ]
    assert [run.network.classes for run in trained] == [("no", "yes"), None]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("slots", [0, 1, 2, 3])
def test_an_optimizer_of_numbers_is_the_same_in_both_engines(slots: int, dtype: str) -> None:
    def without(w: Any, g: Any, slots: Any, rate: Any, number: Any, settings: Any) -> Any:
        return w - rate * g * settings[0] / number, slots

    def remembering(w: Any, g: Any, slots: Any, rate: Any, number: Any, settings: Any) -> Any:
        v = slots[0] * settings[1] + g
        return w - rate * (v * settings[0] + slots[-1]) / number, (v, *slots[1:])

    register = runner.optimizer(slots=slots, scalar=True, rest=0.5, more=0.25, name="own")
    register(remembering if slots else without)
    losses = [
        runner.train("optimizer=own", *FEW, engine=engine, dtype=dtype).results["loss"]
        for engine in ("compiled", "numpy")
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-10 if dtype == "float64" else 1e-5)


def test_schedules_and_initializers_serve_both_engines() -> None:
    @runner.schedule(every=(10.0, 1, 100))
    def saw(epochs: Any, _length: float, settings: tuple[float, ...]) -> Any:
        return 1 - (epochs % settings[0]) / (2 * settings[0])

    @runner.initializer()
    def ramp(_generator: Any, shape: Any, _fans: Any, scale: float) -> Any:
        return scale * np.linspace(-1, 1, int(np.prod(shape))).reshape(shape)

    said = ("schedule=saw", "schedule.every=5", "network.initializer.name=ramp", *FEW)
    runs = [runner.train(*said, engine=engine) for engine in ("compiled", "numpy")]
    assert runs[0].results["loss"] == pytest.approx(runs[1].results["loss"], rel=1e-12)
    about = json.loads((runs[0].path / "run.json").read_text())
    assert about["plugins"].keys() == {"schedule saw", "initializer ramp"}


def test_what_numba_cannot_compile_takes_the_other_engine_and_says_why(run: InProcess) -> None:
    @runner.activation(slope=lambda z, a: np.cos(z), scalar=True)
    def odd(z: Any) -> Any:
        return {"sin": np.sin}["sin"](np.asarray(z, order="K"))

    said = ("network.activation.hidden=odd", *FEW)
    assert "numpy, for compiled cannot compile activation 'odd'" in run(*said).out
    refused = run(*said, "engine=compiled")
    assert (refused.code, refused.err.count("\n")) == (2, 1)


def test_a_cell_that_is_run_again_puts_the_new_one_in_its_place() -> None:
    for factor in (0.5, 0.25):

        @runner.activation(slope=lambda z, a, by=factor: by + 0 * z)
        def again(z: Any, by: float = factor) -> Any:
            return by * z

    out = np.empty((1, 1))
    ACTIVATIONS["again"].forward(np.ones((1, 1)), out)
    assert out == 0.25


def test_names_are_in_the_schema_too() -> None:
    with registered():
        optimizer = json_schema("optimizer")
    assert "sign" in str(optimizer["properties"]["name"])
    assert "sign" not in str(json_schema("optimizer")["properties"]["name"])


FAILING = {
    "raise ValueError('no')": "--plugin own: ValueError: no (line 1 of ",
    "import there_is_none": "--plugin own: ModuleNotFoundError: No module named 'there_is_none'",
    "def": "--plugin own: SyntaxError: ",
    "raise SystemExit(3)": "--plugin own: SystemExit: 3 (line 1 of ",
    "import runner; runner.dataset(name='xor')(lambda n=1: n)": "'xor' is there already",
    "import runner; runner.loss(gradient=1)(2)": "--plugin own: runner.loss is given 2; expected",
}


@pytest.mark.parametrize("text", FAILING)
def test_a_module_that_fails_is_one_line(text: str, run: InProcess) -> None:
    (run.cwd / "own.py").write_text(text)
    ended = run("--plugin", "own")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert FAILING[text] in ended.err


@pytest.mark.parametrize("name", ["own.py", "../own", "none", "os;x", ""])
def test_a_module_that_is_not_there_is_one_line(name: str, run: InProcess) -> None:
    ended = run("--plugin", name)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert ended.err.startswith(f"error: --plugin {name}")


def test_a_file_of_another_folder_is_told_how_to_be_named(run: InProcess) -> None:
    said = "; one of another folder: PYTHONPATH=../its before the command, --plugin own\n"
    assert run("--plugin", "../its/own.py").err.endswith(said)


PLACES: dict[str, Callable[[Path], tuple[str, ...]]] = {
    "a preset": lambda folder: ("-cd", str(folder), "experiment=bad"),
    "a run": lambda folder: (f"from={folder}/run",),
}


@pytest.mark.parametrize("place", PLACES)
def test_no_file_imports_a_module(place: str, run: InProcess, tmp_path: Path) -> None:
    (tmp_path / "evil.py").write_text("import pathlib; pathlib.Path('reached').touch()")
    (tmp_path / "experiment").mkdir()
    preset = "# @package _global_\nplugin: evil\nplugins: [evil]\nhydra: {plugin: evil}\n"
    (tmp_path / "experiment" / "bad.yaml").write_text(preset)
    path = runner.train(*FEW, f"hydra.run.dir={tmp_path}/run").path
    about = json.loads((path / "run.json").read_text())
    about["plugins"] = {"loss mine": {"module": "evil", "version": "1", "sha256": None}}
    (path / "run.json").write_text(json.dumps(about))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(tmp_path)
        assert run(*PLACES[place](tmp_path)).code != 0
    assert not (tmp_path / "reached").exists()
    assert "evil" not in sys.modules


@pytest.mark.parametrize("told", [1, [], {"x y": {}}, {"loss": {"module": []}}])
def test_a_forged_run_json_is_no_traceback(told: object, tmp_path: Path) -> None:
    path = runner.train(*FEW, f"hydra.run.dir={tmp_path}/run").path
    about = json.loads((path / "run.json").read_text())
    (path / "run.json").write_text(json.dumps({**about, "plugins": told}))
    missing = isinstance(told, dict) and any(what.startswith("loss") for what in told)
    expected = pytest.raises(SettingsError, match="is not here") if missing else nullcontext()
    with expected:
        runner.resume(path, "stopping.max_steps=30")


HALF = (
    "import runner\n@runner.activation(slope=lambda z, a: 0.5 + 0 * z)\n"
    "def half(z): return 0.5 * z\n"
)


def test_a_module_that_has_changed_since_is_told(tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    own.write_text(HALF)
    with registered(tmp_path, "own"):
        path = runner.train("network.activation.hidden=half", *FEW).path
    own.write_text(HALF + "# more\n")
    with registered(tmp_path, "own"):
        said = "was begun with the activation half of own SHA-256 .*, now own SHA-256"
        with pytest.warns(UserWarning, match=said):
            runner.resume(path, "stopping.max_steps=30")


@pytest.mark.parametrize("record", ["folders", "rows"])
def test_a_sweep_launched_again_tells_of_jobs_of_another_module(
    record: str, run: InProcess
) -> None:
    sweep = ("--plugin", "own", "-m", "seed=1,2", f"sweep.record={record}", "hydra.sweep.dir=s")
    chosen = ("network.activation.hidden=half,tanh", "sweep.workers=1", *FEW)
    told = []
    for text in (HALF, HALF, HALF + "# more\n"):
        (run.cwd / "own.py").write_text(text)
        with undone():
            told.append(run(*sweep, *chosen))
    assert [ended.err for ended in told[:2]] == ["", ""]
    assert "4 jobs are finished, 0 to run" in told[2].out
    found = re.fullmatch(
        r"warning: 2 jobs in .*/s, from #(\d) on, came of the activation half of own SHA-256 .*, "
        r"now own SHA-256 .*; they are taken as they are, another hydra\.sweep\.dir runs .*\n",
        told[2].err,
    )
    assert found is not None
    assert runner.load_runs(run.cwd / "s")["network.activation.hidden"][int(found[1])] == "half"


def test_an_installed_package_is_loaded_once_and_a_broken_one_is_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded = []
    points = [
        SimpleNamespace(
            load=lambda: loaded.append("good"),
            module="good",
            value="good",
            dist=SimpleNamespace(name="runner-good", version="1.5"),
        ),
        SimpleNamespace(load=lambda: 1 / 0, module="bad", value="bad", dist=None),
    ]
    monkeypatch.setattr(metadata, "entry_points", lambda group: points)
    loading.load_installed.cache_clear()
    with pytest.warns(UserWarning, match="the plugin bad cannot be loaded: ZeroDivisionError"):
        loading.load_installed()
    loading.load_installed()
    assert (loaded, loading.VERSIONS["good"]) == (["good"], "1.5")
