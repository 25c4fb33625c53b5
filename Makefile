# Short names for people who have make. Everything here also works without it.
.PHONY: help run test lint types unit format locks messages reference pictures weights clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST)

run:  ## set up and serve
	./wismo

test:  ## check everything
	./wismo test

lint types unit:  ## one part of the checks
	./wismo test $@

format:  ## put the code in order
	.venv/bin/python -m ruff check --fix-only .
	.venv/bin/python -m ruff format .

locks:  ## pin what pyproject.toml asks for (needs uv)
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-header pyproject.toml -o requirements.lock
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-header pyproject.toml --group dev -o requirements-dev.lock

messages:  ## collect the words for people into the Chinese catalogue
	@mkdir -p .test-report
	.venv/bin/python -m babel.messages.frontend -q extract -F pyproject.toml -k t --no-location --sort-output -o .test-report/wismo.pot .
	.venv/bin/python -m babel.messages.frontend -q update -D wismo -l zh -d app/locales --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap -i .test-report/wismo.pot
	@sed -i -E '/^"(Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By): /d' app/locales/zh/LC_MESSAGES/wismo.po

reference:  ## write the reference pages from the program itself
	.venv/bin/python docs/reference/generate.py

pictures:  ## take the pictures of the README anew
	.venv/bin/python -m pytest -q tests/journeys -m browser --pictures

weights:  ## learn the bot's second view anew, and judge it (needs uv)
	@test -x .venv-training/bin/python || uv venv -q --python 3.11 .venv-training
	@uv pip install -q --python .venv-training/bin/python --group training
	.venv-training/bin/python bench/bot_training.py

clean:  ## forget everything that can be made again (the data stays)
	rm -rf .venv .venv-training .venv.lock .test-report .*_cache .hypothesis .coverage* build dist htmlcov
