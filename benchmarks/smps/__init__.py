"""Stochastic programs in the SMPS format: a core, a time and a stoch file for each.

The core is a linear or mixed-integer program in MPS, the time file gives the stage of each row and
column, and the stoch file the scenarios: listed one by one with the scenario from which each
branches, or as independent outcomes of entries or blocks of entries, whose joint product they are.
Scenarios share a column of a stage where their outcomes up to it agree.

Sources: Birge, Dempster, Gassmann, Gunn, King, Wallace, A standard input format for multiperiod
stochastic linear programs, COAL Newsletter 17, 1987; Gassmann, Kristjansson, The SMPS format
explained, IMA Journal of Management Mathematics 19, 2008, doi:10.1093/imaman/dpm007. Fields are
separated by spaces, so that names have none.
"""

from benchmarks.smps.archive import read_program, write_program
from benchmarks.smps.program import MOST_SCENARIOS, read_smps, trio_in

__all__ = ["MOST_SCENARIOS", "read_program", "read_smps", "trio_in", "write_program"]
