"""What forms of verse of every language share."""
