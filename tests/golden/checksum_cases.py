"""The runs whose checksums are kept: short, and together all that decides a byte of a run.

What is made up for them lies in the current folder, see `make_tables`.
"""

from pathlib import Path

from runner.network.activations import ELEMENTWISE
from runner.network.initializers import INITIALIZERS
from runner.network.losses import LOSSES
from runner.training.optimizers import OPTIMIZERS

SPARSE = (
    "dataset=csv dataset.path=sparse.csv dataset.target=kind dataset.scale=none loss=squared_error"
)
LARGE = "dataset=moons dataset.samples=1400 dataset.test=null topology=2-24-2 batch_size=600"
DTYPES = ("float64", "float32")
ROWS = "dataset=digits topology=64-24-12-10 stopping.max_epochs=2"
COLUMNS = "dataset=spirals dataset.samples=120 topology=2-8-5-2 stopping.max_epochs=8"
WAVES = "dataset=sine dataset.samples=90 topology=1-12-1 stopping.max_epochs=8"
MAPS = "dataset=digits stopping.max_epochs=1"
SUMS = "dataset=addition_sequences dataset.bits=4 batch_size=10 stopping.max_epochs=2"
TABLE = "dataset=csv dataset.path=table.csv stopping.max_epochs=8"

SCHEDULES = (
    "cosine",
    "exponential",
    "one_cycle",
    "plateau schedule.patience=1 stopping.metric=val_loss dataset.validation=0.2",
    "step schedule.every=2",
    "warmup schedule.rise=3",
)
DATA = (
    *("and", "binary_addition", "eight_samples", "eleven_lines", "majority", "multiplexer", "nand"),
    *("or", "parity", "xor", "xor_constant"),
)
POINTS = ("blobs", "checkerboard", "circles", "moons", "sine", "spirals")
DISTORTIONS = (
    *("alpha=8", "rotation=20", "scaling=0.2", "shear=0.3", "shift=1.5"),
    "mirror=true",
    "alpha=3 dataset.distortion.sigma=1 dataset.distortion.rotation=10",
)


def cases() -> list[str]:
    """The overrides of each run."""
    return [
        "stopping.max_steps=3000",
        "seed=7 topology=3-8-8-1 network.dropout.rate=0.2 stopping.max_steps=2000",
        *kinds_of_layers(),
        *ways_down(),
        *data(),
        *presets(),
    ]


def kinds_of_layers() -> list[str]:
    """Activations, starting weights, losses, normalisation and dropout, in both layouts."""
    nets = [f"{net} dtype={dtype}" for net in (ROWS, COLUMNS) for dtype in DTYPES]
    return [
        *(f"{net} network.activation.hidden={name}" for net in nets for name in ELEMENTWISE),
        *(f"{net} network.batch_norm=true" for net in nets),
        *(f"{net} network.batch_norm=true batch_size=32" for net in nets),
        *(f"{net} network.dropout.rate=0.3" for net in nets),
        f"{ROWS} network.dropout.rate=0.3 network.dropout.stage=backward",
        f"{ROWS} network.bias=false",
        *(f"{COLUMNS} network.initializer.name={name}" for name in INITIALIZERS),
        f"{COLUMNS} network.initializer.bias=normal",
        f"{ROWS} network.initializer.name=orthogonal",
        f"{ROWS} network.initializer.name=he_normal topology=64-120-70-10",
        *(f"{net} loss={loss} network.activation.output=auto" for net in nets for loss in LOSSES),
        f"{ROWS} topology=64-2100-10 stopping.max_epochs=1 batch_size=100",
        f"{ROWS} topology=64-200-100-10 stopping.max_epochs=1 batch_size=100 optimizer=sgd",
        f"{ROWS} topology=64-200-10 stopping.max_epochs=1 batch_size=100 dtype=float64",
        *first_layers(),
        *layers_of_maps(),
        *recurrent_layers(),
    ]


def layers_of_maps() -> list[str]:
    """Convolutions and poolings, as rows of maps are whole vectors or not, normalised, dropped."""
    nets = [f"{MAPS} dtype={dtype}" for dtype in DTYPES]
    return [
        *(f"{net} topology=in-6C3-MP2-12-out batch_size=32" for net in nets),
        *(f"{net} topology=in-5C3s2p1-3C2-out batch_size=10" for net in nets),
        *(f"{net} topology=in-4C3p1-AP3s1-7C1-GAP-out network.batch_norm=true" for net in nets),
        f"{MAPS} topology=in-6C3p1-MP2-6C3p2-12-out network.dropout.rate=[0.1,0,0.2,0.4]",
        f"{MAPS} topology=in-6C3-MP3s1-12-out network.dropout.rate=0.2 "
        "network.dropout.stage=backward dtype=float64",
        f"{MAPS} topology=in-4C3-out network.activation.hidden=tanh optimizer=sgd batch_size=null",
    ]


def recurrent_layers() -> list[str]:
    """States of every kind: the last, or every step's; one on top of another; a target a step."""
    kinds = ("RNN", "LSTM", "GRU")
    return [
        *(f"{SUMS} topology=in-6{kind}-out dtype={d}" for kind in kinds for d in DTYPES),
        *(f"{MAPS} topology=8x8-7{kind}-out" for kind in kinds),
        f"{SUMS} topology=in-5LSTM-4GRU-6-out network.dropout.rate=0.1",
        f"{MAPS} topology=8x8-5GRU-4RNN-out network.batch_norm=true dtype=float64",
        f"{SUMS} dataset.samples=50 topology=in-9RNN-out batch_size=1 network.bias=false",
        "dataset=text topology=in-10LSTM-out stopping.max_steps=6 batch_size=20",
    ]


