"""Data that a run draws from its own generator, behind its weights."""

import numpy as np

from runner.data.addition import drawn_sums
from runner.experiment.building import draw_weights
from runner.experiment.experiment import Experiment, build
from runner.experiment.sharing import build_sharing
from tests.end_to_end.commands import composed

DRAWN = (
    *("dataset=addition_sequences", "dataset.samples=20"),
    *("batch_size=5", "topology=2-3RNN-1"),
)


def test_data_are_drawn_behind_the_weights_and_before_the_first_step() -> None:
    experiment = build(composed(*DRAWN, "seed=3"))
    topology = experiment.engine.problem.network.topology
    weights, generator = draw_weights(experiment.settings, topology)
    expected = drawn_sums(generator, 20, 8)
    state = experiment.first_state()
    assert (state.parameters == weights).all()
    assert (experiment.engine.problem.inputs == expected.inputs).all()
    assert (experiment.engine.problem.targets == expected.targets).all()
    assert state.generator.random() == generator.random()


def test_jobs_of_other_seeds_have_other_data_and_know_them_for_the_same_data_set() -> None:
    def job(seed: int) -> Experiment:
        return build_sharing(composed(*DRAWN, f"seed={seed}"))

    first, second, again = job(1), job(2), job(1)
    inputs = [each.engine.problem.inputs for each in (first, second, again)]
    assert not np.array_equal(inputs[0], inputs[1])
    assert np.array_equal(inputs[0], inputs[2])
    assert first.data_checksum == second.data_checksum
