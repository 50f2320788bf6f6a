#!/usr/bin/env bash
# Gradescope runs this once, when the image is built: the pinned packages, and the seed of this course's random inputs.
set -euo pipefail
cd "${AUTOGRADER:-/autograder}/source"
python=$(command -v python3.13 || command -v python3.12 || command -v python3.11 || true)
if [ -z "$python" ]; then
    apt-get update --quiet
    apt-get install --quiet --yes python3.11 python3.11-venv
    python=python3.11
fi
"$python" -m venv venv
venv/bin/pip install --quiet --require-hashes --requirement requirements-grading.lock
venv/bin/pip install --quiet --no-deps --no-build-isolation --editable .
od --address-radix=n --read-bytes=4 --format=u4 /dev/urandom | tr --delete ' ' > seed
