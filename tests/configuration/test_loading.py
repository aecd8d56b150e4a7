"""What Hydra composes to learn the mode serves the run or sweep as if it were composed anew."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import ConfigCompositionException, HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from runner.checking.conf_files import conf_folder
from runner.configuration.checked_loader import CheckedLoader
from runner.configuration.composing import prepared_hydra
from runner.configuration.omegaconf_inside import own_yaml_loader, yaml_loader

RUN, MULTIRUN = ["hydra.mode=RUN"], ["hydra.mode=MULTIRUN"]
CASES = [
    (RunMode.RUN, [], RUN),
    (RunMode.RUN, ["hydra.mode=RUN", "seed=2"], []),
    (RunMode.RUN, ["optimizer=adam", "+extra=1", "hydra.run.dir=a", "experiment=rate_finder"], RUN),
    (RunMode.MULTIRUN, ["seed=1,2", "optimizer=adam,sgd", "topology=3-8-1"], MULTIRUN),
    (RunMode.MULTIRUN, ["hydra.mode=RUN", "seed=range(1,9)"], MULTIRUN),
    (RunMode.MULTIRUN, ["hydra.mode=MULTIRUN", "hydra.sweep.dir=b"], []),
]


@pytest.fixture(autouse=True)
def _cleared() -> Iterator[None]:
    with prepared_hydra():
        yield
    GlobalHydra.instance().clear()


def loader_of(folder: str | Path) -> Hydra:
    """Hydra as the command sets it up."""
    return Hydra("runner", CheckedLoader(create_config_search_path(str(folder))))


@pytest.mark.parametrize(("mode", "overrides", "added"), CASES, ids=str)
def test_the_configuration_is_that_composed_anew(
    mode: RunMode, overrides: list[str], added: list[str]
) -> None:
    told = loader_of(conf_folder())
    told.get_mode("config", overrides)
    found = told.compose_config("config", overrides + added, mode)
    anew = loader_of(conf_folder()).compose_config("config", overrides + added, mode)
    assert OmegaConf.to_yaml(found) == OmegaConf.to_yaml(anew)
    assert type(found.hydra.mode) is type(anew.hydra.mode)


def test_each_configuration_is_composed_from_its_own_overrides() -> None:
    told = loader_of(conf_folder())
    told.get_mode("config", ["seed=2"])
    assert composed(told, ["seed=3", *RUN]).seed == 3
    told.get_mode("config", ["seed=2"])
    assert composed(told, ["seed=2", "batch_size=4", *RUN]).batch_size == 4
    assert composed(told, ["seed=2", *RUN]).batch_size is None


def test_several_values_are_refused_where_one_run_was_asked_for() -> None:
    told = loader_of(conf_folder())
    told.get_mode("config", ["seed=1,2"])
    with pytest.raises(ConfigCompositionException, match="seed=1,2"):
        composed(told, ["seed=1,2", *RUN])


def test_a_choice_that_is_missing_is_refused_where_one_run_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "group").mkdir()
    (tmp_path / "group" / "a.yaml").write_text("a: 1\n")
    (tmp_path / "config.yaml").write_text("defaults:\n  - group: ???\n  - _self_\n")
    told = loader_of(tmp_path)
    told.get_mode("config", [])
    with pytest.raises(ConfigCompositionException, match="You must specify 'group'"):
        composed(told, RUN)


@pytest.mark.parametrize(
    "override", ["optimizer=adma", "optimizer.learning_rat=3", "seed=[", "+seed=2"]
)
def test_what_is_refused_is_refused_with_what_composing_anew_says(override: str) -> None:
    told = loader_of(conf_folder())
    told.get_mode("config", [override])
    with pytest.raises(HydraException) as found:
        composed(told, [override, *RUN])
    with pytest.raises(HydraException) as anew:
        composed(loader_of(conf_folder()), [override, *RUN])
    for each in (str, lambda error: str(error.__cause__)):
        assert each(found.value) == each(anew.value)


TEXTS = {
    "numbers": "[1, -1, 0x1F, 0o17, 017, 1_000, 1e3, 1.0e+3, .5, 1., 1:30, .inf, -.INF, .NaN]",
    "words": "[yes, No, on, OFF, true, y, n, null, ~, '', Null, 2001-01-01, 1e, inf]",
    "marks": "&a {x: 1, y: [2, 3]}\n",
    "merged": "base: &a {x: 1, y: 2}\nother: {<<: *a, y: 3}\n",
    "texts": "a: |\n  two\n  lines\nb: >-\n  one\n  line\nc: \"\\u00e9\\t\"\nd: 'it''s'\n",
    "interpolations": "a: ${times:2,3}\nb: x${oc.select:a}\nc: '${a}'\n",
    "keys": "1: a\n1.5: b\ntrue: c\nnull: d\n? e\n: f\n",
    "nothing": "# a comment\n",
}


@pytest.mark.skipif(own_yaml_loader is None, reason="OmegaConf's own is libyaml")
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_libyaml_reads_what_omegaconf_s_own_reader_reads(text: str) -> None:
    found, own = (yaml.load(text, loader) for loader in (yaml_loader(), own_yaml_loader()))  # noqa: S506
    assert repr(found) == repr(own)


def composed(told: Hydra, overrides: list[str]) -> DictConfig:
    """The configuration of one run."""
    return told.compose_config("config", overrides, RunMode.RUN)
