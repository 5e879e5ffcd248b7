# Two commands to know: `make serve` and `make test`. Nothing to install first but Python 3.11 or newer, and make.

PYTHON := .venv/bin/python
# A server named by DATABASE_URL needs no PostgreSQL of ours.
LISTS := runtime $(if $(DATABASE_URL)$(DATABASE_URL_FILE),,embedded)

.PHONY: serve test check bench train translations lock clean

# The site on http://127.0.0.1:8000/, with everything it needs. HOST and PORT change the address.
serve: export ECLAIRCIE_DEMO ?= 1
serve:
	@STEP="1/6 " sh requirements/install.sh $(LISTS) $(if $(filter 0,$(ECLAIRCIE_DEMO)),,demo)
	@STEP="2/6 " sh requirements/bundles.sh --optional
	@$(PYTHON) manage.py serve --with-parent

# The whole suite, on a real PostgreSQL and in a real browser. ARGS goes to pytest: make test ARGS="-k routing".
# Three processes for two processors: some tests wait, for a mail or for a process that ends. Who has done all of theirs
# takes tests from the others: those with a browser stand side by side and last the longest. Some tests are about our own
# PostgreSQL, whatever server the others run on.
test:
	@sh requirements/install.sh runtime embedded dev
	@sh requirements/bundles.sh
	@sh requirements/browser.sh
	@$(PYTHON) -m pytest -n 3 --dist worksteal $(ARGS)

# Everything that must hold of the files themselves.
check:
	@sh requirements/install.sh $(LISTS) dev
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	$(PYTHON) .venv/bin/lint-imports
	find templates -name '*.html' -exec .venv/bin/djade --check --target-version 5.2 {} +
	$(PYTHON) -m djlint --lint --quiet templates
	$(PYTHON) manage.py makemigrations --check --dry-run
	$(PYTHON) manage.py translations --check
	ECLAIRCIE_PUBLIC_URL=https://example.org ECLAIRCIE_ALLOWED_HOSTS=example.org \
		$(PYTHON) manage.py check --deploy --fail-level WARNING
	@$(PYTHON) -m pip_audit --requirement requirements/runtime.txt --disable-pip --require-hashes --strict || \
		{ echo "Audit des dépendances : un défaut connu, ou le service d’avis ne répond pas (voir la ligne au-dessus)."; exit 1; }

# How fast the site answers, printed as a table.
bench:
	@sh requirements/install.sh $(LISTS) dev
	@sh requirements/bundles.sh
	@$(PYTHON) -m bench $(ARGS)

# Teach search anew: what phrases mean, then which services answer them.
train:
	@sh requirements/install.sh $(LISTS) training
	@$(PYTHON) manage.py train_intent
	@$(PYTHON) manage.py migrate --verbosity 0
	@$(PYTHON) manage.py load_communes
	@$(PYTHON) manage.py load_directory resources/data/services_idf.csv
	@$(PYTHON) manage.py reindex
	@$(PYTHON) manage.py train_ranking

# Bring locale/ in step with the sentences in the code.
translations:
	@sh requirements/install.sh $(LISTS) dev
	$(PYTHON) manage.py translations

# Choose newer versions of everything, within pyproject.toml (needs uv) and frontend/package.json (needs npm).
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --quiet --upgrade \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
lock:
	$(LOCK) pyproject.toml -o requirements/runtime.txt
	$(LOCK) --group embedded -c requirements/runtime.txt -o requirements/embedded.txt
	$(LOCK) --group demo -c requirements/runtime.txt -o requirements/demo.txt
	$(LOCK) --group node -c requirements/runtime.txt -o requirements/node.txt
	$(LOCK) --group training -c requirements/runtime.txt -o requirements/training.txt
	cd frontend && npm update --package-lock-only --ignore-scripts
	$(LOCK) pyproject.toml --group dev --group demo -c requirements/runtime.txt -c requirements/embedded.txt -o requirements/dev.txt

# Forget everything that was installed or stored here.
clean:
	rm -rf .venv var frontend/node_modules frontend/generated frontend/dist
