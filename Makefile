# Each target is the task of the same name in tasks.py, which works without make as well.
PYTHON ?= python3

.DEFAULT_GOAL := help
.PHONY: book test course-test versions notebooks exercises perturb cover figures guide questions slides assignments grade workbook lab data results help
book test course-test versions notebooks exercises perturb cover figures guide questions slides assignments grade workbook lab data results help:
	@$(PYTHON) tasks.py $@
