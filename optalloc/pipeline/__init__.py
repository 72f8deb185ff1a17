"""The pipeline as one call: a workbook in, an audited plan out, each step a pure function."""
