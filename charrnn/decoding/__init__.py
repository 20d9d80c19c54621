"""Writing without TensorFlow: the equations in NumPy, the draw, the poem."""
