"""The corpus: from files, encodings and layouts to token ids."""
