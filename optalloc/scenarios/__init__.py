"""Changed cells, and the cases made of them."""
