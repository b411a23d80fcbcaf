"""Declarations: find, read and check them, and resolve them to specs.

Runs in the operator's process, so that mistakes appear in the operator's terminal. Nothing is imported here: take
`config.adhoc.spec_from_target` or `config.file.specs_from_file`.
"""
