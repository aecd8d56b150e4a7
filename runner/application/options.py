"""Options of `python -m runner`: Hydra's, read by a parser of ours and checked before it acts."""

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from runner import __version__
from runner.errors import SettingsError, printable

HELP = "python -m runner --help shows keys and options"
TOPICS = ["all", "config", "defaults", "defaults-tree", "plugins", "searchpath"]
OPTIONS: dict[tuple[str, ...], dict[str, Any]] = {
    ("--help", "-h"): {"action": "store_true", "help": "Keys and examples"},
    ("--hydra-help",): {"action": "store_true", "help": "Hydra's own options"},
    ("--version",): {
        "action": "version",
        "version": f"runner {__version__}",
        "help": "Show the version and exit",
    },
    ("overrides",): {
        "nargs": "*",
        "help": "Any key=value, and for parts of a key dots, key.part=value",
    },
    ("--cfg", "-c"): {
        "choices": ["job", "hydra", "all"],
        "help": "Show the configuration instead of running [job|hydra|all]",
    },
    ("--resolve",): {"action": "store_true", "help": "With --cfg: show what interpolations give"},
    ("--package", "-p"): {"help": "With --cfg: the part of the configuration to show"},
    ("--run", "-r"): {"action": "store_true", "help": "Run a job"},
    ("--multirun", "-m"): {"action": "store_true", "help": "Run a job for each combination"},
    ("--shell-completion", "-sc"): {
        "action": "store_true",
        "help": 'Complete keys and choices by Tab: eval "$(runner -sc install=bash)", or zsh; '
        "runner -sc install=fish | source; uninstall= undoes it",
    },
    ("--plugin",): {
        "action": "append",
        "default": [],
        "metavar": "MODULE",
        "help": "Import this module, which adds pieces of your own; more than once for several",
    },
    ("--config-path", "-cp"): {"help": "Take this folder of YAML files instead of the runner's"},
    ("--config-name", "-cn"): {"help": "Take this YAML file instead of config"},
    ("--config-dir", "-cd"): {"help": "Take presets and choices of this folder too"},
    ("--info", "-i"): {
        "const": "all",
        "nargs": "?",
        "choices": TOPICS,
        "help": f"Show what Hydra knows [{'|'.join(TOPICS)}]",
    },
}
"""Those of Hydra 1.3's own parser but --experimental-rerun.

Not that parser: it gives a help text that is no text, which Python 3.14 does not take.
"""


PLAN_FOR_SCRIPT = "sweep.plan=json"
PLANS = ("sweep.plan=true", PLAN_FOR_SCRIPT)


class OptionsParser(argparse.ArgumentParser):
    """It takes a look before a run for one before a sweep of one job."""

    def parse_args(self, *arguments: Any) -> argparse.Namespace:  # type: ignore[override]
        """As argparse does."""
        given: argparse.Namespace = super().parse_args(*arguments)
        planned = any(plan in given.overrides for plan in PLANS)
        given.multirun = given.multirun or (planned and not given.run)
        return given


def options_parser() -> argparse.ArgumentParser:
    """The parser of the command line, in whose place Hydra has one of its own."""
    parser = OptionsParser(prog="python -m runner", add_help=False)
    for names, how in OPTIONS.items():
        parser.add_argument(*names, **how)
    parser.set_defaults(experimental_rerun=None)
    return parser


def check_options(arguments: Sequence[str]) -> Sequence[str]:
    """The modules that `--plugin` names.

    Raises SettingsError for an option that there is not, and says what to type instead.
    """
    if any(names_rerun(argument) for argument in arguments):
        raise SettingsError(
            "--experimental-rerun reads a pickle, which could hold code; not supported"
        )
    parser = options_parser()
    parser.error = refuse_option  # type: ignore[method-assign]
    given, unknown = parser.parse_known_args(list(arguments))
    if unknown:
        raise SettingsError(unknown_argument(unknown, arguments))
    plugins: list[str] = given.plugin
    return plugins


def refuse_option(message: str) -> NoReturn:
    """Called by argparse for an option with a value that it cannot have."""
    raise SettingsError(f"{printable(message)}; {HELP}")


def unknown_argument(unknown: Sequence[str], arguments: Sequence[str]) -> str:
    """The one line for the first of them."""
    first = unknown[0]
    shown = printable(first[:60])
    if not first.startswith("-"):
        options = [argument for argument in arguments if argument.startswith("-")]
        return f"'{shown}' is parted from the keys before it; put {options[0]} before all keys"
    name = first.lstrip("-")
    key, equals, _ = name.partition("=")
    if equals:
        return f"'{shown}' is not an option; keys have no dashes: {printable(name[:60])}"
    place = list(arguments).index(first) + 1
    value = arguments[place] if place < len(arguments) else "…"
    value = "…" if value.startswith("-") or "=" in value else value
    if key.isidentifier() and len(key) > 1:
        return f"'{shown}' is not an option; keys are given as {key}={printable(value[:60])}"
    return f"'{shown}' is not an option; {HELP}"


def names_rerun(argument: str) -> bool:
    """Whether Hydra would read this as --experimental-rerun, which may be shortened to --e."""
    option, _, _ = argument.partition("=")
    return option.startswith("--e") and "--experimental-rerun".startswith(option)
