"""Arguments of `python -m runner` that are no key=value: checked before Hydra sees them."""

from collections.abc import Sequence
from typing import NoReturn

from hydra._internal.utils import get_args_parser

from runner.errors import SettingsError, printable

HELP = "python -m runner --help shows keys and options"


def check_options(arguments: Sequence[str]) -> None:
    """Raises SettingsError for an option that there is not, and says what to type instead."""
    if any(names_rerun(argument) for argument in arguments):
        raise SettingsError(
            "--experimental-rerun reads a pickle, which could hold code; not supported"
        )
    parser = get_args_parser()
    parser.error = refuse_option  # type: ignore[method-assign]
    _, unknown = parser.parse_known_args(list(arguments))
    if unknown:
        raise SettingsError(unknown_argument(unknown, arguments))


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
