"""What Hydra and OmegaConf raise, in one line each: key, what was found, expected, a way out."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml
from hydra.errors import (
    HydraException,
    MissingConfigException,
    OverrideParseException,
)
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    MissingMandatoryValue,
    OmegaConfBaseException,
)

from runner.checking.parsing import known_keys
from runner.checking.rules import shown
from runner.checking.suggestions import suggestion
from runner.errors import SettingsError, printable

COMPOSING_ERRORS = (
    HydraException,
    OmegaConfBaseException,
    yaml.YAMLError,
    ValueError,  # network=null, a broken `# @package` line
    RecursionError,  # thousands of brackets
)
"""What a bad command line or YAML file makes Hydra raise."""


@contextmanager
def explaining() -> Iterator[None]:
    """What Hydra raises becomes a SettingsError of one line."""
    try:
        yield
    except COMPOSING_ERRORS as error:
        # A ValueError may be a fault of the runner's own, which its cause tells of.
        raise explained(error) from (error if type(error) is ValueError else None)


SEVERAL = re.compile(r"(?:Ambiguous value for argument|Sweep parameters) '(.*)'")
APPENDING = re.compile(r"To append to your default list use \+(\S+)")
"""How Hydra ends its message about a group, such as `logger`, that has no default choice."""
ADDED = re.compile(r"Multiple values for (\S+)\.")
NO_CHOICE = re.compile(r"Config group override must be a string or a list")
ABOUT = re.compile(r"\s*(full_key|object_type)[:=].*", re.DOTALL)
"""What OmegaConf adds to its messages."""


def explained(error: Exception) -> SettingsError:
    """The one line for an error of Hydra's: key, what was found, what was expected, a way out."""
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        return missing_choice(error)
    if isinstance(error, OverrideParseException):
        return unreadable_override(error)
    if (added := APPENDING.search(str(error))) is not None:
        return SettingsError(
            f"{printable(added[1])} is chosen with a + before it: +{printable(added[1])}"
        )
    if (several := SEVERAL.search(str(error))) is not None:
        return SettingsError(
            f"{printable(several[1])} is several values, which only a sweep has: add -m, or in "
            "Python take runner.sweep; one list is key=[a,b], one text with a comma is quoted"
        )
    if (added := ADDED.match(str(error))) is not None:
        key = printable(added[1])
        return SettingsError(f"{key} has a value that + would add a second to; give {key}=…")
    if NO_CHOICE.match(str(error)):
        return SettingsError(
            "a group, such as optimizer, is given no name; expected a choice, e.g. optimizer=adam"
        )
    cause = error.__cause__ if isinstance(error.__cause__, OmegaConfBaseException) else error
    if isinstance(cause, ConfigKeyError | ConfigAttributeError) and cause.full_key:
        return unknown_key(str(cause.full_key), cause.parent_node)
    if isinstance(cause, MissingMandatoryValue):
        key = str(cause.full_key)
        return SettingsError(f"{key} is missing; give it a value on the command line: {key}=…")
    if isinstance(cause, OmegaConfBaseException) and cause.full_key:
        problem = printable(ABOUT.sub("", str(cause)).strip())
        return SettingsError(f"{cause.full_key}: {problem}; expected a value of its own")
    if isinstance(error, RecursionError):
        return SettingsError("the configuration is nested too deep; expected plain values")
    return SettingsError(first_line(error))


def first_line(error: Exception) -> str:
    """An error's message on one line, the whole of it when it has the form of a sentence."""
    text = str(error) or str(error.__cause__ or "")  # Hydra hands some on without a word
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return printable("; ".join(lines[:3])) if lines else type(error).__name__


def missing_choice(error: MissingConfigException) -> SettingsError:
    """`optimizer=adma`: the group's choices and the nearest one."""
    group, _, name = str(error.missing_cfg_file).rpartition("/")
    options = sorted(error.options or ())
    if not group or not options:
        missing = printable(error.missing_cfg_file)
        return SettingsError(f"there is no configuration file '{missing}.yaml'; check its spelling")
    return SettingsError(
        f"{printable(group)}='{printable(name)}' is unknown; "
        f"{suggestion(name, options)}choose from {', '.join(options)}"
    )


def unreadable_override(error: OverrideParseException) -> SettingsError:
    """An argument that is not key=value."""
    override = shown(str(error.override))
    if "=" not in error.override and not error.override.startswith("~"):
        return SettingsError(f"{override} has no '='; expected key=value, e.g. topology=3-4-1")
    problem = first_line(error).split(";")[0].removesuffix(".")[:60]
    return SettingsError(
        f"{override} cannot be read ({problem}); expected key=value, quoted where it holds "
        "spaces, brackets or quotes, e.g. 'seed=range(1,11)'"
    )


def unknown_key(key: str, section_there: object = None) -> SettingsError:
    """A key that no setting has. section_there: as composed, where it was looked for."""
    from runner.settings import LoggerSettings, Settings  # noqa: PLC0415 - imports NumPy

    known = [*known_keys(Settings), *known_keys(LoggerSettings, "logger.")]
    section = printable(key.partition(".")[0])
    if key in known:
        return SettingsError(
            f"{printable(key)} is not there with the {section} that was chosen; "
            f"choose one that has it, {section}=…; python -m runner --help lists them"
        )
    if isinstance(section_there, DictConfig):
        prefix = key[: key.rfind(".") + 1]
        there = set(keys_in(OmegaConf.to_container(section_there), prefix))
        known = [name for name in known if not name.startswith(prefix) or name in there]
    near = suggestion(key, known)
    return SettingsError(
        f"{printable(key)} is not a configuration key; {near}"
        "python -m runner --cfg job shows them all"
    )


def keys_in(values: Any, prefix: str) -> Iterator[str]:
    """All keys of a section, dotted, and those of the sections in it."""
    for name, value in values.items():
        yield f"{prefix}{name}"
        if isinstance(value, dict):
            yield from keys_in(value, f"{prefix}{name}.")
