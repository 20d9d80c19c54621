"""What Keras runs on; to be asked before Keras is imported."""

import os

from charrnn.errors import ConfigurationError


def require_tensorflow() -> None:
    """Refuse another backend of Keras, which would fail in words that tell nobody what to do.

    Raises:
        ConfigurationError: The environment asks for another one.
    """
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        raise ConfigurationError(
            "charrnn trains with Keras on TensorFlow, but the environment variable KERAS_BACKEND "
            f"is {backend}. Unset it."
        )
