"""Recipes: how the text of a corpus is made from the files that were downloaded."""
