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

# The first screen of a report, of the sweep that docs/report.md describes.
sweep="$place/sweep"
python -m runner -m dataset=digits topology=64-10,64-32-10,64-32-32-10 \
    optimizer.learning_rate=0.001,0.01,0.1 sweep.repeats=5 stopping.max_epochs=5 \
    hydra.sweep.dir="$sweep" >/dev/null
(cd "$place" && python -m runner.report sweep -o report.html >/dev/null)
chromium --headless --no-sandbox --hide-scrollbars --window-size=1100,900 --virtual-time-budget=3000 \
    --screenshot="$docs/report.png" "file://$place/report.html" 2>/dev/null
