"""The network: plain Keras layers, and the device they run on."""
