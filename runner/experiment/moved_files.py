"""Files that a recorded run reads and that have moved since: where they lie now.

A run's configuration stays as it was recorded, to the byte; only reading looks elsewhere. That they
are the same data is checked as ever, by their SHA-256.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from runner.configuration.branches import place
from runner.errors import DataError, RunnerError, SettingsError, counted, printable
from runner.experiment.experiment import Experiment
from runner.experiment.sharing import build_sharing
from runner.run_folder.run import RunFolder
from runner.settings import DatasetSettings, origin, parse_settings

PARTS = ("dataset.validation", "dataset.test")
"""Parts of the data, which may be files of their own."""
DATA = {"dataset.path": "FILE", "dataset.root": "FOLDER", **dict.fromkeys(PARTS, "FILE")}
"""Where data lie, and what is there."""
MOVABLE = {**DATA, "from": "RUN"}
"""What may be said of a run that is there: where its data lie, and the run that it began from."""
Places = Mapping[str, Any]
"""Values of some of these keys."""
NOWHERE_ELSE: Places = {}


def places_in(texts: Sequence[str]) -> Places:
    """The places that arguments such as `dataset.path=new.csv` name.

    Raises SettingsError for other keys.
    """
    if not texts:
        return NOWHERE_ELSE
    from runner.configuration.overrides import changes_in  # noqa: PLC0415 - loads Hydra

    changes = changes_in(texts)
    places = movable(changes)
    for key in changes:
        if key in PARTS and key not in places:
            raise SettingsError(
                f"{key}={printable(changes[key])} is no file, and how data are divided is not to "
                f"be changed in a run that is there; expected where its file lies now: {key}=FILE"
            )
        if key not in places:
            raise SettingsError(
                f"{printable(key)} is not to be changed in a run that is there; "
                f"expected {', '.join(MOVABLE)}, which say where its files lie now"
            )
    return places


def movable(changes: Mapping[str, Any]) -> Places:
    """Those of some changes that are such places; the size of a part is none."""
    return {
        key: value
        for key, value in changes.items()
        if key in MOVABLE and (key not in PARTS or isinstance(value, str))
    }


def reads(config: Mapping[str, Any], key: str) -> bool:
    """Whether a recorded run reads what lies at one of these places."""
    *sections, name = key.split(".")
    section = place(config, *sections)
    # Images without a folder of their own are those of the cache, and may lie in one all the same.
    cached = key == "dataset.root" and isinstance(section, Mapping) and name in section
    return cached or isinstance(place(section, name), str)


def check_places(places: Places, runs: Iterable[Path]) -> None:
    """Refuses a place that none of these runs reads: SettingsError.

    Where one of them is damaged nothing is refused: it may be the one.
    """
    unread, read, seen = dict(places), dict[str, str](), list[Path]()
    for run in runs:
        if not unread:
            return
        try:
            config = RunFolder(run).configuration
        except RunnerError:
            return
        seen.append(run)
        read |= {key: what for key, what in MOVABLE.items() if reads(config, key)}
        unread = {key: value for key, value in unread.items() if key not in read}
    for key, value in unread.items() if seen else ():
        whose = printable(seen[0]) if len(seen) == 1 else f"each of {counted(len(seen), 'run')}"
        has = "begins from no other run" if key == "from" else "reads no such file"
        others = " or ".join(f"{name}={what}" for name, what in read.items())
        raise SettingsError(
            f"{key}={printable(value)} would change nothing: {whose} {has}; "
            + (f"expected {others}, or leave it out" if others else "leave it out")
        )


def building_from(
    places: Places, build: Callable[..., Experiment] = build_sharing
) -> Callable[..., Experiment]:
    """As `build`, of a recorded run whose files lie at these places."""
    if not places:
        return build

    def build_there(config: Mapping[str, Any], engine: str | None = None) -> Experiment:
        experiment = build(with_places(config, places), engine)
        # Only reading looks elsewhere: what the run is known by stays as it was recorded.
        settings = replace(experiment.settings, dataset=dataset_settings(config))
        whole = {**experiment.config, "dataset": config["dataset"]}
        parent = experiment.parent
        if "from" in places and settings.from_ is not None:
            parent = origin("from", places["from"])._replace(step=settings.from_.step)
        return replace(experiment, config=whole, settings=settings, parent=parent)

    return build_there


def with_places(config: Mapping[str, Any], places: Places) -> dict[str, Any]:
    """A recorded run's configuration, its data at these places."""
    moved = {
        key.removeprefix("dataset."): value
        for key, value in places.items()
        if key in DATA and reads(config, key)
    }
    return {**config, "dataset": {**config["dataset"], **moved}} if moved else dict(config)


def dataset_settings(config: Mapping[str, Any], places: Places = NOWHERE_ELSE) -> DatasetSettings:
    """The settings of a run's data set, its files at these places."""
    return parse_settings(with_places(config, places)).dataset


@contextmanager
def telling_where(config: Mapping[str, Any]) -> Iterator[None]:
    """While entered, a file of a recorded run that is not there any more is told with a way out."""
    try:
        yield
    except DataError as error:
        for key, what in DATA.items():
            path = place(config, *key.split("."))
            if not isinstance(path, str) or error.path is None:
                continue
            if Path(error.path) == Path(path) and not Path(path).exists():
                raise DataError(
                    f"{key}={printable(path)} is not there any more; "
                    f"say where it lies now behind the run: {key}={what}"
                ) from error
        raise