def first_layers() -> list[str]:
    """Inputs that are mostly 0, read as lists by sample and by input; batches in blocks."""
    nets = [
        f"{SPARSE} topology=in-24-out batch_size=32",
        f"{SPARSE} topology=in-2200-out batch_size=64",
    ]
    both = [f"optimizer={name} dtype={d}" for name in ("sgd", "adam") for d in DTYPES]
    return [
        *(f"{net} {how} stopping.max_epochs=2" for net in nets for how in both),
        *(f"{LARGE} {how} stopping.max_epochs=4" for how in both),
    ]


def ways_down() -> list[str]:
    """Optimizers, schedules, penalties and criteria."""
    return [
        *(
            f"{WAVES} batch_size=null optimizer={name} dtype={d}"
            for name in OPTIMIZERS
            for d in DTYPES
        ),
        *(f"{ROWS} optimizer={name}" for name in OPTIMIZERS if name != "rprop"),
        *(f"{COLUMNS} schedule={schedule}" for schedule in SCHEDULES),
        f"{COLUMNS} schedule=cosine batch_size=null stopping.max_epochs=70000 optimizer=adam",
        f"{ROWS} regularization.l1=1e-4 regularization.l2=1e-3",
        f"{ROWS} regularization.clip_value=0.01 regularization.clip_norm=0.1",
        f"{ROWS} regularization.max_norm=1",
        f"{COLUMNS} regularization.l2=0.01 regularization.max_norm=1 regularization.clip_norm=1",
        f"{COLUMNS} dataset.validation=0.2 stopping.metric=val_accuracy stopping.patience=2 "
        "stopping.restore_best=true",
        f"{COLUMNS} recording.layer_statistics=true",
        f"{ROWS} recording.layer_statistics=true",
    ]


def data() -> list[str]:
    """Made-up data, images, tables, their scales, and what distorts them."""
    return [
        *(f"dataset={name} stopping.max_epochs=40 stopping.target=null" for name in DATA),
        *(f"dataset={name} stopping.max_epochs=2" for name in POINTS),
        f"{COLUMNS} dataset.classes=5 dataset.turns=3.3 topology=2-9-5",
        f"{COLUMNS} dataset.folds=4 dataset.fold=2",
        *(f"{ROWS} dataset.scale={scale}" for scale in ("none", "standardise")),
        *(f"{ROWS} dataset.distortion.{distortion}" for distortion in DISTORTIONS),
        *(f"{TABLE} dataset.target=y dataset.missing={fill}" for fill in ("mean", "median")),
        f"{TABLE} dataset.target=y dataset.missing=most_frequent dataset.scale=minmax",
        f"{TABLE} dataset.target=[x,y] dataset.missing=mean dataset.scale_targets=minmax",
        f"{TABLE} dataset.target=kind dataset.missing=mean dtype=float32 loss=squared_error",
        f"{ROWS} dataset.class_weight=balanced",
        f"{COLUMNS} dataset.class_weight={{1:2.5}}",
        f"{MAPS} topology=8x8-7GRU-out dataset.class_weight={{3:5,4:0}} dataset.shuffle=false",
    ]


def presets() -> list[str]:
    """Experiments; those of image sets that are loaded with the digits here."""
    digits = "dataset=digits dataset.test=0.3 stopping.max_epochs=1"
    return [
        "experiment=eleven_lines stopping.max_steps=500",
        "experiment=eleven_lines_xor stopping.max_steps=500",
        "experiment=learning_rates optimizer.learning_rate=100 stopping.max_steps=500",
        "experiment=sample_run stopping.max_steps=5000",
        "experiment=rate_finder dataset=moons dataset.samples=100 stopping.max_steps=60",
        f"experiment=simard_800 {digits} topology=64-80-10",
        f"experiment=mnist_best {digits} topology=64-80-10",
        f"experiment=three_blue_one_brown {digits} topology=64-16-16-10",
        f"experiment=nielsen_depth {digits} topology=64-30-30-10 dataset.validation=200",
    ]


def make_tables(folder: Path) -> None:
    """table.csv: two numbers, one of them sometimes missing, a category and a number to predict.

    sparse.csv: sixty numbers, four of five 0, and a category.
    """
    names = [f"n{column}" for column in range(60)]
    lines = [",".join([*names, "kind"])]
    for k in range(200):
        cells = [
            str((k * 7 + c * 13) % 11 / 8) if (k * 31 + c * 17) % 5 == 0 else "0" for c in range(60)
        ]
        lines.append(",".join([*cells, "ab"[k % 2]]))
    (folder / "sparse.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = ["x,z,kind,y"]
    for k in range(150):
        x, z = (k * 37 % 101) / 7, "" if k % 11 == 3 else f"{(k * 53 % 97) * 1e3 + 0.1:.17g}"
        rows.append(f"{x!r},{z},{'abc'[k % 3]},{x * 0.3 - (k % 3) * 1.7!r}")
    (folder / "table.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
