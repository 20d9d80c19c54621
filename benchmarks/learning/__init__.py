"""How well each learns in the same time: charrnn, nanoGPT's recipes, PyTorch's LSTM."""
