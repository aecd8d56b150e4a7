#!/usr/bin/env bash
# Draws the example of each picture of a run that docs/ shows: bash docs/pictures.sh
set -euo pipefail
docs=$(cd "$(dirname "$0")" && pwd)
place=$(mktemp -d)
trap 'rm -r "$place"' EXIT

# draw "DATASET OVERRIDE …" PICTURE …: a run on the data set, and which of its pictures are kept.
draw() {
    local run="$place/${1//[^a-z0-9]/_}" overrides
    read -ra overrides <<<"dataset=$1"
    python -m runner "${overrides[@]}" recording.plots=true hydra.run.dir="$run" >/dev/null
    for picture in "${@:2}"; do
        cp "$run/plots/$picture.png" "$docs/$picture.png"
    done
}

draw eight_samples learning_curve network weights
draw spirals decision_surface
draw sine fit
draw digits first_layer confusion_matrix worst_mistakes
draw "digits topology=in-8C3p1-MP2-16C3-out" maps
draw addition_sequences states
PYTHONPATH="$docs/.." python "$docs/watch_picture.py"
