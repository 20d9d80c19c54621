"""Text in: from files, encodings and layouts to ids laid out for a network."""
