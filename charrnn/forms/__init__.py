"""Writing verse that keeps a form: forms as automata over tokens, and particles that follow them."""
