#!/usr/bin/env bash
# Gradescope runs this once, when the image is built: the pinned packages, and the seed of this course's random inputs.
set -euo pipefail
cd "${AUTOGRADER:-/autograder}/source"
usable() { "$1" -c "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))" > /dev/null 2>&1; }
find_python() {
    for python in python3 python3.14 python3.13 python3.12 python3.11; do
        if usable "$python"; then return; fi
    done
    return 1
}
if ! find_python; then # Debian's and Ubuntu's python3 comes without ensurepip
    apt-get update --quiet
    apt-get install --quiet --yes python3-venv
    if ! find_python; then
        apt-get install --quiet --yes python3.11 python3.11-venv
        find_python
    fi
fi
"$python" -m venv venv
venv/bin/pip install --quiet --require-hashes --requirement requirements-grading.lock
venv/bin/pip install --quiet --no-deps --no-build-isolation --editable .
od --address-radix=n --read-bytes=8 --format=u8 /dev/urandom | tr --delete ' ' > seed
