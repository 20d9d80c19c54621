"""Checkpoint directories: finding, reading, writing and exporting them."""
