"""Files from somebody else: nothing in them is imported, run, or written outside the run."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType

import pytest
from omegaconf import OmegaConf

import runner
from runner.configuration.trust import TARGETS, check_hydra, check_leaf
from runner.errors import SettingsError
from tests.end_to_end.commands import InProcess
from tests.limits import bounded

PRESETS: dict[str, tuple[str, Sequence[str]]] = {
    # a preset's text, words of the message
    "callback of the shell": (
        "hydra: {callbacks: {x: {_target_: os.system, command: touch pwned}}}",
        ["hydra.callbacks.x._target_='os.system'", "would run code"],
    ),
    "callback of a module here": (
        "hydra: {callbacks: {x: {_target_: evil.Thing}}}",
        ["'evil.Thing' would run code"],
    ),
    "callback that pickles": (
        "hydra: {callbacks: {x: {_target_: hydra.experimental.callbacks.PickleJobInfoCallback}}}",
        ["would run code"],
    ),
    "callback by interpolation": (
        "hydra: {callbacks: {x: {_target_: '${oc.decode:os.system}', command: touch pwned}}}",
        ["would run code"],
    ),
    "callback inside a callback": (
        "hydra: {callbacks: {sweep_folder: {_target_: runner.application.folder_guard.FolderGuard, "
        "y: {_target_: os.system, command: touch pwned}}}}",
        ["hydra.callbacks.sweep_folder.y._target_"],
    ),
    "callback in a list": (
        "hydra: {callbacks: {sweep_folder: {_target_: runner.application.folder_guard.FolderGuard, "
        "_args_: [{_target_: os.system, command: touch pwned}]}}}",
        ["hydra.callbacks.sweep_folder._args_._target_"],
    ),
    "callback of instantiate itself": (
        "hydra: {callbacks: {x: {_target_: hydra.utils.instantiate}}}",
        ["would run code"],
    ),
    "callback of get_method": (
        "hydra: {callbacks: {x: {_target_: hydra.utils.get_method, path: evil.run}}}",
        ["would run code"],
    ),
    "callback of pathlib": (
        "hydra: {callbacks: {x: {_target_: pathlib.Path.touch, self: pwned}}}",
        ["would run code"],
    ),
    "callback of exec": (
        "hydra: {callbacks: {x: {_target_: builtins.exec, _args_: [\"open('pwned','w')\"]}}}",
        ["would run code"],
    ),
    "callback whose target is a mapping": (
        "hydra: {callbacks: {x: {_target_: {a: os.system}}}}",
        ["hydra.callbacks.x._target_.a='os.system' would run code"],
    ),
    "callback of what a module of ours has imported": (
        "hydra: {callbacks: {x: {_target_: runner.sweeping.results.write_atomically, path: "
        "{_target_: runner.sweeping.results.Path, _args_: [pwned]}, content: !!binary cHduZWQ=}}}",
        ["would run code"],
    ),
    "callback that saves elsewhere": (
        "hydra: {callbacks: {x: {_target_: runner.sweeping.sweep.OmegaConf.save, "
        "config: {a: 1}, f: /tmp/pwned}}}",
        ["would run code"],
    ),
    "callback that waits for a signal": (
        "hydra: {callbacks: {x: {_target_: runner.sweeping.forked_pool.signal.pause}}}",
        ["would run code"],
    ),
    "callback that ends the process": (
        "hydra: {callbacks: {x: {_target_: runner.sweeping.forked_pool.os._exit, _args_: [0]}}}",
        ["would run code"],
    ),
    "no callbacks": ("hydra: {callbacks: null}", ["'hydra.callbacks' is not Optional"]),
    "no callback that guards folders": (
        "hydra: {callbacks: {sweep_folder: null}}",
        ["hydra.callbacks.sweep_folder=null is not the runner's own"],
    ),
    "half a callback that guards folders": (
        "hydra: {callbacks: {sweep_folder: {_partial_: true}}}",
        ["hydra.callbacks.sweep_folder={", "is not the runner's own"],
    ),
    "callback from another part of the file": (
        "hydra: {callbacks: {x: '${regularization}'}}\n"
        "regularization: {_target_: os.system, command: touch pwned}",
        ["hydra.callbacks.x='${regularization}' stands for another part"],
    ),
    "callbacks from another part of the file": (
        "hydra: {callbacks: '${regularization}'}\n"
        "regularization: {x: {_target_: os.system, command: touch pwned}}",
        ["hydra.callbacks='${regularization}' stands for another part"],
    ),
    "callback made of a text": (
        "hydra: {callbacks: {x: '${oc.create:{_target_: os.system, command: touch pwned}}'}}",
        ["hydra.callbacks.x=", "stands for another part"],
    ),
    "launcher from what is not known yet": (
        "hydra: {mode: MULTIRUN, launcher: '${hydra:sweeper}'}",
        ["hydra.launcher='${hydra:sweeper}'"],
    ),
    "callback as a part of a launcher": (
        "hydra: {mode: MULTIRUN, launcher: {x: {_target_: os.system, command: touch pwned}}}",
        ["hydra.launcher.x._target_='os.system' would run code"],
    ),
    "launcher in the place of a sweeper": (
        "hydra: {mode: MULTIRUN, sweeper: {_target_: runner.application.plugins.PoolLauncher}}",
        ["hydra.sweeper._target_", "GridSweeper"],
    ),
    "overrides that nobody typed": (
        "hydra: {mode: MULTIRUN, overrides: {hydra: ['hydra.job.env_set={A: pwned}']}}",
        ["hydra.overrides.hydra=", "expected only what has been typed"],
    ),
    "callback with white space": (
        "hydra: {callbacks: {x: {_target_: ' os.system', command: touch pwned}}}",
        ["would run code"],
    ),
    "nearly a known target": (
        "hydra: {callbacks: {x: {_target_: runner.sweeping_evil.Thing}}}",
        ["would run code"],
    ),
    "the sweep's own callback exchanged": (
        "hydra: {callbacks: {sweep_folder: {_target_: evil.Thing}}}",
        ["hydra.callbacks.sweep_folder._target_"],
    ),
    "launcher of the shell": (
        "hydra: {mode: MULTIRUN, launcher: {_target_: subprocess.run}}",
        ["hydra.launcher._target_='subprocess.run'"],
    ),
    "sweeper of a module here": (
        "hydra: {mode: MULTIRUN, sweeper: {_target_: evil.Thing}}",
        ["hydra.sweeper._target_='evil.Thing'"],
    ),
    "log handler of the shell": (
        "hydra: {job_logging: {version: 1, handlers: {x: {'()': os.system, command: x}}}}",
        ["hydra.job_logging.handlers.x.()='os.system'", "would run code"],
    ),
    "log handler of a module here": (
        "hydra: {job_logging: {version: 1, handlers: {x: {class: evil.Thing}}}}",
        ["'evil.Thing' would run code"],
    ),
    "log handler over the network": (
        "hydra: {job_logging: {handlers: {x: {class: logging.handlers.SocketHandler}}}}",
        ["SocketHandler"],
    ),
    "log stream of a module here": (
        "hydra: {job_logging: {version: 1, handlers: {x: {class: logging.StreamHandler, "
        "stream: 'ext://evil.thing'}}}}",
        ["ext://evil.thing"],
    ),
    "log stream in two halves": (
        "hydra: {job: {name: t://evil.thing}, job_logging: {version: 1, handlers: "
        "{x: {class: logging.StreamHandler, level: 'ex${hydra.job.name}'}}}}",
        ["hydra.job_logging.handlers.x.level"],
    ),
    "log formatter of a module here": (
        "hydra: {job_logging: {version: 1, formatters: {x: {class: evil.Thing, format: x}}}}",
        ["evil.Thing"],
    ),
    "log file elsewhere": (
        "hydra: {job_logging: {version: 1, handlers: {x: {class: logging.FileHandler, "
        "filename: ../pwned}}}}",
        ["'../pwned' would run code or write outside the run"],
    ),
    "Hydra's own log of the shell": (
        "hydra: {hydra_logging: {version: 1, handlers: {x: {'()': os.system, command: x}}}}",
        ["hydra.hydra_logging.handlers.x.()"],
    ),
    "log filter by factory": (
        "hydra: {job_logging: {version: 1, filters: {x: {'()': evil.Thing}}}}",
        ["hydra.job_logging.filters.x.()"],
    ),
    "environment": (
        "hydra: {job: {env_set: {PYTHONPATH: evil, NUMBA_CACHE_DIR: evil}}}",
        ["hydra.job.env_set.", "on the command line"],
    ),
    "search path of a module": (
        "hydra: {searchpath: ['pkg://evil']}",
        ["hydra.searchpath"],
    ),
    "run folder elsewhere": (
        "hydra: {run: {dir: ../pwned}}",
        ["hydra.run.dir='../pwned'", "outside the current folder", "on the command line"],
    ),
    "absolute run folder": ("hydra: {run: {dir: /tmp/pwned}}", ["'/tmp/pwned'", "outside"]),
    "run folder below home": (
        "hydra: {run: {dir: '${oc.env:HOME}/.config'}}",
        ["hydra.run.dir", "outside"],
    ),
    "run folder that climbs in the middle": (
        "hydra: {run: {dir: outputs/../../pwned}}",
        ["outside"],
    ),
    "sweep folder elsewhere": ("hydra: {sweep: {dir: /tmp/pwned}}", ["hydra.sweep.dir", "outside"]),
    "Hydra's folder climbs out": (
        "hydra: {output_subdir: ../../../../pwned}",
        ["hydra.output_subdir='../../../../pwned'", "outside the run's folder"],
    ),
    "Hydra's folder, absolute": (
        "hydra: {output_subdir: /tmp/pwned}",
        ["hydra.output_subdir='/tmp/pwned'"],
    ),
    "Hydra's folder by interpolation": (
        "hydra: {output_subdir: '${dataset.name}'}\ndataset: {name: ../../../../pwned}",
        ["hydra.output_subdir"],
    ),
    "a job's folder climbs out": (
        "hydra: {sweep: {subdir: '${hydra.job.num}/../../pwned'}}",
        ["hydra.sweep.subdir"],
    ),
    "a job's folder by the environment": (
        "hydra: {sweep: {subdir: '${oc.env:HOME}'}}",
        ["hydra.sweep.subdir"],
    ),
    "a log file's name climbs out": (
        "hydra: {job: {name: ../../../../pwned}}",
        ["hydra.job.name"],
    ),
    "sweep folder that climbs in the middle": (
        "hydra: {sweep: {dir: multirun/../../pwned}}",
        ["hydra.sweep.dir", "outside"],
    ),
    "search space of a module here": (
        "hydra: {mode: MULTIRUN, sweeper: {_target_: "
        "hydra_plugins.hydra_optuna_sweeper.optuna_sweeper.OptunaSweeper, "
        "custom_search_space: evil.run}}",
        ["hydra.sweeper.custom_search_space"],
    ),
    "target in the optimizer": (
        "optimizer: {_target_: os.system, command: touch pwned}",
        ["optimizer._target_ is not a configuration key"],
    ),
    "target in the data set": (
        "dataset: {_target_: evil.Thing}",
        ["dataset._target_ is not a configuration key"],
    ),
    "target in the network": (
        "network: {activation: {_target_: evil.Thing}}",
        ["network.activation._target_ is not a configuration key"],
    ),
    "target in the logger": ("logger: {_target_: evil.Thing}", ["logger"]),
    "target in the recording": (
        "recording: {snapshots: {_target_: os.system, command: touch pwned}}",
        ["_target_ is not a configuration key"],
    ),
    "target in the stopping": (
        "stopping: {_target_: evil.run, _partial_: true}",
        ["is not a configuration key"],
    ),
    "target at the top": ("_target_: os.system\n", ["_target_ is not a configuration key"]),
    "Python object": ("topology: !!python/object/apply:os.system [touch pwned]", ["python"]),
    "Python object, long tag": (
        "topology: !<tag:yaml.org,2002:python/object/apply:os.system> [touch pwned]",
        ["python"],
    ),
    "Python module": ("topology: !!python/module:evil ''", ["python"]),
    "Python name": ("topology: !!python/name:evil.run ''", ["python"]),
    "Python new object": ("topology: !!python/object/new:os.system [touch pwned]", ["python"]),
    "Python tuple": ("topology: !!python/tuple [3, 4, 1]", ["python"]),
    "Python bytes": ("topology: !!python/bytes cHduZWQ=", ["python"]),
    "Python state": (
        "topology: !!python/object/new:evil.Thing {state: {run: pwned}}",
        ["python"],
    ),
    "Python exec": (
        "topology: !!python/object/apply:builtins.exec [\"open('pwned', 'w')\"]",
        ["python"],
    ),
    "Python object as a key": (
        "? !!python/object/apply:os.system [touch pwned]\n: 1\n",
        ["python"],
    ),
    "Python object in a merge": (
        "<<: !!python/object/apply:os.system [touch pwned]\n",
        ["merging"],
    ),
    "tag of a Ruby object": ("topology: !ruby/object:Gem::Requirement {}", ["ruby"]),
    "tag of a Java class": (
        "topology: !!javax.script.ScriptEngineManager [!!java.net.URL ['http://x']]",
        ["javax"],
    ),
    "tag that includes a file": ("topology: !include /etc/passwd", ["include"]),
    "tag that reads the environment": ("topology: !ENV '${HOME}'", ["ENV"]),
    "own tag": ("topology: !evil x", ["evil"]),
    "own tag, by handle": ("%TAG ! tag:evil,2000:\n---\ntopology: !x y\n", ["evil"]),
    "two documents": ("topology: 3-4-1\n---\ntopology: 3-4-1\n", ["document"]),
    "resolver that evaluates": (
        "topology: ${eval:__import__('os').system('touch pwned')}",
        ["topology"],
    ),
    "resolver that decodes code": (
        "topology: \"${oc.decode:'__import__(1)'}\"",
        ["topology"],
    ),
    "resolver that makes keys": (
        'optimizer: "${oc.create:{_target_: os.system, command: touch pwned}}"',
        ["optimizer=", "could read the environment"],
    ),
    "resolver of a secret": (
        "topology: '${oc.env:RUNNER_NO_SUCH_SECRET}'",
        ["RUNNER_NO_SUCH_SECRET"],
    ),
    "secret as the name of the data": (
        "dataset: {name: '${oc.env:HOME}'}",
        ["dataset.name='${oc.env:HOME}'", "on the command line: dataset.name=…"],
    ),
    "secret by a name in two halves": (
        "dataset: {name: '${oc.${loss.reduction}:HOME}'}\nloss: {reduction: env}",
        ["dataset.name=", "could read the environment"],
    ),
    "secret by a decoded text": (
        "dataset: {name: '${oc.decode:\"${oc.env:HOME}\"}'}",
        ["dataset.name=", "could read the environment"],
    ),
    "secret within a text": (
        "dataset: {name: 'a ${times:1,${ oc.env :HOME}} b'}",
        ["dataset.name=", "could read the environment"],
    ),
    "secret by a text made a list": (
        "network: {activation: {hidden: '${oc.create:[\"${now:$}{oc.env:HOME}\"]}'}}",
        ["network.activation.hidden=", "could read the environment"],
    ),
    "secret by a text made a part": (
        "dataset: '${oc.create:{name: \"${now:$}{oc.env:HOME}\"}}'",
        ["dataset=", "could read the environment"],
    ),
    "secret by a key": (
        "hydra: {job_logging: {loggers: {'${oc.env:HOME}': {}}}}\n"
        "network: {activation: {hidden: '${oc.dict.keys:hydra.job_logging.loggers}'}}",
        ["network.activation.hidden=", "could read the environment"],
    ),
    "secret that is swept": (
        "hydra: {mode: MULTIRUN, sweeper: {params: {dataset.name: '$\\{oc.env\\:HOME\\}'}}}",
        ["hydra.sweeper.params.dataset.name=", "is computed"],
    ),
    "secret that is shown": (
        "hydra: {job: {env_copy: [HOME]}}",
        ["hydra.job.env_copy='HOME'", "hydra.job.env_copy=…"],
    ),
    "resolver of Hydra": ("topology: '${hydra:runtime.cwd}'", ["topology"]),
    "resolver of a resolver": ("topology: '${${oc.decode:eval}:1}'", ["topology"]),
    "resolver of Python": ("topology: ${python:evil}", ["python"]),
    "escape sequence in a name": ('dataset: {name: "\\e]0;pwned\\a"}', ["\\x1b]0;pwned\\x07"]),
    "newline in a name": ('dataset: {name: "a\\nb"}', ["a\\nb"]),
    "text that runs backwards": ('dataset: {name: "a\\u202Eb"}', ["a\\u202eb"]),
    "formula in an unknown key": ('"=cmd|x": 1', ["is not a configuration key"]),
    "data set of a module": ("dataset: {kind: evil.Thing}", ["dataset.kind='evil.Thing'"]),
    "activation of a module": ("network: {activation: {hidden: os.system}}", ["'os.system'"]),
    "optimizer of a module": ("optimizer: {name: evil.Thing}", ["'evil.Thing' is unknown"]),
    "initializer of a lambda": (
        "network: {initializer: {name: 'lambda shape: 0'}}",
        ["is unknown"],
    ),
    "net beyond memory": ("topology: 3-999999999-1", ["GiB"]),
    "many layers": ("topology: " + "-".join(["3", *["100000"] * 10, "1"]), ["GiB"]),
    "samples beyond memory": ("dataset: {kind: spirals, samples: 9999999999999}", ["dataset"]),
    "alias bomb": (
        "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n"
        + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)),
        ["more than 1,000,000 values"],
    ),
    "alias of itself": ("a: &a [*a]", ["a"]),
    "merge of itself": ("a: &a {<<: *a}", ["a"]),
    "interpolation that doubles": (
        "dataset: {name: '" + "x" * 200 + "${dataset.split_seed}${seed}${topology}" * 20 + "'}",
        ["255 bytes"],
    ),
    "interpolations in a ring": (
        "topology: ${dataset.name}\ndataset: {name: '${topology}'}",
        ["ecursive"],
    ),
    "ten thousand deep": ("a: " + "[" * 10_000 + "]" * 10_000, ["nested"]),
    "a number of a million digits": ("seed: " + "9" * 1_000_000, ["4300 digits"]),
    "sexagesimal and octal": ("seed: 1:99:99\n", ["seed"]),
    "defaults that climb": ("defaults: [/../../../../etc/passwd]\n", ["passwd"]),
    "defaults by absolute path": ("defaults: [//etc/passwd]\n", ["passwd"]),
    "defaults of the group itself": ("defaults: [hostile]\n", ["nested too deep"]),
    "package elsewhere": ("# @package hydra.callbacks.x\n_target_: os.system\n", ["_target_"]),
    "schedule of a million epochs by hand": (
        "recording: {history: [" + "1," * 1_000_001 + "1]}",
        ["more than 1,000,000 values"],
    ),
}


@pytest.fixture
def traps(run: InProcess) -> Iterator[Path]:
    """A folder with a module that tells when it is imported; afterwards nothing may have."""
    (run.cwd / "evil").mkdir()
    (run.cwd / "evil" / "__init__.py").write_text("open('pwned', 'w')\ndef run(): pass\n")
    yield run.cwd
    assert not list(run.cwd.rglob("pwned*"))
    assert not list(run.cwd.parent.glob("pwned*"))
    assert not list(Path("/tmp").glob("pwned*"))  # noqa: S108


@pytest.mark.parametrize("case", PRESETS)
def test_a_hostile_preset_is_refused_in_one_line(
    case: str, run: InProcess, traps: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, words = PRESETS[case]
    monkeypatch.syspath_prepend(str(traps))
    package = "" if text.startswith(("#", "%")) else "# @package _global_\n"
    (traps / "conf" / "experiment").mkdir(parents=True)
    (traps / "conf" / "experiment" / "hostile.yaml").write_text(package + text, encoding="utf-8")
    with bounded():
        ended = run("-cd", "conf", "experiment=hostile", "stopping.max_steps=2")
    assert ended.code == 2, ended
    assert ended.err.startswith("error: ")
    assert ended.err.count("\n") == 1
    assert ended.err.rstrip("\n").isprintable()
    assert len(ended.err) < 700
    for word in words:
        assert word in ended.err
    assert not list(traps.rglob("run.json"))


REACHING_FURTHER = {
    "launcher.setup": ["touch pwned"],
    "launcher.additional_parameters": {"wrap": "touch pwned"},
    "launcher.ray.init.runtime_env": {"working_dir": "evil"},
    "sweeper.custom_search_space": "evil.run",
    "launcher.ray.init.address": "ray://elsewhere:10001",
    "launcher.ray.init._temp_dir": "../pwned",
    "launcher.temp_folder": "../pwned",
    "launcher.submitit_folder": "../pwned",
    "sweeper.storage": "sqlite:///../pwned",
    "job.env_set": {"NUMBA_CACHE_DIR": "evil"},
    "job.env_copy": ["HOME"],
}


@pytest.mark.parametrize("key", REACHING_FURTHER)
def test_what_reaches_further_than_a_run_is_taken_from_the_command_line_only(key: str) -> None:
    config = OmegaConf.create()
    OmegaConf.update(config, f"hydra.{key}", REACHING_FURTHER[key])
    with bounded(), pytest.raises(SettingsError, match="give it on the command line"):
        check_hydra(config, [])
    check_hydra(config, [f"+hydra.{key}=as said"])


@cache
def reachable() -> frozenset[str]:
    """The names of all that is reached through a module that an allowed class comes from, or any
    of the runner's: its public names, and the public names of those that are classes or modules.
    """
    homes = {name.rpartition(".")[0] for known in TARGETS.values() for name in known}
    ours = walk_packages(runner.__path__, "runner.")
    modules = {each.name for each in ours if not each.name.endswith("__main__")}
    names = {f"{owner}.X" for owner in homes}
    for module in {*homes, *modules, "hydra.utils", "hydra.experimental.callbacks", "os"}:
        with warnings.catch_warnings(), suppress(ImportError):  # of an extra that is not installed
            warnings.simplefilter("ignore")
            for name, value in public(import_module(module)):
                names.add(f"{module}.{name}")
                if isinstance(value, type | ModuleType):
                    names |= {f"{module}.{name}.{inner}" for inner, _ in public(value)}
    return frozenset(names)


def public(owner: object) -> list[tuple[str, object]]:
    """Its public names, with what they mean where that can be had."""
    return [(name, getattr(owner, name, None)) for name in dir(owner) if name[0] != "_"]


PLACES = [*TARGETS, "hydra.callbacks.x", "hydra.launcher.x", "hydra.sweeper.x", "hydra.help.x"]


@pytest.mark.release
def test_no_name_but_those_of_an_exact_list_may_be_made(counted: Callable[..., None]) -> None:
    names = sorted(reachable() | {name for known in TARGETS.values() for name in known})
    for place in PLACES:
        allowed = TARGETS.get(place, ())
        for name in names:
            if name in allowed:
                check_leaf(f"{place}._target_", name, lambda _key: False)
                continue
            for key in (f"{place}._target_", f"{place}._args_._target_"):
                with pytest.raises(SettingsError, match="would run code"):
                    check_leaf(key, name, lambda _key: False)
    assert len(names) > 10_000
    counted(names_to_make=len(names), places=2 * len(PLACES))


@pytest.mark.parametrize("place", TARGETS)
def test_a_sample_of_those_names_does_nothing_through_the_whole_command(
    place: str, run: InProcess, traps: Path, counted: Callable[..., None]
) -> None:
    (traps / "conf" / "experiment").mkdir(parents=True)
    preset = traps / "conf" / "experiment" / "hostile.yaml"
    before = sorted(traps.rglob("*"))
    others = sorted(reachable() - set(TARGETS[place]))
    names = others[len(place) :: len(others) // 10]
    for name in names:
        content = OmegaConf.create()
        OmegaConf.update(content, place, {"_target_": name, "_args_": ["pwned"]})
        preset.write_text(f"# @package _global_\n{OmegaConf.to_yaml(content)}")
        ended = run("-m", "-cd", "conf", "experiment=hostile", "seed=1,2", "stopping.max_steps=2")
        assert ended.code == 2, (name, ended)
        assert "would run code" in ended.err
    assert sorted(traps.rglob("*")) == sorted([*before, preset])
    counted(names_through_the_command=len(names))


def test_a_variable_is_copied_where_that_has_been_typed(run: InProcess) -> None:
    assert run("stopping.max_steps=2", "hydra.job.env_copy=[HOME]").code == 0


def test_the_environment_is_read_where_it_has_been_typed(run: InProcess) -> None:
    ended = run("stopping.max_steps=2", "dataset.name=${oc.env:RUNNER_NO_SUCH,own}")
    assert ended.code == 0, ended
    assert "own" in ended.out


def test_a_run_folder_elsewhere_is_taken_from_the_command_line(run: InProcess) -> None:
    (run.cwd / "here").mkdir()
    elsewhere = run.cwd / "elsewhere"
    run.cwd /= "here"
    assert run("stopping.max_steps=2", "hydra.run.dir=../elsewhere").code == 0
    assert (elsewhere / "run.json").is_file()
