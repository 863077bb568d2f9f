# The menu of the project: `make help`. Every target makes the virtual environment it needs first.

VENV ?= .venv
OUT ?= out
MODEL ?= studio-21
# Training data; the same as the program's FVAE_DATA.
DATA ?= $(or $(FVAE_DATA),../shared/data)
SAMPLES := resources/samples

# mediapipe has wheels for Python up to 3.12, the project needs 3.11: take the first that fits.
PYTHON ?= $(shell for p in python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null && echo $$p && break; done)

# PyPI's torch for Linux brings several GB of CUDA packages; where there is no NVIDIA driver, take the CPU build.
ifeq ($(shell uname -s)$(shell command -v nvidia-smi),Linux)
TORCH_INDEX ?= --retries 1 --extra-index-url https://download.pytorch.org/whl/cpu
endif

PIP := $(VENV)/bin/python -m pip --disable-pip-version-check
BIN := $(VENV)/bin
# Workers of the test run; each computes on one core (see TEST_ENV).
JOBS ?= 2
TEST_ENV := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

.DEFAULT_GOAL := help
.PHONY: help run demo test lint fmt bench soak torture screenshots guide-pictures docs translations package smoke-package \
	wheel smoke-wheel train-smoke samples sheet clean

help: ## this list
	@echo "FVAE Studio: make <target>"
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 16

$(VENV)/bin/python:
	@if [ -n "$(PYTHON)" ]; then \
	  $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	    echo "No virtual environment could be made. On Debian or Ubuntu: sudo apt install python3-venv" >&2; exit 1; }; \
	elif command -v uv >/dev/null; then uv venv --seed --python 3.12 $(VENV); \
	else echo "FVAE Studio needs Python 3.11 or 3.12, and neither is on the PATH: install one of them, or uv" \
	  "(https://docs.astral.sh/uv), which brings its own. Or name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; \
	  exit 1; fi

$(VENV)/.run-ready: pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet --editable .
	@touch $@

$(VENV)/.dev-ready: pyproject.toml $(VENV)/.run-ready
	$(PIP) install --quiet $(TORCH_INDEX) "torch==2.13.0"
	$(PIP) install --quiet --editable ".[dev]"
	@touch $@

$(VENV)/.package-ready: pyproject.toml $(VENV)/.run-ready
	$(PIP) install --quiet --editable ".[package]"
	@touch $@

