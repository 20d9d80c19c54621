"""Training: the loop, its schedule, its saved state and what it reports."""
