"""An estimator takes pieces of one's own along, where it is sent and where it is unpickled."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.commands import CHECKOUT, ENVIRONMENT

pytest.importorskip("sklearn")

OWN = """
import numpy as np
import runner

@runner.activation(slope=lambda z, a: 1 / (1 + np.abs(z)) ** 2)
def softsign(z):
    return z / (1 + np.abs(z))
"""
SEARCH = """
import pickle
import own
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from runner.sklearn import NetworkClassifier

net, data = NetworkClassifier("in-4-out", max_epochs=2), load_iris(return_X_y=True)
hidden = [{"network.activation.hidden": name} for name in ("softsign", "tanh")]
search = GridSearchCV(net, {"settings": hidden}, n_jobs=2, error_score="raise")
search.fit(*data)
named = NetworkClassifier("in-4-out", max_epochs=2, settings=hidden[0]).fit(*data)
pickle.dump([net], open("unnamed", "wb"))
pickle.dump([named], open("named", "wb"))
"""


def test_pieces_of_ones_own_go_where_an_estimator_goes(tmp_path: Path) -> None:
    path = f"{CHECKOUT}{os.pathsep}{tmp_path}"

    def python(text: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", text],
            cwd=tmp_path,
            env={**ENVIRONMENT, "PYTHONPATH": path, "PYTHONWARNINGS": "default"},
            capture_output=True,
            text=True,
            check=False,
        )

    (tmp_path / "own.py").write_text(OWN)
    found = python(SEARCH)
    assert found.returncode == 0, found.stderr
    read = "import pickle; pickle.load(open('{}', 'rb'))"
    assert python(read.format("named")).returncode == 0
    (tmp_path / "own.py").rename(tmp_path / "away.py")
    assert python(read.format("unnamed")).returncode == 0  # for it asks for none of them
    away = "the activation 'softsign' is not here: it came from the module own, which cannot be"
    assert away in python(read.format("named")).stderr
