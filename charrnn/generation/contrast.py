"""A network that writes what another one would not."""

import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from charrnn.config import DEFAULT_STRENGTH, PLAUSIBLE_SHARE, STRENGTH
from charrnn.errors import ConfigurationError
from charrnn.generation.engine import Logits
from charrnn.generation.filters import Mask, greatest
from charrnn.generation.joint import IMPLAUSIBLE, JointModel, Reader, common_layout
from charrnn.generation.writer import TextGenerator


def contrast(
    log_probabilities: Sequence[Logits], strength: float, foreseen: Mask, guess: float
) -> Logits:
    """Where a network differs from another one (Li et al., 2023, Contrastive decoding, section 3).

    A symbol counts log p - strength * log q, where p is the network's probability and q the other
    one's. That is so of the plausible symbols alone, whose p is at least `PLAUSIBLE_SHARE` of the
    greatest; the others are as good as never written.

    Args:
        log_probabilities: `(..., vocabulary)` of the network, and of the other one.
        strength: How much the other one counts, at least 0.
        foreseen: `(vocabulary,)`, true for symbols that the other one knows.
        guess: Its log-probability of any symbol that it does not know.

    Returns:
        Logits, `(..., vocabulary)` float32.
    """
    own, other = log_probabilities
    other = np.where(foreseen, other, np.float32(guess))
    plausible = own >= greatest(own) + np.float32(math.log(PLAUSIBLE_SHARE))
    return np.where(plausible, own - np.float32(strength) * other, own + IMPLAUSIBLE)


def unlike(
    expert: TextGenerator, amateur: TextGenerator, strength: float = DEFAULT_STRENGTH
) -> TextGenerator:
    """A writer that prefers what one network holds likelier than another does.

    It reads and writes the characters of the first, and may be kept from copying what that one
    learned. To the second, a character that it does not know is as likely as any.

    Args:
        expert: The network that writes.
        amateur: The network whose ways are avoided.
        strength: How much it is avoided; see `contrast`.

    Raises:
        ConfigurationError: The strength is out of range, or the networks learned texts of
            different layouts.
    """
    if not STRENGTH.allows(strength):
        raise ConfigurationError(
            f"the strength must be {STRENGTH.allowed()}. Received: {strength}."
        )
    layout = common_layout([expert, amateur])
    readers = [Reader.of(one, expert.vocabulary) for one in (expert, amateur)]
    combine = partial(
        contrast,
        strength=strength,
        foreseen=readers[1].known,
        guess=-math.log(amateur.vocabulary.size),
    )
    return TextGenerator(
        JointModel(readers, combine),
        expert.vocabulary,
        layout,
        stanzas=expert.stanzas,
        poems_by_lines=expert.poems_by_lines,
        checkpoints=expert.checkpoints,
        open_ngram_filters=lambda: expert.ngram_filters,
    )
