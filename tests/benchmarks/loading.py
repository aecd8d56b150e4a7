"""What loading and training cost: `python tests/benchmarks/loading.py [MNIST-FOLDER]`.

Each measurement is a process of its own, so that its peak memory is its own; five rounds, the
median of each. Prints a table.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]

PREPARE = {
    "big.csv": """
import numpy as np
generator = np.random.default_rng(1)
with open(path, "w") as file:
    file.write(",".join(f"x{i}" for i in range(29)) + ",y\\n")
    for _ in range(100):
        rows = generator.standard_normal((10_000, 29))
        labels = generator.integers(0, 2, (10_000, 1))
        np.savetxt(file, np.hstack([rows, labels]), "%.6f," * 29 + "%d")
""",
    "big.npy": """
import numpy as np
matrix = np.lib.format.open_memmap(path, "w+", np.float32, (2_000_000, 257))
generator = np.random.default_rng(1)
for start in range(0, len(matrix), 50_000):
    matrix[start : start + 50_000] = generator.random((50_000, 257), np.float32)
""",
}
MEASURED = {
    "CSV of 10^6 x 30: pandas.read_csv": ("big.csv", "import pandas; pandas.read_csv(path)"),
    "CSV of 10^6 x 30: runner": (
        "big.csv",
        """
from runner.data.own_tables import CsvOptions, load_csv
load_csv(CsvOptions(path, ("y",)))
""",
    ),
    "npy of 2.1 GB, standardised: runner": (
        "big.npy",
        """
from runner.data.own_tables import CsvOptions, load_csv
from runner.data.preparing import prepare
from runner.data.splits import Split
dataset = prepare(load_csv(CsvOptions(path, ("257",), scale="standardise")), Split(test=0.1))
""",
    ),
    "60,000 digits distorted once": (
        None,
        """
import numpy as np
from runner.data.distortions import Distortion, distort
images = np.random.default_rng(1).random((60_000, 784), np.float32)
generator = np.random.Generator(np.random.MT19937(1))
distortion = Distortion(alpha=34, rotation=15, scaling=0.15)
for start in range(0, 60_000, 100):
    distort(images[start : start + 100], (1, 28, 28), distortion, generator)
""",
    ),
}


def measure(code: str, path: Path) -> tuple[float, float]:
    """Seconds of the code and peak megabytes of its process."""
    timed = (
        f"import resource, time\npath = {str(path)!r}\nstarted = time.perf_counter()\n{code}\n"
        "print(time.perf_counter() - started,"
        " resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    out = subprocess.run(
        [sys.executable, "-c", timed], cwd=CHECKOUT, check=True, capture_output=True, text=True
    ).stdout.split()
    return float(out[-2]), float(out[-1])


def train_mnist(folder: str, workplace: Path) -> tuple[float, float]:
    """Seconds and peak megabytes of a whole run of three epochs on MNIST."""
    started = time.perf_counter()
    subprocess.run(
        [
            *(sys.executable, "-m", "runner", "dataset=mnist", f"dataset.root={folder}"),
            *("stopping.max_epochs=3", f"hydra.run.dir={workplace}/run"),
        ],
        cwd=CHECKOUT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    seconds = time.perf_counter() - started
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main() -> None:
    """Measures everything and prints a table."""
    with tempfile.TemporaryDirectory() as folder:
        if len(sys.argv) > 1:  # first: the children's peak is that of the largest so far
            seconds, megabytes = train_mnist(sys.argv[1], Path(folder))
            print(f"{'MNIST, 3 epochs, whole run':<40} {seconds:8.2f} s {megabytes:8.0f} MB")
        for file, code in PREPARE.items():
            measure(code, Path(folder) / file)
        for what, (name, code) in MEASURED.items():
            rounds = [measure(code, Path(folder) / (name or "")) for _ in range(5)]
            seconds, megabytes = (statistics.median(column) for column in zip(*rounds, strict=True))
            print(f"{what:<40} {seconds:8.2f} s {megabytes:8.0f} MB", flush=True)


if __name__ == "__main__":
    main()
