# Every target sets up what it needs in .venv, from the pinned versions in requirements.lock.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
OLDEST := .venv-oldest/bin
OLDEST_KERAS := .venv-keras/bin
OTTER := .venv-otter/bin

.PHONY: demo test quick docs shakespeare browser chromium lint format release examples course selftest redteam kernels messages sentences fuzz bench gradescope lock clean

demo: $(READY)  ## grade the example class in a scratch course
	$(BIN)/autograder demo

test: lint  ## everything that CI runs
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest --numprocesses auto --dist loadfile
	$(BIN)/autograder selftest dinosaur-island --unseen 10
	$(BIN)/autograder selftest shakespeare --unseen 10

quick: lint  ## lint, types, and the tests that take no time: two minutes
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest --numprocesses auto --dist loadfile -m "not browser and not heavy and not slow"

docs: $(READY)  ## the documentation as a website: build/site/index.html
	$(BIN)/sphinx-build --quiet --fresh-env --fail-on-warning --keep-going --conf-dir docs . build/site
	ln -sf README.html build/site/index.html

browser: $(READY) chromium  ## feedback, class report, JupyterLab and Formgrader in a real browser
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -m browser

shakespeare: $(READY) $(OLDEST_KERAS)  ## the Shakespeare part with the oldest Keras that is allowed, on PyTorch
	KERAS_BACKEND=torch $(OLDEST_KERAS)/python -m pytest --noconftest -W ignore::DeprecationWarning \
		-m "not notebook" tests/test_shakespeare.py
	$(OLDEST_KERAS)/python -m pytest --noconftest -m heavy -k torch tests/test_preload.py
	$(BIN)/python -m pytest -m heavy tests/test_preload.py

chromium:  ## installs it where it is missing
	(command -v chromium && command -v chromedriver) > /dev/null || \
		(apt-get update --quiet && apt-get install --quiet --yes chromium chromium-driver)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

release: $(READY)  ## the students' folder, from the source notebook
	for name in dinosaur-island shakespeare; do \
		$(BIN)/autograder translate $$name-zh-hant || exit 1; \
		for release in $$name $$name-zh-hant; do \
			$(BIN)/nbgrader generate_assignment $$release --force || exit 1; done; done

examples: release  ## the example class, from the source notebook
	$(BIN)/python examples/build.py

course: $(READY)  ## write and grade one of examples/courses/, as in `make course NAME=tables`
	$(BIN)/python -m examples.course $(NAME)

selftest: $(READY) $(OLDEST)  ## known answers, right and wrong, on all kernels and on the oldest and newest NumPy
	$(BIN)/python benchmarks/verdicts.py $(BIN) $(OLDEST)

redteam: $(READY) chromium  ## all attacks on our grader and on nbgrader's own execution: an hour, as root
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -m heavy tests/redteam tests/test_older_kernels.py
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m benchmarks.redteam

kernels: $(READY)  ## the sandbox on real kernels from 5.10 on, in QEMU: an hour, as root
	nice -n 19 $(BIN)/python -m benchmarks.kernels $(ONLY)

messages: $(READY)  ## what is to be translated, and the translations brought up to date with it
	$(BIN)/python -m benchmarks.catalogues

sentences: $(READY)  ## every message that can be printed, with invented values, to be read
	$(BIN)/python -m benchmarks.messages

fuzz: $(READY)  ## five minutes of coverage-guided fuzzing for each parser of hostile bytes
	$(BIN)/pip install --quiet atheris==3.0.0
	for target in frames notebooks structures; do \
		$(BIN)/python -m tests.fuzz.targets $$target -max_total_time=300 || exit 1; done

bench: $(READY) $(OTTER)  ## training, the start of a worker, grading beside nbgrader and Otter, growth: about three hours
	$(BIN)/python benchmarks/training.py
	$(BIN)/python -m benchmarks.start
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m benchmarks.grading $(OTTER)/otter
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m benchmarks.scale
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m benchmarks.cohort

$(OTTER):
	$(PYTHON) -m venv .venv-otter
	$(OTTER)/pip install --quiet "otter-grader==7.0.0" numpy matplotlib tqdm ipykernel

gradescope: $(READY)  ## build/gradescope.zip, to upload as an assignment's autograder
	mkdir -p build
	$(BIN)/python -m zipfile --create build/gradescope.zip gradescope/setup.sh gradescope/run_autograder autograder source \
		release utils datasets nbgrader_config.py pyproject.toml README.md requirements-grading.lock

lock:  ## requirements.lock anew, from pyproject.toml
	$(PYTHON) -m venv .venv-lock && .venv-lock/bin/pip install --quiet uv
	.venv-lock/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
		--python-version 3.11 --extra dev pyproject.toml --output-file requirements.lock
	.venv-lock/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
		--python-version 3.11 --constraint requirements.lock pyproject.toml --output-file requirements-grading.lock

$(OLDEST): requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv-oldest
	$(OLDEST)/pip install --quiet --require-hashes --requirement requirements.lock
	$(OLDEST)/pip install --quiet "numpy==1.26.*"
	$(OLDEST)/pip install --quiet --no-deps --no-build-isolation --editable .

$(OLDEST_KERAS): pyproject.toml
	$(PYTHON) -m venv .venv-keras
	$(OLDEST_KERAS)/pip install --quiet torch==2.13.0 keras==3.12.0 packaging pytest tqdm

clean:
	rm -rf .venv .venv-keras .venv-otter .venv-lock .venv-oldest build *.egg-info

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(READY)
