"""Files to plain sheets and back, for any model."""
