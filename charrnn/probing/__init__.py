"""What goes on inside a network: its states, gates and gradients, in NumPy."""
