"""Writing verse that keeps a form: forms as automata over symbols, and particles that follow them."""
