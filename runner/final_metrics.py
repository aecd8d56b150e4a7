"""What is measured once a run has its final weights."""

from runner.assembly.loading import samples_of
from runner.data.dataset import Dataset
from runner.network.topology import Array
from runner.training.classes import Confusion, confusion
from runner.training.engine import Problem
from runner.training.evaluation import evaluate
from runner.training.metrics import TEST, VALIDATION
from runner.training.tasks import REGRESSION


def final_metrics(problem: Problem, parameters: Array, dataset: Dataset) -> dict[str, float]:
    """Metrics of the final weights: on held-out data all, on training data what steps do not give.

    Of a classification the latter cost a pass that only matters where nothing is held out.
    """
    task = problem.reduction.task
    metrics: dict[str, float] = {}
    if task.scored and (task is REGRESSION or len(dataset.parts) == 1):
        values = evaluate(problem, parameters, samples_of("", dataset.train, dataset))
        metrics |= {name: values[name] for name in task.scored}
    for prefix, part in ((VALIDATION, dataset.validation), (TEST, dataset.test)):
        if part is not None:
            metrics |= evaluate(problem, parameters, samples_of(prefix, part, dataset))
    return metrics


def final_confusion(
    problem: Problem, parameters: Array, dataset: Dataset
) -> tuple[str, Confusion] | None:
    """The confusion on the test part, else the validation part, else the training part; its name.

    None where there are no named classes to confuse.
    """
    if dataset.classes is None or len(dataset.classes) < 2:
        return None
    if problem.reduction.task.name != "classification":
        return None
    *_, (name, part) = dataset.parts.items()
    return name, confusion(problem, parameters, samples_of("", part, dataset))
