# Teejuht. `make run` starts the bot, `make test` runs everything; both install what they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SYNAPSE := .synapse
LOCALES := $(wildcard locales/*/LC_MESSAGES/teejuht.po)
CATALOGS := $(LOCALES:.po=.mo)

.PHONY: run test check-code install install-tests install-forms catalogs messages lock clean

run: install ## start the bot with its web page on http://127.0.0.1:8080
	$(BIN)/teejuht serve

test: install-tests ## run every check and test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/teejuht check
	$(BIN)/pytest --numprocesses auto --dist loadfile --cov --cov-report=
	$(BIN)/coverage report --include='bot/groups/*' --fail-under=100
	$(BIN)/coverage report --include='bot/core/*,bot/search/*' --fail-under=95
	$(BIN)/coverage report --fail-under=90

install: $(VENV)/.installed catalogs ## create .venv with everything for running

install-tests: $(VENV)/.installed-tests $(SYNAPSE)/.installed catalogs ## the same with everything that tests need

install-forms: $(VENV)/.installed ## the generators for `teejuht forms`
	$(BIN)/pip install --quiet --no-deps --require-hashes -r requirements-forms.lock

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Teejuht needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.installed-tests: requirements-test.lock requirements-forms.lock tests/package-lock.json $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-forms.lock
	cd tests && npm ci --silent
	sh tests/install-programs.sh
	touch $@

$(SYNAPSE)/.installed: requirements-synapse.lock
	test -x $(SYNAPSE)/bin/python || $(PYTHON) -m venv $(SYNAPSE)
	$(SYNAPSE)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-synapse.lock
	touch $@

catalogs: $(CATALOGS)

%.mo: %.po $(VENV)/.installed
	$(BIN)/pybabel --quiet compile --input-file $< --output-file $@

messages: install ## write the template of all sentences for translators
	$(BIN)/pybabel --quiet extract --keyword N_ --add-comments Translators: --no-location --sort-output --omit-header --output-file locales/teejuht.pot bot

lock: ## renew the lock files (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate pyproject.toml --group build --output-file requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate pyproject.toml --group build --group test --constraint requirements.lock --output-file requirements-test.lock
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --group pyproject.toml:synapse --output-file requirements-synapse.lock
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-deps --constraint requirements-test.lock --group pyproject.toml:forms --output-file requirements-forms.lock

clean:
	rm -rf $(VENV) $(SYNAPSE) tests/node_modules $(CATALOGS)
