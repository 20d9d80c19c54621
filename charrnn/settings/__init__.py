"""Settings: descriptions, defaults, limits, notations and checks."""
