"""Checks of detection files, one class each; `table.CHECKS` lists them, `run.lint` runs them."""
