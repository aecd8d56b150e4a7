"""What a sweep would do, before it does: its jobs, nets, time and disk. Nothing is started."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np

from runner.errors import counted, printable
from runner.network.layer_table import layer_table
from runner.run_folder.job_end import JobEnd
from runner.settings import DIVIDING, HalvingSettings
from runner.standard_output import table_console, tell
from runner.sweeping.job import Job
from runner.sweeping.measuring import Bound, Net, measured
from runner.sweeping.running_jobs import picked_up
from runner.sweeping.sweep import Sweep
from runner.system import seconds_since_start

MOST_NETS = 20
MOST_TRIALS = 16
"""Of the jobs with one net."""
MOST_SHOWN = 10


@dataclass(frozen=True)
class Group:
    """The jobs to run that have one net and one data set."""

    topology: str
    dataset: str
    jobs: Sequence[Job]
    net: Net | None = None
    """None where there were too many nets to try them all."""

    @property
    def untold(self) -> bool:
        """Whether its trials say neither what a job takes nor that it will fail."""
        return self.net is None or not (self.net.trials or self.net.problem)


@dataclass(frozen=True)
class Halving:
    """How many jobs come to each rung."""

    rungs: Sequence[tuple[int, int]]
    """Jobs, at least, and the epochs to which they are trained."""
    to_end: int
    """Jobs, at least."""
    share: float | None
    """Of the epochs of all jobs to their ends; None where these are not known."""


@dataclass(frozen=True)
class Estimate:
    """Time and disk of all jobs to run."""

    seconds: float
    bound: Bound
    workers: int
    trials: int
    """Jobs that were tried."""
    untold: int
    """Nets that came to no end in the time for trying."""
    folders: float
    """Bytes of all jobs in folders."""
    rows: float
    """Bytes of all jobs as rows."""
    is_cut: bool
    """Whether jobs were tried that did not come to their ends."""


@dataclass(frozen=True)
class Plan:
    """What a sweep would do."""

    given: int
    """Jobs, those counted again that were given again."""
    jobs: Sequence[tuple[Job, JobEnd | None]]
    """Each once, and how it has ended where it is finished."""
    groups: Sequence[Group] = ()
    rows: bool = False
    """Whether jobs leave rows."""
    halving: Halving | None = None
    estimate: Estimate | None = None
    """None where nothing is to run, or no job has come to an end in the time for trying."""

    @property
    def finished(self) -> int:
        """How many jobs have been."""
        return sum(end is not None for _, end in self.jobs)

    @property
    def only_net(self) -> Net | None:
        """The one net that there is, where it was tried."""
        return self.groups[0].net if len(self.groups) == 1 else None


def plan_of(sweep: Sweep, job_overrides: Sequence[Sequence[str]], given: int) -> Plan:
    """What a sweep over these jobs would do.

    given: how many were given, those counted again that were given again.
    Raises RunnerError, as the sweep itself would, for a job that cannot be run.
    """
    jobs = [Job(number, list(texts)) for number, texts in enumerate(job_overrides)]
    sweep.rank_as(jobs[0])
    known = picked_up(sweep, jobs, 0)
    starting = seconds_since_start()  # until it has its jobs the sweep itself takes as long
    to_run = [job for job, end in known if end is None]
    if not to_run:
        return Plan(given, known)
    # Kernels are the processes' to load: if they are to be compiled, time is up first.
    workers = min(sweep.workers, len(to_run))
    groups = tried_groups(sweep, to_run, workers)
    limit = sweep.values(to_run[0])["stopping"]["max_epochs"]
    halving = halving_of(sweep.options.halving, len(to_run), limit)
    estimate = estimate_of(groups, workers, starting)
    return Plan(given, known, groups, sweep.options.rows, halving, estimate)


def tell_plan(plan: Plan) -> None:
    """Prints it."""
    print_jobs(plan)
    if plan.groups:
        print_nets(plan.groups, rows=plan.rows)
        if plan.halving is not None:
            print_rungs(plan.halving)
        if plan.only_net is not None:
            print_layers(plan.only_net)
        if plan.estimate is not None:
            print_estimate(plan.estimate)
        elif not any(group.net and group.net.problem for group in plan.groups):
            tell(
                "Time        unknown: no job has come to an end in the time for trying some; "
                "the first of its kind on a machine compiles for some seconds"
            )
    tell("Nothing was started; without sweep.plan=true the same command runs it.")


def tried_groups(sweep: Sweep, to_run: Sequence[Job], workers: int) -> list[Group]:
    """The jobs by net and data set, some of each tried."""
    by_net: dict[tuple[str, str], list[Job]] = {}
    sections: dict[str, dict[str, Any]] = {}
    for job in to_run:
        config = sweep.values(job)  # checked by `picked_up`
        data = {
            key: value
            for key, value in config["dataset"].items()
            if f"dataset.{key}" not in DIVIDING
        }
        sections.setdefault(repr(data), data)
        by_net.setdefault((str(config["topology"]), repr(data)), []).append(job)
    names = names_of(sections)
    groups = [Group(net, names[data], jobs) for (net, data), jobs in by_net.items()]
    chosen = sorted(sample(range(len(groups)), MOST_NETS))
    nets = measured(sweep, [sample(groups[n].jobs, MOST_TRIALS) for n in chosen], workers)
    for n, net in zip(chosen, nets, strict=True):
        groups[n] = replace(groups[n], net=net)
    return groups


def names_of(sections: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """What the data sets are called, with the values by which those of one name differ."""
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    for data in sections.values():
        by_name.setdefault(str(data["name"]), []).append(data)
    found = {}
    for text, data in sections.items():
        others = by_name[str(data["name"])]
        told = [key for key in data if any(key not in o or o[key] != data[key] for o in others)]
        found[text] = " ".join([str(data["name"]), *(f"{key}={data[key]}" for key in told)])
    return found


def sample(items: Sequence[Any], most: int) -> list[Any]:
    """At most so many of the items, chosen by chance, and the same ones every time."""
    return [items[place] for place in np.random.default_rng(0).permutation(len(items))[:most]]


def print_jobs(plan: Plan) -> None:
    """How many jobs there are, and the first of them."""
    distinct, finished = len(plan.jobs), plan.finished
    tell(
        f"Jobs        {plan.given:,}: {distinct:,} distinct, {plan.given - distinct:,} given "
        f"again; {finished:,} finished, {distinct - finished:,} to run"
    )
    for job, end in plan.jobs[:MOST_SHOWN]:
        tell(printable(f"  {job.name}{'' if end is None else f'  ({end.status})'}"))
    if distinct > MOST_SHOWN:
        tell(f"  … and {distinct - MOST_SHOWN:,} more")


def print_nets(groups: Sequence[Group], *, rows: bool) -> None:
    """A row a net: its parameters, and what its jobs take. rows: whether they leave rows."""
    from rich.table import Table  # noqa: PLC0415 - slow to import

    table = Table(box=None, pad_edge=False)
    for name in ("topology", "data set"):
        table.add_column(name, overflow="fold")
    for name in ("jobs", "parameters", "steps/s", "a job takes", "a job writes"):
        table.add_column(name, justify="right")
    for group in groups:
        net = group.net or Net()
        takes = "" if math.isnan(net.seconds) else bounded(duration(net.seconds), surest([group]))
        table.add_row(
            printable(group.topology),
            printable(group.dataset),
            f"{len(group.jobs):,}",
            "" if net.topology is None else f"{net.topology.parameters:,}",
            "" if math.isnan(net.steps_per_second) else f"{net.steps_per_second:,.0f}",
            takes,
            "" if math.isnan(net.size) else size(net.row if rows else net.size),
        )
    table_console().print(table)
    for group in groups:
        if group.net is not None and group.net.problem:
            tell(f"  a job of topology={printable(group.topology)} will fail: {group.net.problem}")


def halving_of(halving: HalvingSettings, jobs: int, limit: int | None) -> Halving | None:
    """How many jobs come to each rung; None where the sweep does not halve them.

    limit: the epochs to their ends, where that is known.
    """
    if halving.first is None:
        return None
    found, epochs, before, spent, left = list[tuple[int, int]](), halving.first, 0, 0, jobs
    while left and (limit is None or epochs < limit):
        found.append((left, epochs))
        spent += left * (epochs - before)
        left, epochs, before = left // halving.factor, epochs * halving.factor, epochs
    if limit is None:
        return Halving(found, max(1, left), None)
    spent += max(1, left) * max(0, limit - before)
    return Halving(found, max(1, left), spent / (jobs * limit))


def print_rungs(halving: Halving) -> None:
    """How many jobs come to each rung."""
    rungs = ", ".join(f"{jobs:,} to {epochs:,}" for jobs, epochs in halving.rungs)
    share = ""
    if halving.share is not None:
        share = f": at least {100 * halving.share:.0f} % of all epochs"
    tell(
        f"Halving     jobs to epochs, at least: {rungs}{', ' if rungs else ''}"
        f"{halving.to_end:,} to the end{share}; the time below is that of all jobs to their ends"
    )


def print_layers(net: Net) -> None:
    """The layers of a net."""
    if net.topology is not None:
        tell("\n".join(["", *layer_table(net.topology), ""]))


def estimate_of(groups: Sequence[Group], workers: int, starting: float) -> Estimate | None:
    """Time and disk of all jobs; those of nets that were not tried are taken for average.

    starting: seconds that the sweep takes until its first job.
    """
    tried = [group for group in groups if group.net is not None and group.net.trials]
    if not tried:
        return None
    jobs = sum(len(group.jobs) for group in groups if group.untold or group in tried)
    share = jobs / sum(len(group.jobs) for group in tried)
    nets = [(group.net, len(group.jobs)) for group in tried if group.net is not None]
    seconds = starting + sum(net.first for net, _ in nets)
    work = share * sum(net.seconds * count for net, count in nets)
    seconds += max(work / workers, *(net.seconds for net, _ in nets))
    untold = sum(group.untold for group in groups)
    return Estimate(
        seconds,
        "at least" if untold else surest(tried),
        workers,
        sum(len(net.trials) for net, _ in nets),
        untold,
        share * sum(net.size * count for net, count in nets),
        share * sum(net.row * count for net, count in nets),
        any(trial.is_cut for net, _ in nets for trial in net.trials),
    )


def print_estimate(found: Estimate) -> None:
    """Time and disk of all jobs."""
    processes = f"{found.workers} process{'es' * (found.workers > 1)}"
    slow = found.untold
    tell(
        f"Time        about {bounded(duration(found.seconds), found.bound)} on {processes}, "
        f"by {counted(found.trials, 'job')} tried"
        + (f"; {counted(slow, 'net')} came to no end in the time for trying" if slow else "")
    )
    more = " or more" if slow or found.is_cut else ""
    less = " or less" if found.is_cut and not slow else more
    told = f"about {size(found.folders)}{less} in folders, {size(found.rows)}{more} in rows"
    tell(f"Disk        {told} (sweep.record=rows)")


def surest(groups: Sequence[Group]) -> Bound:
    """How sure a time is that these are part of: as the least sure of their trials."""
    trials = [trial.bound for group in groups if group.net for trial in group.net.trials]
    return min(trials, key=get_args(Bound).index, default="about")


def bounded(text: str, bound: Bound) -> str:
    """A time, itself estimated, with the side on which it may be."""
    return text + {"at least": " or more", "at most": " or less", "about": ""}[bound]


def duration(seconds: float) -> str:
    """Seconds as people read them."""
    if seconds < 60:
        return f"{seconds * 1000:.2g} ms" if seconds < 0.0995 else f"{seconds:.2g} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{seconds / 3600:,.1f} h"


def size(count: float) -> str:
    """Bytes as people read them."""
    from rich.filesize import decimal  # noqa: PLC0415 - with the table

    return decimal(round(count))
