#!/usr/bin/env bash
# Draws the example of each picture of a run that docs/ shows: bash docs/pictures.sh
set -euo pipefail
docs=$(cd "$(dirname "$0")" && pwd)
place=$(mktemp -d)
trap 'rm -r "$place"' EXIT

# draw DATASET PICTURE …: a run on the data set, and which of its pictures are kept.
draw() {
    python -m runner dataset="$1" recording.plots=true hydra.run.dir="$place/$1" >/dev/null
    for picture in "${@:2}"; do
        cp "$place/$1/plots/$picture.png" "$docs/$picture.png"
    done
}

draw eight_samples learning_curve network weights
draw spirals decision_surface
draw sine fit
draw digits first_layer confusion_matrix worst_mistakes
