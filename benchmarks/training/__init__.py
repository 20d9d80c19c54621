"""Speed of training: charrnn, stock Keras and PyTorch side by side, and the machine's own limit."""
