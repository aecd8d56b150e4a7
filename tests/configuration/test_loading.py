"""What Hydra composes to learn the mode serves the run or sweep as if it were composed anew."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import ConfigCompositionException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from runner.application.options import options_parser
from runner.configuration.composing import conf_folder, prepared_hydra
from runner.configuration.hydra_inside import prepare_command_line

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
    prepare_command_line(options_parser)
    with prepared_hydra():
        yield
    GlobalHydra.instance().clear()


def loader_of(folder: str | Path) -> Hydra:
    """Hydra as the command sets it up."""
    GlobalHydra.instance().clear()
    return Hydra.create_main_hydra2("runner", create_config_search_path(str(folder)))


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


def composed(told: Hydra, overrides: list[str]) -> DictConfig:
    """The configuration of one run."""
    return told.compose_config("config", overrides, RunMode.RUN)
