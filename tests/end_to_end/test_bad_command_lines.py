"""Every bad command line is answered with exit code 2 and one line, and leaves nothing behind."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.end_to_end.commands import InProcess
from tests.limits import bounded

DISTORTIONS = {"alpha": 1000, "sigma": 1000, "rotation": 180, "shear": 100, "shift": 1000}
"""The most that each takes."""

COMMAND_LINES: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    # arguments, words of the message
    "misspelt group": (["optimzer.name=sgd"], ["optimzer", "did you mean 'optimizer'"]),
    "misspelt key": (["optimizer.learning_rat=1"], ["did you mean 'optimizer.learning_rate'"]),
    "new key": (["+foo=1"], ["foo is not a configuration key"]),
    "no equals sign": (["topology"], ["'topology' has no '='", "expected key=value"]),
    "unclosed quote": (['topology="3-4-1'], ["cannot be read", "quoted"]),
    "unclosed bracket": (["recording.history=[1,2"], ["cannot be read"]),
    "thousands of brackets": (["seed=" + "[" * 3000], ["cannot be read"]),
    "rate a word": (["optimizer.learning_rate=abc"], ["'abc' is not a number", "above 0"]),
    "rate nan": (["optimizer.learning_rate=nan"], ["nan is not finite"]),
    "rate inf": (["optimizer.learning_rate=inf"], ["inf is not finite"]),
    "rate negative": (["optimizer.learning_rate=-1"], ["-1 is out of range", "above 0"]),
    "rate beyond doubles": (["optimizer.learning_rate=1e999"], ["inf is not finite"]),
    "no steps": (["stopping.max_steps=0"], ["0 is out of range", "at least 1"]),
    "half a step": (["stopping.max_steps=2.5"], ["2.5 is not a whole number"]),
    "truth value for a number": (["batch_size=true"], ["batch_size=true is not a whole number"]),
    "batch larger than the data": (["batch_size=9"], ["larger than", "8 samples"]),
    "unknown choice": (["optimizer=adma"], ["optimizer='adma' is unknown", "choose from"]),
    "misspelt choice": (["dataset=xro"], ["did you mean 'xor'", "choose from"]),
    "unknown preset": (["experiment=sample_rum"], ["did you mean 'sample_run'"]),
    "group set to null": (["network=null"], ["is given no name", "e.g. optimizer=adam"]),
    "group taken away": (["~optimizer"], ["optimizer is missing"]),
    "value taken away": (["~seed"], ["seed is missing"]),
    "a range without -m": (["seed=range(1,5)"], ["seed=range(1,5) is several values", "add -m"]),
    "a fraction above 1": (["dataset.validation=1.5"], ["a whole number of samples"]),
    "values without -m": (["seed=1,2"], ["seed=1,2 is several values", "add -m"]),
    "another choice's key": (
        ["dataset.path=a.csv"],
        ["dataset.path is not there with the dataset"],
    ),
    "the pool's option elsewhere": (
        ["-m", "seed=1,2", "hydra/launcher=basic", "sweep.fail_fast=true"],
        ["is for hydra/launcher=pool"],
    ),
    "empty sweep": (["-m", "seed=range(1,1)"], ["the sweep is empty", "seed=1,2,3"]),
    "a million jobs": (
        ["-m", "seed=range(1,1001)", "optimizer.learning_rate=range(1,1001)"],
        ["1,000,000 jobs", "sweep.max_jobs=100000"],
    ),
    "a target out of reach": (["stopping.target=2"], ["at most 1", "stopping.target=0.99"]),
    "no run folder": (["hydra.run.dir="], ["hydra.run.dir='' is empty", "path of a folder"]),
    "no sweep folder": (["-m", "seed=1,2", "hydra.sweep.dir="], ["hydra.sweep.dir='' is empty"]),
    "long run folder": (["hydra.run.dir=" + "x" * 256], ["hydra.run.dir='xxx", "is too long"]),
    "long sweep folder": (
        ["-m", "seed=1,2", "hydra.sweep.dir=a/" + "x" * 256],
        ["hydra.sweep.dir='a/xxx", "is too long", "255 bytes"],
    ),
    "line break in a run folder": (
        ["hydra.run.dir='a\nb'"],
        ["hydra.run.dir='a\\nb' holds a control character"],
    ),
    "line break in a sweep folder": (
        ["-m", "seed=1,2", "hydra.sweep.dir='a\nb'"],
        ["hydra.sweep.dir='a\\nb' holds a control character"],
    ),
    "branch of nothing": (["from="], ["from='' is not a run", "from=outputs/…@1000"]),
    "value of itself": (["seed=${seed}"], ["seed: Recursive", "expected a value of its own"]),
    "variable that is not there": (
        ["topology=${oc.env:RUNNER_NO_SUCH}"],
        ["topology: ", "RUNNER_NO_SUCH", "expected a value of its own"],
    ),
    "preset added to the one there is": (
        ["+experiment=sample_run"],
        ["experiment has a value", "give experiment=…"],
    ),
    "no key": (["=1"], ["is given no name", "e.g. optimizer=adam"]),
    "sweep over an unknown choice": (["-m", "optimizer=sgd,adma"], ["'adma' is unknown"]),
    "empty topology": (["topology="], ["topology='' is not a topology", "such as 3-4-1"]),
    "one layer": (["topology=3"], ["topology=3 is not a topology"]),
    "layer of nothing": (["topology=3-0-1"], ["at least one unit"]),
    "layer left out": (["topology=3--1"], ["'3--1' is not a topology"]),
    "layer a letter": (["topology=3-4-x"], ["'3-4-x' is not a topology"]),
    "net beyond memory": (["topology=99999999-99999999"], ["GiB", "this machine has"]),
    "units of a batch beyond memory": (
        ["topology=3-99999999-1"],
        ["topology=3-99999999-1 has 399,999,996 parameters", "8 at a time", "GiB", "batch_size"],
    ),
    **{
        f"distortion beyond all bounds, {name}": (
            ["dataset=digits", f"dataset.distortion.{name}=1e300"],
            [f"dataset.distortion.{name}=1e+300 is out of range", f"at most {most}"],
        )
        for name, most in DISTORTIONS.items()
    },
    "distortion smoothed by next to nothing": (
        ["dataset=digits", "dataset.distortion.sigma=1e-300"],
        ["dataset.distortion.sigma=1e-300 is out of range", "at least 0.01"],
    ),
    "points beyond memory": (
        ["dataset=blobs", "dataset.features=10000", "dataset.samples=10000000"],
        ["dataset.samples=10000000 with 10,000 features", "GiB", "fewer dataset.samples"],
    ),
    "topology that does not fit": (["topology=2-4-1"], ["3 inputs and 1 target", "topology=3-4-1"]),
    "activations for more layers than there are": (
        ["network.activation.hidden=[relu,tanh]"],
        ["names 2 hidden layers", "topology=3-4-1 has 1", "one name for all"],
    ),
    "activations for fewer layers": (
        ["topology=3-4-4-4-1", "network.activation.hidden=[relu,tanh]"],
        ["names 2 hidden layers", "a list of 3"],
    ),
    "batch norm of no hidden layer": (
        ["topology=3-1", "network.batch_norm=true"],
        ["topology=3-1 has none", "add one"],
    ),
    "batch norm of batches of one": (
        ["batch_size=1", "network.batch_norm=true"],
        ["1 sample have none", "batch_size=2"],
    ),
    "negative seed": (["seed=-1"], ["seed=-1 is out of range", "4294967295"]),
    "seed of 33 bits": (["seed=4294967296"], ["seed=4294967296 is out of range"]),
    "newline in a name": (["dataset.name='a\\nb\nc'"], ["\\n"]),
    "escape in a name": (["dataset.name=a\x1b[31m"], ["\\x1b"]),
    "name over 255 bytes": (["dataset.name=" + "a" * 256], ["too long", "255 bytes"]),
    "no criterion": (["stopping.target=null"], ["never end", "stopping.target", ".max_steps"]),
    "missing value": (["dataset=csv"], ["dataset.path is missing"]),
    "interpolation of nothing": (["seed=${nowhere}"], ["seed", "'nowhere' not found"]),
    "interpolation of itself": (["seed=${seed}"], ["seed", "ecursive"]),
    "missing environment variable": (["dataset.name=${oc.env:NO_SUCH}"], ["NO_SUCH"]),
    "unknown resolver": (["seed=${nosuch:1}"], ["nosuch"]),
    "unknown launcher": (["hydra/launcher=nope"], ["hydra/launcher='nope' is unknown", "basic"]),
    "unknown main file": (["-cn", "nope"], ["nope"]),
    "folder of files that is not there": (["-cd", "nowhere"], ["nowhere", "not found"]),
    "rerun of a pickle": (["--experimental-rerun", "x.pkl"], ["pickle", "not supported"]),
    "key with dashes": (["--topology=3-4-1"], ["not an option", "no dashes: topology=3-4-1"]),
    "key and value apart": (["--seed", "3"], ["not an option", "given as seed=3"]),
    "key with dashes, no value": (["--seed", "topology=3-4-1"], ["given as seed=…"]),
    "unknown option": (["-x"], ["'-x' is not an option", "--help"]),
    "option between keys": (["seed=1", "-m", "seed=1,2"], ["put -m before all keys"]),
    "option without its value": (["-cn"], ["expected one argument", "--help"]),
    "group that is added": (["logger=mlflow"], ["+ before it: +logger=mlflow"]),
    "capitals": (["optimizer=SGD"], ["did you mean 'sgd'"]),
    "capitals of a value": (["network.activation.hidden=Relu"], ["did you mean 'relu'"]),
    "synonym of a loss": (["loss=mse"], ["did you mean 'squared_error'"]),
    "synonym of a value": (["loss.name=bce"], ["did you mean 'binary_cross_entropy'"]),
    "synonym of a metric": (["stopping.metric=mse"], ["did you mean 'rmse'"]),
    "synonym of a key": (["lr=1"], ["did you mean 'optimizer.learning_rate'"]),
    "synonym in a section": (["optimizer.lr=1"], ["did you mean 'optimizer.learning_rate'"]),
    "key without its section": (["max_epochs=3"], ["did you mean 'stopping.max_epochs'"]),
    "rerun, shortened": (["--exp=x.pkl"], ["pickle", "not supported"]),
}


@pytest.mark.parametrize("case", COMMAND_LINES)
def test_a_bad_command_line_is_refused_in_one_line(case: str, run: InProcess) -> None:
    arguments, words = COMMAND_LINES[case]
    with bounded():
        ended = run(*arguments)
    assert ended.code == 2
    assert ended.err.startswith("error: ")
    assert ended.err.count("\n") == 1
    assert len(ended.err) < 700
    assert ended.err.rstrip("\n").isprintable()
    for word in words:
        assert word in ended.err
    assert not [path for path in run.cwd.rglob("*") if path.is_file()]


@pytest.mark.skipif(sys.platform == "win32", reason="no NUL reaches a POSIX command line either")
def test_a_nul_in_a_name_is_refused(run: InProcess) -> None:
    ended = run("dataset.name='a\0b'")  # only a caller in the same process can pass one
    assert ended.code == 2
    assert ended.err.count("\n") == 1
    assert "\0" not in ended.err


YAML_FILES: dict[str, tuple[bytes, Sequence[str]]] = {
    # an optimizer file, words of the message
    "tab": (b"name: sgd\n\tlearning_rate: 1\n", ["\\t", "bad.yaml", "line 2"]),
    "duplicate key": (b"name: sgd\nname: sgd\nlearning_rate: 1\n", ["duplicate key name"]),
    "empty": (b"", ["optimizer.name is missing"]),
    "key of nothing": (b"~: 1\n", ["Incompatible key type 'NoneType'"]),
    "top-level list": (b"- 1\n- 2\n", ["bad.yaml is not a mapping"]),
    "top-level text": (b"sgd\n", ["bad.yaml is not a mapping"]),
    "python object": (
        b"name: !!python/object/apply:os.mkdir [pwned]\nlearning_rate: 1\n",
        ["python/object", "bad.yaml"],
    ),
    "alias bomb": (
        b"a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
        + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b"*a%d, " % (n - 1) * 10) for n in range(1, 10)),
        ["more than 1,000,000 values"],
    ),
    "10,000 deep": (b"name: " + b"[" * 10_000 + b"]" * 10_000, ["nested more than"]),
    "self-interpolation": (
        b"name: sgd\nlearning_rate: ${optimizer.learning_rate}\n",
        ["optimizer.learning_rate", "ecursive"],
    ),
    "missing environment variable": (
        b"name: ${oc.env:NO_SUCH}\nlearning_rate: 1\n",
        ["optimizer.name", "NO_SUCH"],
    ),
    "value left open": (b"name: sgd\nlearning_rate: ???\n", ["learning_rate is missing"]),
    "not UTF-8": (b"name: sgd # \xe9\nlearning_rate: 1\n", ["bad.yaml is not UTF-8"]),
    "no read as a boolean": (b"name: no\nlearning_rate: 1\n", ["=false", "quote them"]),
    "unknown key": (b"name: sgd\nlearning_rat: 1\n", ["did you mean 'optimizer.learning_rate'"]),
    "number for a key": (b"name: sgd\nlearning_rate: 1\n7: 8\n", ["optimizer.7"]),
    "control character": (b'name: "sgd\\e[31m"\nlearning_rate: 1\n', ["\\x1b"]),
    "defaults that are not there": (b"defaults: [nowhere]\n", ["optimizer/nowhere.yaml"]),
    "broken header": (b"# @package\nname: sgd\n", ["@package"]),
    "unclosed bracket": (b"name: [sgd\n", ["bad.yaml"]),
}


@pytest.mark.parametrize("case", YAML_FILES)
def test_a_bad_yaml_file_is_refused_in_one_line(case: str, run: InProcess) -> None:
    content, words = YAML_FILES[case]
    folder = run.cwd / "conf" / "optimizer"
    folder.mkdir(parents=True)
    (folder / "bad.yaml").write_bytes(content)
    with bounded():
        ended = run("--config-dir", "conf", "optimizer=bad")
    assert ended.code == 2
    assert ended.err.startswith("error: ")
    assert ended.err.count("\n") == 1
    assert ended.err.rstrip("\n").isprintable()
    for word in words:
        assert word in ended.err
    files = [path.name for path in run.cwd.rglob("*") if path.is_file()]
    assert files == ["bad.yaml"]
    assert not Path(run.cwd / "pwned").exists()
