"""Tab on the command line: what it offers, in a real shell, and that nobody waits for it."""

import os
import select
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.__main__ import COMMANDS
from runner.__main__ import main as command
from runner.checking.conf_files import conf_folder
from runner.completing import kept_table
from runner.completing.candidates import FilesWanted, candidates, read_line
from runner.completing.scripts import INSTALLING
from runner.system import WINDOWS
from tests.end_to_end.commands import ENVIRONMENT

OPTIONS = {"--multirun": "A run for each", "-m": "", "--config-dir": ""}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The table, kept in a folder of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("caches")))
        yield kept_table.table(COMMANDS)


def offered(line: str, table: Any) -> list[str]:
    found = candidates(read_line(line), table, sorted(COMMANDS), OPTIONS)
    return [each.word for each in found]


OFFERED = {
    # a line up to the cursor, and all that may stand there
    "runner comp": "compare",
    "runner optimi": "optimizer= optimizer.",
    "runner optimizer=ada": "optimizer=adagrad optimizer=adam optimizer=adamw",
    "runner -m optimizer=sgd,ada": "optimizer=sgd,adagrad optimizer=sgd,adam optimizer=sgd,adamw",
    "runner optimizer.": "optimizer.name= optimizer.learning_rate=",
    "runner optimizer=momentum optimizer.m": "optimizer.momentum=",
    "runner dataset=digits optimizer.mom": "optimizer.momentum=",
    "runner network.act": "network.activation.",
    "runner network.activation.": "network.activation.hidden= network.activation.output=",
    "runner engine=": "engine=auto engine=compiled engine=numpy",
    "runner sweep.plan=": "sweep.plan=true sweep.plan=false sweep.plan=json",
    "runner stopping.max_steps=": "stopping.max_steps=null",
    "runner topology=": "",
    "runner hydra.sw": "hydra.sweep.",
    "runner hydra/launcher=p": "hydra/launcher=pool",
    "runner +log": "+logger=",
    "runner +logger=": "+logger=mlflow +logger=tensorboard +logger=trackio +logger=wandb",
    "runner --m": "--multirun",
    "runner seed=1 comp": "",
    "python -m runner.exp": "runner.expand runner.export",
    "/usr/bin/python3.12 -m runner engine=n": "engine=numpy",
    "python -m runner.data dig": "digits",
    "runner data moons dataset.noi": "dataset.noise=",
    "runner reproduce eleven": "eleven_lines eleven_lines_xor",
    "runner resume outputs/run stopping.max_st": "stopping.max_steps=",
    "runner schema opt": "optimizer",
    "runner compare --b": "--by --better",
    "runner report --be": "--better",
    "runner verify --": "--help --json --plugin",
    "runner predict run -": "-h --help --plugin -o --output --labels --step",
    "runner compare --better ": "higher lower",
    "runner plots run --format=": "--format=png --format=svg",
    "runner compare outputs --by optimizer.learn": "optimizer.learning_rate",
    "runner compare --by=topology,optimizer.mom": "--by=topology,optimizer.momentum",
    "python -m runner.compare --metric val_acc": "val_accuracy",
    "runner compare --sort see": "seed",
    "runner export run net.npz --step ": "",
    "runner reproduce --json eleven": "eleven_lines eleven_lines_xor",
}


@pytest.mark.parametrize("line", OFFERED)
def test_what_may_stand_at_the_cursor_is_offered(line: str, table: Any) -> None:
    assert offered(line, table) == OFFERED[line].split()


@pytest.mark.parametrize(
    "line",
    [
        *("runner compare out", "runner verify ", "runner from=out", "runner hydra.run.dir="),
        *("runner dataset=csv dataset.path=", "runner sweep.jobs=", "runner -cd "),
        *("runner predict run new.csv -o ", "runner compare --csv=", "runner watch --once "),
    ],
)
def test_files_are_left_to_the_shell(line: str, table: Any) -> None:
    with pytest.raises(FilesWanted):
        offered(line, table)


