"""The command's door: its options are looked at before anything that takes long is imported."""

import sys
import warnings

from runner.answers.answer import answer_error, stdout_left
from runner.application.options import PLAN_FOR_SCRIPT, check_options
from runner.errors import INTERRUPTED, SettingsError, report_error, warning_line
from runner.plugins.loading import load_plugins
from runner.signals import listen
from runner.standard_output import outlive_readers


def main() -> int:
    """Runs the application; errors that a person can cause are one line on stderr."""
    to_script = PLAN_FOR_SCRIPT in sys.argv[1:]
    try:
        outlive_readers()
        with stdout_left(to_answer=to_script):
            load_plugins(check_options(sys.argv[1:]))
            from runner.application.hydra_application import run_or_sweep  # noqa: PLC0415

            listen()
            warnings.formatwarning = warning_line
            return run_or_sweep(to_script=to_script)
    except SettingsError as error:
        if to_script:
            answer_error(error)
        return report_error(error)
    except KeyboardInterrupt:
        return INTERRUPTED["SIGINT"]
