"""One job of a sweep: run in its folder, whatever happens recorded there."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.configuration.composing import plain, unresolved
from runner.errors import RunnerError, StorageError, error_line
from runner.experiment.resuming import resume_run, warn
from runner.experiment.running import Manner, record_failure, run_experiment
from runner.experiment.sharing import build_sharing
from runner.run_folder.job_end import JobEnd
from runner.run_folder.tables import read_results
from runner.storage.files import BySweep

if TYPE_CHECKING:
    from omegaconf import DictConfig


JOB = Manner("nothing", one_of_many=True, build=build_sharing)
OF_SWEEP = replace(JOB, syncing=BySweep)
"""Jobs of one process that all are forced to the disk together."""


def run_job(
    config: Mapping[str, Any],
    documents: Mapping[str, str],
    folder: Path,
    number: int,
    manner: Manner = JOB,
) -> JobEnd:
    """Runs a job; an error, and what would end the process, is recorded in its folder."""
    try:
        if (folder / "run.json").exists():  # a cluster has put the job into its queue again
            outcome = resume_run(folder, {}, warn, manner)
        else:
            outcome = run_experiment(config, folder, documents, manner)
    except (Exception, SystemExit) as error:
        return failed_job(config, documents, folder, number, error)
    ended, lines = ("completed", "complete", 0), None
    if outcome is not None:
        ended, lines = (outcome.status, outcome.text, outcome.exit_code), outcome.results
    return JobEnd(number, *ended, *(lines or read_results(folder)), config["stopping"]["metric"])


def run_composed_job(
    config: "DictConfig", documents: Mapping[str, str], folder: Path, number: int
) -> JobEnd:
    """Runs a job as Hydra composed it."""
    try:
        values = plain(config)
    except RunnerError as error:
        return failed_job(unresolved(config), documents, folder, number, error)
    return run_job(values, documents, folder, number)


def failed_job(
    config: Mapping[str, Any],
    documents: Mapping[str, str],
    folder: Path,
    number: int,
    error: BaseException,
) -> JobEnd:
    """Records what went wrong in the job's folder; where that cannot be, it is what went wrong."""
    try:
        record_failure(folder, config, documents, error)
    except StorageError as refused:
        text = f"failed: {error_line(refused)}"
        return JobEnd(number, "failed", text, refused.exit_code, refused=str(refused))
    code = error.exit_code if isinstance(error, RunnerError) else 1
    text = f"failed: {error_line(error)}"
    return JobEnd(number, "failed", text, code, *read_results(folder))
