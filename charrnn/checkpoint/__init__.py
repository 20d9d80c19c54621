"""One run on disk: its directory, its record, its crash-proof writes."""
