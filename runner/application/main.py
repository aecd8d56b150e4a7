"""The command's door: its options are looked at before anything that takes long is imported."""

import sys
import warnings

from runner.application.options import check_options
from runner.errors import INTERRUPTED, SettingsError, report_error, warning_line
from runner.plugins.loading import load_plugins
from runner.signals import listen
from runner.standard_output import outlive_readers


def main() -> int:
    """Runs the application; errors that a person can cause are one line on stderr."""
    try:
        outlive_readers()
        load_plugins(check_options(sys.argv[1:]))
        from runner.application.hydra_application import run_or_sweep  # noqa: PLC0415 - see above

        listen()
        warnings.formatwarning = warning_line
        return run_or_sweep()
    except SettingsError as error:
        return report_error(error)
    except KeyboardInterrupt:
        return INTERRUPTED["SIGINT"]
