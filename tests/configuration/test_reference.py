"""What keys mean and what they take, as JSON Schema: of every file in conf/, and of bad ones."""

import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from runner.checking.conf_files import conf_folder
from runner.checking.parsing import known_keys
from runner.configuration.composing import compose
from runner.configuration.reference import GLOBAL, SECTIONS, head_of, json_schema, meanings
from runner.errors import SettingsError
from runner.schema import main
from runner.settings import Settings

CONF = Path(conf_folder())
FILES = sorted(path for path in CONF.rglob("*.yaml") if "hydra" not in path.parts)


def problems(values: object, group: str | None = None) -> list[str]:
    """What a schema has against values."""
    found = jsonschema.Draft202012Validator(json_schema(group)).iter_errors(values)
    return [error.message for error in found]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.relative_to(CONF)}")
def test_every_file_of_the_configuration_is_as_its_schema_says(path: Path) -> None:
    text = path.read_text()
    group = None if path.parent == CONF or text.startswith(GLOBAL) else path.parent.name
    assert problems(yaml.safe_load(text), group) == []


BAD: dict[str, tuple[str | None, dict[str, Any], str]] = {
    "an unknown key": ("loss", {"named": "huber"}, "named"),
    "an unknown name": ("loss", {"name": "hubber"}, "hubber"),
    "a key of another optimizer's": ("optimizer", {"name": "sgd", "beta1": 0.9}, "beta1"),
    "a key of another kind of data": (
        None,
        {"dataset": {"kind": "blobs", "turns": 1.5}},
        "turns",
    ),
    "a number below its least": (None, {"stopping": {"max_steps": 0}}, "0"),
    "a text for a number": (None, {"batch_size": "ten"}, "ten"),
    "a section that is none": (None, {"network": "tanh"}, "tanh"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_a_run_would_refuse_an_editor_marks(name: str) -> None:
    group, values, culprit = BAD[name]
    found = problems(values, group)
    assert found
    assert any(culprit in text for text in found)


@pytest.mark.parametrize("dataset", ["eight_samples", "digits", "text", "spirals"])
def test_what_is_composed_is_as_the_schema_says(dataset: str) -> None:
    assert problems(compose([f"dataset={dataset}"])) == []


def test_every_key_and_every_choice_is_explained() -> None:
    plain = {key for key in known_keys(Settings) if key.rpartition(".")[2] not in ("name", "kind")}
    containers = {key.rpartition(".")[0] for key in plain} | {"logger"}
    assert plain - containers - meanings().keys() == set()
    for group in (*SECTIONS, "experiment"):
        for path in (CONF / group).glob("*.yaml"):
            assert head_of(group, path.stem), path


def test_a_schema_is_printed_and_an_unknown_group_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["optimizer"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert "learning_rate" in shown["properties"]
    assert shown["properties"]["beta1"]["description"]
    with pytest.raises(SettingsError, match="did you mean 'optimizer'"):
        main(["optimiser"])
    assert "hydra" not in sys.modules or main([]) == 0
