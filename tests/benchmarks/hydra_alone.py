"""A runner's job in Hydra's own application, with its basic sweeper and launcher: the sweeps' peer.

    python -m tests.benchmarks.hydra_alone -m seed=1,2,3 hydra.sweep.dir=FOLDER \\
        hydra/launcher=basic hydra/sweeper=basic ~hydra.callbacks.sweep_folder

Hydra composes each job and makes its folder; the job is one of a process that makes many.
"""

from pathlib import Path
from typing import Any

import hydra
import hydra.utils
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from runner.checking.conf_files import conf_folder
from runner.configuration.composing import plain
from runner.experiment.running import run_experiment
from runner.experiment.sharing import JOB

BASE: dict[str, Any] = (
    {} if hasattr(hydra.utils, "execution_whitelist") else {"version_base": "1.3"}
)
"""Hydra 1.3 warns where that is left out, 1.4 where it is given."""


@hydra.main(**BASE, config_path=str(conf_folder()), config_name="config")
def main(config: DictConfig) -> None:
    """A job."""
    run_experiment(plain(config), Path(HydraConfig.get().runtime.output_dir), {}, JOB)


if __name__ == "__main__":
    main()
