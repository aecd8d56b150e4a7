"""The runs that faults are tried on: small, and between them all that a state can hold."""

SMALL = ("stopping.target=null", "recording.plots=false")
CASES = {
    "full batch": (*SMALL, "stopping.max_steps=40", "recording.snapshots.epochs=10"),
    "mini-batches": (
        *SMALL,
        "batch_size=3",
        "stopping.max_epochs=12",
        "recording.snapshots.epochs=3",
        "network.dropout.stage=forward",
        "optimizer=adam",
    ),
    "early stopping": (
        *SMALL,
        "dataset=moons",
        "dataset.samples=60",
        "dataset.validation=0.3",
        "engine=numpy",
        "stopping.max_epochs=9",
        "stopping.metric=val_loss",
        "stopping.patience=4",
        "stopping.restore_best=true",
        "recording.snapshots.epochs=2",
    ),
}
TEXTS = {"config": "topology: 3-4-1\n", "hydra": "hydra: {}\n", "overrides": "[]\n"}
DOCUMENTS = {f".hydra/{name}.yaml": text for name, text in TEXTS.items()}
"""What stands for Hydra's own words of a run."""
