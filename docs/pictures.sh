#!/usr/bin/env bash
# Draws the example of each picture of a run that docs/ shows: bash docs/pictures.sh
set -euo pipefail
docs=$(cd "$(dirname "$0")" && pwd)
place=$(mktemp -d)
trap 'rm -r "$place"' EXIT

# draw "DATASET OVERRIDE …" PICTURE …: a run on the data set, and which of its pictures are kept,
# in 256 colours.
draw() {
    local run="$place/${1//[^a-z0-9]/_}" overrides
    read -ra overrides <<<"dataset=$1"
    python -m runner "${overrides[@]}" recording.plots=true hydra.run.dir="$run" >/dev/null
    for picture in "${@:2}"; do
        python -c "import sys; from PIL import Image
Image.open(sys.argv[1]).quantize(256).save(sys.argv[2], optimize=True)" \
            "$run/plots/$picture.png" "$docs/$picture.png"
    done
}

draw eight_samples learning_curve network weights
draw spirals decision_surface
draw "moons topology=2-6-6-1 optimizer.learning_rate=2" units
draw sine fit
draw digits first_layer confusion_matrix worst_mistakes straight_line
draw "digits dataset.first=300 stopping.max_epochs=60" calibration
draw "spirals recording.layer_statistics=true" layer_statistics
draw "digits topology=in-8C3p1-MP2-16C3-out" maps
draw addition_sequences states

python -m runner dataset=xor hydra.run.dir="$place/xor" >/dev/null
python -m runner.replay "$place/xor" --gif "$docs/replay.gif"

# The page of docs/tutorial/xor.md, at step 296.
python -m runner dataset=xor topology=2-3-1 seed=2 hydra.run.dir="$place/xor3" >/dev/null
python -m runner.replay "$place/xor3" -o "$place/xor.html"
chromium --headless --no-sandbox --hide-scrollbars --window-size=1280,900 --virtual-time-budget=4000 \
    --screenshot="$place/xor.png" "file://$place/xor.html#300" 2>/dev/null
python -c "import sys; from PIL import Image
Image.open(sys.argv[1]).convert('RGB').quantize(128).save(sys.argv[2], optimize=True)" \
    "$place/xor.png" "$docs/tutorial/xor.png"
PYTHONPATH="$docs/.." python "$docs/watch_picture.py"
