"""From swept values to the overrides of each job."""

import math
from collections.abc import Sequence
from itertools import chain, product
from pathlib import Path
from typing import Any

from runner.answers.answer import print_answer, stdout_left
from runner.checking.parsing import parse
from runner.checking.rules import refuse, shown
from runner.checking.suggestions import suggestion
from runner.configuration.jobs import JobComposer
from runner.configuration.overrides import name_of, number_given, parsed_override
from runner.errors import SettingsError, are, counted
from runner.settings import JSON, WHICH_JOBS, SweepSettings
from runner.standard_output import tell
from runner.sweeping.job_files import read_jobs
from runner.sweeping.sweep import Sweep
from runner.sweeping.swept_presets import Axis, OwnSweeps

EMPTY = "the sweep is empty; give a key some values, e.g. seed=1,2,3"


def swept(jobs: JobComposer) -> list[list[str]]:
    """The overrides of each job: all combinations of the values that keys are given.

    None where they are to be told of and not run: an empty list. A preset that is one of several
    brings its own values to be swept. Raises SettingsError where there are none, and for more than
    `sweep.max_jobs`.
    """
    options: SweepSettings = parse(SweepSettings, jobs.section("sweep"), "sweep.")
    values = jobs.swept(jobs.texts, WHICH_JOBS)
    said = {*values, *(["seed"] if options.repeats > 1 else [])}
    own = OwnSweeps(jobs)
    axes = [own.added_to(axis, said) for axis in axes_of(values, options, jobs.value("seed"))]
    found, given = jobs_of(axes, options.max_jobs), jobs_in(axes)
    if not found:
        raise SettingsError(EMPTY)
    if options.plan:
        tell_plan_of(Sweep(jobs), found, given, to_script=options.plan == JSON)
        return []
    if given > len(found):
        tell(f"{are(given, 'job')} given, {len(found):,} distinct: each of these is run once")
    return found


def tell_plan_of(
    sweep: Sweep, jobs: Sequence[Sequence[str]], given: int, *, to_script: bool
) -> None:
    """Tells what the sweep would do: people in lines, a script in one document."""
    from runner.sweeping.plan import plan_of, tell_plan  # noqa: PLC0415 - only for those who ask
    from runner.sweeping.plan_answer import plan_answer  # noqa: PLC0415 - the same

    with stdout_left(to_answer=to_script):  # said by a preset alone, it is not left before
        plan = plan_of(sweep, jobs, given)
    if to_script:
        print_answer(plan_answer(plan))
    else:
        tell_plan(plan)


def axes_of(values: dict[str, list[str]], options: SweepSettings, seed: Any) -> list[Axis]:
    """What the jobs are all combinations of: a file's jobs, then the command line's values.

    seed: the first of `sweep.repeats`, where none is among the values.
    """
    listed = [] if options.jobs is None else read_jobs(Path(options.jobs), options.max_jobs)
    for key in chain(*listed):
        if key in values:
            raise SettingsError(
                f"sweep.jobs={shown(options.jobs)} gives {key} values, and so does the command "
                "line or the preset; give them once"
            )
    if options.repeats > 1:
        if any("seed" in job for job in listed):
            raise repeated(options.repeats, f"the jobs of {shown(options.jobs)} have theirs")
        values = {**values, "seed": seeds(values.get("seed", [f"seed={seed}"]), options.repeats)}
    grid = zipped(values, options.zip or ())
    return [*([[tuple(job.values()) for job in listed]] if listed else []), *grid]


def seeds(given: list[str], repeats: int) -> list[str]:
    """As many seeds as there are to be repeats, from the given one on.

    Raises SettingsError where several are given.
    """
    if len(given) != 1:
        raise repeated(repeats, f"seed has {len(given):,} values")
    first = parsed_override(given[0]).value()
    if isinstance(first, bool) or not isinstance(first, int):
        raise refuse("seed", first, "is not a whole number", "expected the first of the seeds")
    return [f"seed={first + repeat}" for repeat in range(repeats)]


def repeated(repeats: int, problem: str) -> SettingsError:
    """The one line for seeds that are given twice over."""
    return SettingsError(
        f"sweep.repeats={repeats} gives each combination its seeds, but {problem}; "
        "expected one seed to start from, or no sweep.repeats"
    )


def zipped(values: dict[str, list[str]], together: Sequence[str]) -> list[Axis]:
    """An axis a key, and one for the keys that go `together`, in the first one's place.

    Raises SettingsError where these have different numbers of values.
    """
    for name in together:
        if name not in values:
            raise SettingsError(
                f"sweep.zip: {shown(name)} is given no values; {suggestion(name, values)}"
                f"expected e.g. {name.split('=')[0]}=1,2 on the command line"
            )
    counts = {name: len(values[name]) for name in together}
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{name} has {count:,}" for name, count in counts.items())
        raise SettingsError(f"sweep.zip: {found}; expected as many values of each")
    first = next((name for name in values if name in together), None)
    axes: list[Axis] = []
    for name, texts in values.items():
        if name == first:
            axes.append(list(zip(*(values[member] for member in together), strict=True)))
        elif name not in together:
            axes.append([(text,) for text in texts])
    return axes


def jobs_of(axes: Sequence[Axis], most: int) -> list[list[str]]:
    """The overrides of every distinct combination, the last axis the fastest to change.

    Raises SettingsError where there are more than `most`.
    """
    if (jobs := jobs_in(axes)) > most:
        raise SettingsError(
            f"the sweep has {counted(jobs, 'job')}, sweep.max_jobs={most} at most; "
            "sweep over fewer values, or raise sweep.max_jobs"
        )
    return [list(chain(*job)) for job in product(*map(distinct, axes))]


def jobs_in(axes: Sequence[Axis]) -> int:
    """How many combinations there are, those counted again that are given again."""
    return math.prod(len(axis) for axis in axes)


def distinct(axis: Axis) -> Axis:
    """Each choice once: a job that is run again is no further evidence."""
    found: dict[frozenset[object], tuple[str, ...]] = {}
    for together in axis:
        found.setdefault(frozenset(map(meaning, together)), together)
    return list(found.values())


def meaning(text: str) -> tuple[str, object]:
    """What an override gives to which key, however it is written: 1.0 is 1."""
    if (given := number_given(text)) is not None:
        return given
    value = parsed_override(text).value()
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return name_of(text), value if is_number else repr(value)
