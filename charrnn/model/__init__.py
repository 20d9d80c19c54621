"""The Keras network, the recurrent kernels for CPUs, and the device."""
