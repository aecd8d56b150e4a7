"""Jobs on other packages' launchers, with what the runner's own does around its jobs."""

from collections.abc import Mapping, Sequence

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher

from runner.application.plugins import SweepLauncher, returned
from runner.configuration.hydra_errors import first_line
from runner.errors import INTERRUPTED, RunnerError, Stop, counted, printable
from runner.run_folder.job_end import JobEnd, ended_job
from runner.sweeping.job import Job
from runner.sweeping.running_jobs import alone, taken_up
from runner.sweeping.sweep import Sweep
from runner.sweeping.tally import SweepLog


class LaunchError(RunnerError):
    """A launcher gave up before its jobs had ended."""


class OtherLauncher(SweepLauncher):
    """A launcher whose jobs are checked before the first starts, and picked up where they were."""

    def __init__(self, launcher: Launcher) -> None:
        """launcher: of another package, set up."""
        self._launcher = launcher

    def launched(self, job_overrides: Sequence[Sequence[str]], first: int) -> list[JobReturn]:
        """Runs the jobs that have not ended; those between them return at once.

        Raises LaunchError when the launcher gives up, such as when it loses a process.
        """
        sweep = self.sweep
        known = taken_up(sweep, job_overrides, first)
        ends = {job.number: end for job, end in known if end is not None}
        left = [job for job, end in known if end is None]
        with alone(sweep, left):
            try:
                self._run(left, {job.number: job for job, _ in known})
            except (RunnerError, OSError):
                raise
            except Exception as error:
                raise self._given_up(sweep, left, error) from error
            finally:
                ends |= recorded(sweep, left, len(ends))
        if any(job.number not in ends for job in left):
            raise self._unended(sweep, left, "has not run all jobs")
        return [returned(sweep, job.overrides, ends.get(job.number)) for job, _ in known]

    def _run(self, left: Sequence[Job], known: Mapping[int, Job]) -> None:
        """Raises what went wrong with a job that could not record it."""
        for jobs in stretches(left, known):
            texts = [job.overrides for job in jobs]
            for one in self._launcher.launch(texts, initial_job_idx=jobs[0].number):
                if one.status is JobStatus.FAILED:
                    _ = one.return_value

    def _given_up(self, sweep: Sweep, jobs: Sequence[Job], error: Exception) -> BaseException:
        """Records the jobs whose processes are gone; what to raise for the sweep."""
        for job in jobs:
            sweep.lost(job, "its process was ended from outside", again=True)
        ends = [ended_job(sweep.folder / str(job.number), job.number) for job in jobs]
        if any(end is not None and end.status == "interrupted" for end in ends):
            return Stop(None, INTERRUPTED["SIGTERM"])
        return self._unended(sweep, jobs, f"gave up: {type(error).__name__}: {first_line(error)}")

    def _unended(self, sweep: Sweep, jobs: Sequence[Job], problem: str) -> LaunchError:
        ends = [ended_job(sweep.folder / str(job.number), job.number) for job in jobs]
        choice = self.config.hydra.runtime.choices["hydra/launcher"]
        return LaunchError(
            f"hydra/launcher={choice} {problem}; "
            f"{ends.count(None)} of {counted(len(jobs), 'job')} have not ended: the same command "
            f"with hydra.sweep.dir={printable(sweep.folder)} goes on with them"
        )


def recorded(sweep: Sweep, jobs: Sequence[Job], finished: int) -> dict[int, JobEnd]:
    """The jobs that have ended, by number; in that order they come into the sweep's log and table.

    finished: how many more had ended before.
    """
    ends: dict[int, JobEnd] = {}
    with SweepLog(sweep.folder) as log:
        log.begin(len(jobs), finished)
        for job in sorted(jobs, key=lambda job: job.number):
            end = ended_job(sweep.folder / str(job.number), job.number)
            if end is not None:
                ends[job.number] = end
                sweep.table.add(end)
                log.add(end, " ".join(job.overrides))
    sweep.table.finish()
    return ends


def stretches(left: Sequence[Job], known: Mapping[int, Job]) -> list[list[Job]]:
    """The jobs that are left, by number; those known between them fill what gaps they can.

    A launcher numbers jobs one after the other, and each of its launches waits for the last.
    """
    found: list[list[Job]] = []
    for job in sorted(left, key=lambda job: job.number):
        gap = range(found[-1][-1].number + 1, job.number) if found else range(0)
        if found and all(number in known for number in gap):
            found[-1] += [*(known[number] for number in gap), job]
        else:
            found.append([job])
    return found
