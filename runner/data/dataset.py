"""A data set in memory, and where each kind comes from."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from runner.network.topology import Array


@dataclass(frozen=True)
class Dataset:
    """Inputs and targets with their names; one row a sample."""

    inputs: Array
    """[samples, n_in], float64"""
    targets: Array
    """[samples, n_out], float64"""
    input_names: tuple[str, ...]
    target_names: tuple[str, ...]

    @property
    def checksum(self) -> str:
        """SHA-256 of shapes and values: two runs on different data are never taken for one."""
        digest = hashlib.sha256(repr((self.inputs.shape, self.targets.shape)).encode())
        digest.update(np.ascontiguousarray(self.inputs).data)
        digest.update(np.ascontiguousarray(self.targets).data)
        return digest.hexdigest()


def numbered(inputs: Array, targets: Array) -> Dataset:
    """A data set whose columns are named 1, 2, …"""
    return Dataset(
        inputs,
        targets,
        tuple(str(i + 1) for i in range(inputs.shape[1])),
        tuple(str(i + 1) for i in range(targets.shape[1])),
    )


Loader = Callable[..., Dataset]
