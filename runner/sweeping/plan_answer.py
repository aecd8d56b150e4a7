"""What `sweep.plan=json` answers scripts, from the same values as `sweep.plan=true` tells."""

from dataclasses import dataclass
from typing import Annotated

from runner.answers.answer import Answer
from runner.network.layer_table import layer_rows
from runner.sweeping.measuring import Bound, Net
from runner.sweeping.plan import Group, Plan, surest


@dataclass(frozen=True)
class JobRow:
    number: int
    overrides: Annotated[list[str], "all that it is given, with what all jobs have"]
    status: Annotated[str | None, "how it has ended; null: it is to run"]


@dataclass(frozen=True)
class LayerRow:
    layer: Annotated[str, "as it is written in a topology"]
    makes: Annotated[str, "the shape of what it gives for a sample"]
    parameters: Annotated[int, "that are trained"]
    multiply_adds: Annotated[int, "of one sample's way forward"]


@dataclass(frozen=True)
class NetRow:
    topology: str
    dataset: Annotated[str, "its name, and the values by which those of one name differ"]
    jobs: Annotated[int, "to run, with this net on this data set"]
    parameters: Annotated[int | None, "null: it was not tried"]
    steps_per_second: Annotated[float | None, "null: no job came to its end, or none was tried"]
    seconds: Annotated[float | None, "that a job takes"]
    seconds_bound: Annotated[Bound | None, "how sure that is"]
    folder_bytes: Annotated[float | None, "that a job writes"]
    row_bytes: Annotated[float | None, "the same with sweep.record=rows"]
    problem: Annotated[str | None, "why a job of it will fail"]
    layers: Annotated[list[LayerRow] | None, "null: several nets, or it was not tried"]


@dataclass(frozen=True)
class Rung:
    jobs: Annotated[int, "at least"]
    epochs: int


@dataclass(frozen=True)
class Halved:
    rungs: Annotated[list[Rung], "how many jobs are trained for how long, at least"]
    to_end: Annotated[int, "jobs, at least"]
    share: Annotated[float | None, "of the epochs of all jobs to their ends; null: not known"]


@dataclass(frozen=True)
class Estimated:
    seconds: Annotated[float, "of the whole sweep"]
    seconds_bound: Bound
    workers: Annotated[int, "processes"]
    jobs_tried: int
    nets_without_estimate: Annotated[int, "that came to no end in the time for trying"]
    folder_bytes: Annotated[float, "of all jobs"]
    row_bytes: Annotated[float, "the same with sweep.record=rows"]


@dataclass(frozen=True)
class PlanAnswer(Answer):
    """What `sweep.plan=json` answers: what the sweep would do. Nothing is started."""

    command = "sweep.plan"
    given: Annotated[int, "jobs, those counted again that were given again"]
    distinct: int
    finished: Annotated[int, "in the sweep's folder"]
    to_run: int
    jobs: Annotated[list[JobRow], "each once"]
    nets: Annotated[list[NetRow], "of the jobs to run"]
    halving: Annotated[Halved | None, "null: jobs are not halved, or none is to run"]
    estimate: Annotated[
        Estimated | None, "null: nothing to run, or no job came to an end in the time for trying"
    ]


def plan_answer(plan: Plan) -> PlanAnswer:
    """The document."""
    distinct, finished = len(plan.jobs), plan.finished
    halving, time = plan.halving, plan.estimate
    return PlanAnswer(
        plan.given,
        distinct,
        finished,
        distinct - finished,
        [
            JobRow(job.number, list(job.overrides), None if end is None else end.status)
            for job, end in plan.jobs
        ],
        [net_row(group, plan.only_net) for group in plan.groups],
        None
        if halving is None
        else Halved([Rung(*rung) for rung in halving.rungs], halving.to_end, halving.share),
        None
        if time is None
        else Estimated(
            *(time.seconds, time.bound, time.workers, time.trials, time.untold),
            *(time.folders, time.rows),
        ),
    )


def net_row(group: Group, only: Net | None) -> NetRow:
    """A net with its data set. only: the one net that there is."""
    net = group.net or Net()
    topology = net.topology
    layers = None
    if net is only and topology is not None:
        layers = [LayerRow(*row) for row in layer_rows(topology)]
    return NetRow(
        group.topology,
        group.dataset,
        len(group.jobs),
        None if topology is None else topology.parameters,
        net.steps_per_second,
        net.seconds,
        surest([group]) if net.trials else None,
        net.size,
        net.row,
        net.problem or None,
        layers,
    )
