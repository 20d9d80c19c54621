"""Speed of writing: charrnn, Keras, TensorFlow and PyTorch side by side, and the memory's limit."""
