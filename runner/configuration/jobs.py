"""The jobs of a sweep: each distinct choice of groups composed once, plain values put into it."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, TypeVar

from hydra.core.utils import run_job
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf

from runner.configuration.checked_loader import CheckedLoader
from runner.configuration.composing import documents, plain, task_of, unresolved
from runner.configuration.hydra_inside import BASIC_SWEEPER
from runner.configuration.job_bases import Base, Keys, base_of, is_plain, keys_of, numbered
from runner.configuration.overrides import number_given, parsed_override, swept_values
from runner.configuration.trust import GRID_SWEEPER

T = TypeVar("T")


class JobComposer:
    """Composes the jobs of a sweep as Hydra does, without doing the same work twice."""

    def __init__(
        self, loader: CheckedLoader, master: DictConfig, context: HydraContext | None = None
    ) -> None:
        """master: the sweep's own configuration. context: what Hydra surrounds a job with."""
        self._loader, self._master, self._context = loader, master, context
        texts: Any = OmegaConf.to_container(master.hydra.overrides.task)  # unresolved
        params = master.hydra.sweeper.get("params") or {}
        self.texts = [*(f"{key}={values}" for key, values in params.items()), *texts]
        """What the sweep is told, by a preset's own sweep and on the command line."""
        said = [parsed_override(text) for text in texts]
        self._said = [
            (keys_of(each), each.input_line) for each in said if not each.is_sweep_override()
        ]
        self._bases: dict[tuple[str, ...] | None, Base] = {}
        self._divided: tuple[list[str], tuple[Base, dict[Keys, object]]] | None = None
        self._alike: dict[tuple[object, ...], tuple[Base, dict[int, Keys]]] = {}
        self._surrounded = asks_for_hydra(master.hydra)
        self.is_search = master.hydra.sweeper._target_ not in (GRID_SWEEPER, BASIC_SWEEPER)
        """Whether the sweeper learns from some jobs which others to launch."""

    def __reduce__(self) -> tuple[Any, ...]:
        """As it is sent to another process: what is found of jobs is found again there."""
        return JobComposer, (self._loader, self._master, self._context)

    @property
    def folder(self) -> Path:
        """The sweep's."""
        return Path(self._master.hydra.sweep.dir).absolute()

    def value(self, key: str) -> Any:
        """What the sweep's own configuration has at a key such as `recording.on_sigusr1`."""
        return OmegaConf.select(self._master, key)

    def section(self, name: str) -> Any:
        """A section of it as a mapping, or what stands in its place."""
        section = self._master[name]
        return OmegaConf.to_container(section) if isinstance(section, DictConfig) else section

    def sweep_of(self, overrides: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What a sweep with these overrides is like: its `sweep` section, and the values it brings.

        Raises what Hydra raises for overrides that cannot be applied.
        """
        config = self._alone(overrides)
        sweeper: Any = OmegaConf.to_container(config.hydra.sweeper)
        return unresolved(config.sweep), sweeper.get("params") or {}

    @property
    def document(self) -> str:
        """multirun.yaml, as Hydra's own sweepers write it."""
        return OmegaConf.to_yaml(self._master)

    def divide(self, overrides: Sequence[str]) -> tuple[Base, dict[Keys, object]]:
        """What a job has in common with others, and the plain values that it has of its own.

        Raises what Hydra raises for overrides that cannot be applied.
        """
        if self._divided is None or self._divided[0] != overrides:  # asked several times a job
            self._divided = list(overrides), self._divide_anew(overrides)
        return self._divided[1]

    def values(self, overrides: Sequence[str]) -> dict[str, Any]:
        """A job's configuration.

        Raises what Hydra raises for overrides that cannot be applied, and SettingsError.
        """
        base, changed = self.divide(overrides)
        if base.by_hydra:
            return plain(task_of(self._composed(overrides, 0, "")))
        return base.values(changed)

    def documents(self, overrides: Sequence[str], number: int, folder: Path) -> dict[str, str]:
        """What is kept of a job beside its run, by file name."""
        base, changed = self.divide(overrides)
        return base.documents(changed, overrides, number, folder)

    def needs_hydra(self, overrides: Sequence[str]) -> bool:
        """Whether a job is to be surrounded by what only Hydra does: folders, variables, logs."""
        return self._surrounded or self.divide(overrides)[0].by_hydra

    def surrounded(
        self,
        overrides: Sequence[str],
        number: int,
        folder: Path,
        task: Callable[[DictConfig, dict[str, str]], T],
    ) -> T:
        """Does a job's task, with its configuration and documents, within what Hydra does."""
        assert self._context is not None  # what asks for it is refused without
        returned = run_job(
            lambda config: task(config, documents(config)),
            self._composed(overrides, number, str(folder)),
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
            hydra_context=self._context,
        )
        ended: T = returned.return_value
        return ended

    def swept(self, texts: Sequence[str], own: Sequence[str] = ()) -> dict[str, list[str]]:
        """By name the values that these overrides give to each key, as `swept_values` says."""
        return swept_values(texts, own, self._loader)

    def _alone(self, overrides: Sequence[str]) -> DictConfig:
        """What a sweep of this folder with these overrides would have as its own configuration."""
        return self._loader.load_sweep_config(self._master, list(overrides))

    def _composed(self, overrides: Sequence[str], number: int, folder: str) -> DictConfig:
        """A job's whole configuration, composed by Hydra."""
        return numbered(self._alone(overrides), number, folder)

    def _divide_anew(self, overrides: Sequence[str]) -> tuple[Base, dict[Keys, object]]:
        """What jobs have in common that give numbers to the same keys is found once."""
        numbers = [number_given(text) for text in overrides]
        pairs = zip(overrides, numbers, strict=True)
        pattern = tuple([text if number is None else number[:1] for text, number in pairs])
        if (known := self._alike.get(pattern)) is None:
            known = self._places(overrides)
            if all(index in known[1] for index, number in enumerate(numbers) if number is not None):
                self._alike[pattern] = known  # else what is composed depends on a number
        base, places = known
        changed: dict[Keys, object] = {}
        for index, keys in places.items():
            number = numbers[index]
            value = parsed_override(overrides[index]).value() if number is None else number[1]
            changed[keys] = value
        return base, changed

    def _places(self, overrides: Sequence[str]) -> tuple[Base, dict[int, Keys]]:
        """What Hydra composes of some, and to which keys the others give plain values."""
        parsed = [parsed_override(text) for text in overrides]
        plain = {
            index: keys_of(override)
            for index, override in enumerate(parsed)
            if is_plain(override) and not self._loader.decides(override.key_or_group)
        }
        others = [keys_of(override) for index, override in enumerate(parsed) if index not in plain]
        plain = {index: keys for index, keys in plain.items() if not touches(keys, others)}
        while True:
            rest = tuple(text for index, text in enumerate(overrides) if index not in plain)
            base = self._base(rest, set(plain.values()))
            unknown = [index for index, keys in plain.items() if not base.is_leaf(keys)]
            if not unknown:
                return base, plain
            plain = {index: keys for index, keys in plain.items() if index not in unknown}

    def _base(self, overrides: tuple[str, ...], given: Collection[Keys]) -> Base:
        """What Hydra composes of these: the sweep's own, where only what is `given` differs."""
        left = tuple(text for keys, text in self._said if keys not in given)
        key = None if left == overrides else overrides
        if key not in self._bases:
            config = self._master if key is None else self._alone(key)
            self._bases[key] = base_of(config)
        return self._bases[key]


def asks_for_hydra(about: DictConfig) -> bool:
    """Whether jobs are to have what only Hydra makes: folders, variables, logs, callbacks."""
    job = about.job
    asked = job.chdir or job.env_set or about.output_subdir or about.verbose
    return bool(asked) or set(about.callbacks or {}) != {"sweep_folder"}


def touches(keys: Keys, others: Sequence[Keys]) -> bool:
    """Whether one of the others is the same key, or lies above or below it."""
    return any(keys[: len(o)] == o[: len(keys)] for o in others)
