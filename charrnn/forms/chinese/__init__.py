"""Chinese forms as automata: tones, rhymes and fixed places."""
