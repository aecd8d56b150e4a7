"""Every job is composed as Hydra's own loader does it, and what is kept of it loads to the same."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from runner.checking.conf_files import conf_folder
from runner.configuration.checked_loader import CheckedLoader, loader_of
from runner.configuration.composing import plain, prepared_hydra
from runner.configuration.job_bases import numbered
from runner.configuration.jobs import JobComposer
from runner.configuration.overrides import number_given, override_parser, parsed_override

JOBS = [
    [],
    ["seed=2"],
    ["topology=3-8-1", "seed=3", "optimizer.learning_rate=0.001"],
    ["optimizer=adam", "optimizer.learning_rate=1e-5", "seed=4"],
    ["optimizer.learning_rate=1e-5", "optimizer=adam", "seed=5"],
    ["experiment=learning_rates", "seed=7"],
    ["seed=7", "experiment=learning_rates", "stopping.max_steps=10"],
    ["dataset=digits", "batch_size=null", "dataset.validation=0.25"],
    ["dataset=digits", "batch_size=10", "dataset.stratify=false"],
    ["~dataset.fold", "seed=1"],
    ["~network.dropout", "seed=2"],
    ["+extra=1", "seed=2"],
    ["+extra.deep=[1,a]", "extra.deep=[2]"],
    ["++seed=5"],
    ["recording.history=[1,2,5]", "seed=3"],
    ["network.dropout={rate:0.25}", "network.dropout.rate=0.5"],
    ["network.dropout.rate=0.5", "network.dropout={rate:0.25}"],
    ["dataset.name='a: b # c'", "seed=0"],
    ["dataset.name=null", "seed=-1"],
    ["dataset.name=on", "dtype=true"],
    ["dataset.name='on'", "dtype='1'"],
    ["dataset.name='ünï'", "dtype='\U0001f600'"],
    ["dataset.name='" + "long word " * 20 + "'"],
    ["stopping.target=-0.0"],
    ["stopping.target=0.0"],
    ["stopping.target=inf", "stopping.min_delta=nan"],
    ["stopping.target=1e300", "seed=1"],
    ["stopping.target=1", "seed=1.0"],
    ["seed=1", "seed=2"],
    ["seed=0", "stopping.max_steps=-1"],
    ["seed=123456789012345678", "dataset.name=007"],
]


NUMBERS = [
    *("seed=0", "seed=-1", "stopping.max_steps=123456789012345678", "seed=1.0", "a.b=-0.0"),
    *("a.b=0.001", "a.b=1.5e-3", "a.b=1.5e+30", "a.b=2.25e9"),
]


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_need_no_grammar(text: str) -> None:
    assert number_given(text) is not None
    assert parsed_override(text) == override_parser().parse_override(text)


@pytest.mark.parametrize(
    "text",
    [
        "seed=007",
        "seed=-0",
        "a.b=00.1",
        "seed=1_0",
        "a.b=1e-3",
        "a.b=.5",
        "a.b=5.",
        "a.b=+1.5",
        "+seed=1",
    ],
)
def test_other_texts_are_the_grammar_s(text: str) -> None:
    assert number_given(text) is None


@pytest.fixture(scope="module")
def loader() -> Iterator[CheckedLoader]:
    with prepared_hydra():
        yield loader_of(conf_folder())


@pytest.fixture(scope="module")
def plain_sweep(loader: CheckedLoader) -> DictConfig:
    """The configuration of a sweep that is told nothing."""
    return master_of(loader, [])


@pytest.mark.parametrize("overrides", JOBS, ids=lambda texts: " ".join(texts)[:60])
def test_a_job_is_composed_as_hydra_composes_it(
    loader: CheckedLoader, plain_sweep: DictConfig, overrides: list[str]
) -> None:
    theirs = JobComposer(loader, plain_sweep)
    ours = JobComposer(loader, master_of(loader, [*overrides, "stopping.min_delta=1,2"]))
    whole = numbered(loader.load_sweep_config(plain_sweep, overrides), 17, "/somewhere/17")
    HydraConfig.instance().set_config(whole)
    task = OmegaConf.masked_copy(whole, [str(key) for key in whole if key != "hydra"])
    for jobs in (theirs, theirs, ours):  # composed, from what was kept, from the sweep's own
        assert repr(jobs.values(overrides)) == repr(plain(task))
        kept = jobs.documents(overrides, 17, Path("/somewhere/17"))
        expected: dict[str, Any] = {
            "config": task,
            "hydra": {"hydra": HydraConfig.get()},
            "overrides": overrides,
        }
        assert kept.keys() == {f".hydra/{name}.yaml" for name in expected}
        for name, values in expected.items():
            found = OmegaConf.create(kept[f".hydra/{name}.yaml"])
            assert repr(found) == repr(
                OmegaConf.create(OmegaConf.to_yaml(OmegaConf.create(values)))
            )


def test_what_the_sweep_alone_is_given_is_no_job_s(loader: CheckedLoader) -> None:
    master = master_of(loader, ["sweep.workers=2", "batch_size=4", "seed=1,2"])
    before = OmegaConf.to_yaml(master)
    jobs = JobComposer(loader, master)
    for overrides in (["batch_size=4", "seed=2"], ["seed=2"]):
        values = jobs.values(overrides)
        assert values["sweep"]["workers"] is None
        assert values["batch_size"] == (4 if overrides[1:] else None)
    assert OmegaConf.to_yaml(master) == before


def master_of(loader: CheckedLoader, overrides: list[str]) -> DictConfig:
    """A sweep's configuration."""
    given = ["hydra.mode=MULTIRUN", *overrides]
    return loader.load_configuration("config", given, RunMode.MULTIRUN)


REFERENCES = [
    ["batch_size=${seed}", "seed=3"],
    ["batch_size=${seed}", "seed=4", "stopping.max_steps=${batch_size}"],
    ["dataset.sgd_rate=0.25", "optimizer=momentum"],
    ["optimizer=nesterov", "dataset=digits", "network.dropout.rate=${optimizer.learning_rate}"],
    [
        "+choice=seed",
        "choice=epochs",
        "+values={seed:1,epochs:2}",
        "batch_size='${values.${choice}}'",
    ],
    ["+extra={a:1,b:2}", "+other=${extra}", "extra.a=5"],
]


@pytest.mark.parametrize("overrides", REFERENCES, ids=" ".join)
def test_values_follow_those_they_refer_to(
    loader: CheckedLoader, plain_sweep: DictConfig, overrides: list[str]
) -> None:
    test_a_job_is_composed_as_hydra_composes_it(loader, plain_sweep, overrides)


@pytest.mark.parametrize(
    "override", ["dataset.name=${hydra:job.num}", "dataset.name=${now:%S}", "+a=[1,'${seed}']"]
)
def test_what_only_hydra_can_resolve_is_left_to_it(
    loader: CheckedLoader, plain_sweep: DictConfig, override: str
) -> None:
    assert JobComposer(loader, plain_sweep).needs_hydra([override])