run: $(VENV)/.run-ready ## open the Studio on a sample photo; without a screen, do what `make demo` does
	@if [ "$$(uname -s)" != Linux ] || [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
	  $(BIN)/fvae-studio $(SAMPLES)/group.jpg; else $(MAKE) --no-print-directory demo; fi

demo: $(VENV)/.run-ready ## edit a sample portrait and make a clip of in-betweens; says where the results are
	@mkdir -p $(OUT)/demo
	@echo "Edit: $(SAMPLES)/ada_neutral.jpg, smile=0.8"
	@$(BIN)/fvae-studio edit $(SAMPLES)/ada_neutral.jpg --set smile=0.8 -o $(OUT)/demo/ada-smiling.jpg --overwrite
	@echo "In-betweens: $(SAMPLES)/ada_neutral.jpg to ada_smile.jpg"
	@$(BIN)/fvae-studio interpolate $(SAMPLES)/ada_neutral.jpg $(SAMPLES)/ada_smile.jpg --easing ease -o $(OUT)/demo/ada.mp4 --overwrite
	@echo "The results are in $(abspath $(OUT)/demo). Your own photo: $(BIN)/fvae-studio edit PHOTO --set smile=0.8"

test: $(VENV)/.dev-ready ## the whole test suite
	$(TEST_ENV) $(BIN)/python -m pytest -n $(JOBS) $(PYTEST_ARGS)

lint: $(VENV)/.dev-ready ## formatting, style, types, allowed imports, spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/typos

fmt: $(VENV)/.dev-ready ## format and mend what can be mended by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev-ready ## six minutes for one table: start, window, edit, export, clips, batch, growth; into OUT/bench.md and bench.json
	$(BIN)/fvae-studio bench --out $(OUT) $(BENCH_ARGS)

soak: $(VENV)/.dev-ready ## 10,000 slider events, 200 photo switches, 100 undo runs: does memory stay flat
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m fvae_studio.studio_soak

torture: $(VENV)/.dev-ready ## thousands of bad files, kills at random moments, full disks, two Studios at once; prints what was lost
	$(TEST_ENV) QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.torture

screenshots: $(VENV)/.dev-ready ## play the Studio under Xvfb with mouse and keys; pictures of it, dark and light, 1x and 2x; then the guide's (needs xvfb, xdotool)
	for scale in 1 2; do for theme in dark light; do \
	  xvfb-run -a -s "-screen 0 3200x2000x24" $(BIN)/python packaging/screenshots.py --out $(OUT)/screenshots \
	    --theme $$theme --scale $$scale || exit 1; done; done
	xvfb-run -a -s "-screen 0 3200x2000x24" $(BIN)/python packaging/screenshots.py --out $(OUT)/screenshots --scene timeline
	$(MAKE) --no-print-directory guide-pictures

guide-pictures: $(VENV)/.dev-ready ## the pictures of the guide alone, into docs/screenshots (needs xvfb, xdotool)
	xvfb-run -a -s "-screen 0 1600x1000x24" $(BIN)/python packaging/screenshots.py --out docs/screenshots --scene guide

docs: $(VENV)/.dev-ready ## docs/reference anew from the program; a test tells when it is needed
	QT_QPA_PLATFORM=offscreen $(BIN)/python packaging/reference.py

# The same table functions mark texts everywhere; an English file has nothing but the plurals.
LUPDATE = $(BIN)/pyside6-lupdate -silent -extensions py -tr-function-alias QT_TRANSLATE_NOOP+=_T -no-obsolete \
	-locations none -source-language en_GB fvae_studio
TRANSLATIONS := resources/translations

translations: $(VENV)/.dev-ready ## collect the window's texts for translation and compile what is translated
	$(LUPDATE) -pluralonly -target-language en_GB -ts $(TRANSLATIONS)/studio_en.ts
	$(LUPDATE) -target-language de_DE -ts $(TRANSLATIONS)/studio_de.ts
	for language in en de; do $(BIN)/pyside6-lrelease -silent $(TRANSLATIONS)/studio_$$language.ts \
	  -qm $(TRANSLATIONS)/studio_$$language.qm; done
	@grep -c 'type="unfinished"' $(TRANSLATIONS)/*.ts | sed 's/:/: texts without a translation: /' || true

# Minutes, and no part of `make test`: docs/packaging.md.
package: $(VENV)/.package-ready ## the program as a folder that needs no Python, its archive and, on Linux, a .deb (into dist/)
	$(BIN)/python packaging/build.py $(PACKAGE_ARGS)

smoke-package: $(VENV)/.package-ready ## try that program without Python under Xvfb; compare its pictures with the source tree's
	$(BIN)/python packaging/smoke_test.py $(SMOKE_ARGS)

wheel: $(VENV)/.package-ready ## wheel and source distribution (into dist/)
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || echo 315532800) $(BIN)/python -m build --outdir dist .

smoke-wheel: $(VENV)/.package-ready ## install that wheel into an environment of its own, and try it
	$(BIN)/python packaging/smoke_wheel.py $(SMOKE_ARGS)

train-smoke: $(VENV)/.dev-ready ## the whole way from photos to released weights with the tiny model (needs the data)
	$(BIN)/fvae-train prepare --work runs/smoke --data $(DATA)
	$(BIN)/fvae-train fit-faces --work runs/smoke --data $(DATA)
	$(BIN)/fvae-train render --work runs/smoke --expressions 1
	$(BIN)/fvae-train train --work runs/smoke --config tiny --fresh
	$(BIN)/fvae-train train-mask --work runs/smoke --config tiny
	$(BIN)/fvae-train evaluate --work runs/smoke --config tiny --data $(DATA)
	$(BIN)/fvae-train release --work runs/smoke --config tiny --name smoke --out runs/smoke/release

samples: $(VENV)/.dev-ready ## make the sample portraits anew (needs the data)
	$(BIN)/fvae-train samples --data $(DATA)

sheet: $(VENV)/.dev-ready ## contact sheet of the shipped model on people kept out of training (needs the data and a run)
	$(BIN)/fvae-train sheet --data $(DATA) --model $(MODEL)

clean: ## remove the virtual environment and what was made
	rm -rf $(VENV) $(OUT) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
