"""Sweeps: many cases of one workbook, each with some cells changed, solved at little cost.

The steps, each a file: `sheet` declares the Sweeps sheet, `definition` reads sweeps from it or from
a TOML file, `overrides` alters a dataset, `designs` turns a sweep into cases.
"""
