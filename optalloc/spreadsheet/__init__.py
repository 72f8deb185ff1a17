"""Files to plain sheets and back; knows no model."""