@pytest.mark.parametrize("group", ["optimizer", "schedule", "loss", "stopping"])
def test_a_choice_has_the_keys_of_its_file(group: str, table: Any) -> None:
    for file in (Path(conf_folder()) / group).glob("*.yaml"):
        keys = {f"{group}.{key}=" for key in yaml.safe_load(file.read_text("utf-8"))}
        assert set(offered(f"runner {group}={file.stem} {group}.", table)) == keys - {
            f"{group}.defaults="
        }


def test_a_folder_of_ones_own_has_its_choices(tmp_path: Path, table: Any) -> None:
    (tmp_path / "optimizer").mkdir()
    (tmp_path / "optimizer" / "mine.yaml").touch()
    assert offered(f"runner -cd {tmp_path} optimizer=mi", table) == ["optimizer=mine"]


def test_the_table_is_made_anew_when_a_file_has_changed(tmp_path: Path) -> None:
    file = tmp_path / "group" / "one.yaml"
    file.parent.mkdir()
    file.touch()
    before = kept_table.state(str(tmp_path))
    assert kept_table.state(str(tmp_path)) == before
    os.utime(file, (0, 0))
    assert kept_table.state(str(tmp_path)) != before


def test_what_completion_cannot_do_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["runner", "-sc", "install=tcsh"])
    assert command() == 2
    assert "expected e.g. -sc install=bash" in capsys.readouterr().err


TYPED = {
    # what a person types, and what stands there after the tab
    "runner optimizer=mom\t": "runner optimizer=momentum ",
    "python -m runner optimizer.lear\t": "python -m runner optimizer.learning_rate=",
    "runner resume only_fi\t": "runner resume only_file ",
    "runner verify --js\t": "runner verify --json ",
    "runner predict run -o only_fi\t": "runner predict run -o only_file ",
    "runner report --by=see\t": "runner report --by=seed ",
    "runner dataset.path=only_fi\t": "runner dataset.path=only_file ",
    "python only_fi\t": "python only_file ",
}


@pytest.mark.skipif(WINDOWS or shutil.which("bash") is None, reason="there is no bash")
def test_a_tab_completes_in_a_real_bash_without_what_takes_long(table: Any, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "runner").write_text(
        f"#!{sys.executable}\nimport sys\nfrom runner.__main__ import main\ncode = main()\n"
        "slow = {'hydra', 'numpy', 'omegaconf', 'pandas', 'yaml'} & set(sys.modules)\n"
        "sys.exit(1 if slow else code)\n"
    )
    (programs / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    for program in programs.iterdir():
        program.chmod(0o755)
    (tmp_path / "only_file").touch()
    (tmp_path / "install").write_text(INSTALLING["bash"])
    environment = {
        **ENVIRONMENT,
        "XDG_CACHE_HOME": str(kept_table.place().parents[1]),
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PS1": "",
        "TERM": "dumb",
        "HOME": str(tmp_path),
        "INPUTRC": "/dev/null",
    }
    with Shell(tmp_path, environment) as shell:
        shell.says(". ./install; echo rea''dy\n", "ready")
        for typed, there in TYPED.items():
            shell.says(f"\x15{typed}", there)  # Ctrl-U: what stood there goes


class Shell:
    """An interactive bash on a terminal of its own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        import pty

        self._process, self._terminal = pty.fork()
        if self._process == 0:
            os.chdir(folder)
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], environment)  # noqa: S606, S607

    def __enter__(self) -> "Shell":
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(self._process, signal.SIGKILL)
        os.close(self._terminal)
        os.waitpid(self._process, 0)

    def says(self, typed: str, expected: str) -> None:
        """Types, and waits until it is there."""
        os.write(self._terminal, typed.encode())
        said, last = "", time.monotonic() + 20
        while expected not in said:
            assert select.select([self._terminal], [], [], last - time.monotonic())[0], said
            said += os.read(self._terminal, 4096).decode()
