"""English forms as automata: words, syllables, metre and rhymes."""
