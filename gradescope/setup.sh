#!/usr/bin/env bash
# Gradescope runs this once, when the image is built: the pinned packages, and the seed of this course's random inputs.
set -euo pipefail
cd "${AUTOGRADER:-/autograder}/source"
for python in python3.11 python3.12 python3.13 none; do
    if "$python" -m venv --help > /dev/null 2>&1; then break; fi
done
if [ "$python" = none ]; then
    apt-get update --quiet
    apt-get install --quiet --yes python3.11 python3.11-venv
    python=python3.11
fi
"$python" -m venv venv
venv/bin/pip install --quiet --require-hashes --requirement requirements-grading.lock
venv/bin/pip install --quiet --no-deps --no-build-isolation --editable .
od --address-radix=n --read-bytes=8 --format=u8 /dev/urandom | tr --delete ' ' > seed
