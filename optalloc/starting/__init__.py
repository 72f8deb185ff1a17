"""A first workbook of a case, filled from the catalogue of a model folder."""
