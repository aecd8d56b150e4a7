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

# page FILE WIDTH PICTURE [HEIGHT]: how a browser shows a page, in 128 colours, rare ones among them.
page() {
    chromium --headless --no-sandbox --hide-scrollbars --window-size="$2,${4:-900}" --virtual-time-budget=4000 \
        --screenshot="$place/page.png" "file://$1" 2>/dev/null
    python -c "import sys; from PIL import Image
Image.open(sys.argv[1]).convert('RGB').quantize(128, Image.Quantize.FASTOCTREE).save(sys.argv[2], optimize=True)" \
        "$place/page.png" "$3"
}

# The replay of docs/tutorial/xor.md, at step 296.
python -m runner dataset=xor topology=2-3-1 seed=2 hydra.run.dir="$place/xor3" >/dev/null
python -m runner.replay "$place/xor3" -o "$place/xor.html"
page "$place/xor.html#296" 1280 "$docs/tutorial/xor.png"

# The first screen of a report, of the sweep that docs/report.md describes.
python -m runner -m dataset=digits topology=64-10,64-32-10,64-32-32-10 \
    optimizer.learning_rate=0.001,0.01,0.1 sweep.repeats=5 stopping.max_epochs=5 \
    hydra.sweep.dir="$place/sweep" >/dev/null
(cd "$place" && python -m runner.report sweep -o report.html >/dev/null)
page "$place/report.html" 1100 "$docs/report.png" 850

PYTHONPATH="$docs/.." python "$docs/watch_picture.py"
