"""How well networks foresee a text: measured, and told to people or to programs."""

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from charrnn.checkpoint import Checkpoint
from charrnn.cli.learned_text import read_alike, validation_part
from charrnn.cli.networks import Networks, OpenedNetworks
from charrnn.cli.startup import quiet_startup
from charrnn.errors import CorpusError
from charrnn.model.backend import require_tensorflow
from charrnn.naming import spoken_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from charrnn.corpus.layout import Spans
    from charrnn.corpus.reading import Corpus
    from charrnn.corpus.vocabulary import Ids, Vocabulary
    from charrnn.generation.filters import Mask
    from charrnn.generation.scoring import Score


@dataclass(frozen=True, kw_only=True, slots=True)
class TextEvaluation:
    """What is to be measured on what.

    Attributes:
        networks: The networks.
        first: The one by whose record the text is read and divided.
        file: The text; None is the part that the first one's corpus kept aside.
        encoding: Its encoding; None detects it.
        dynamic: Whether the network goes on learning as it reads.
    """

    networks: Networks
    first: Checkpoint
    file: str | None
    encoding: str | None
    dynamic: bool

    @property
    def text(self) -> str:
        """What the text is called."""
        return called(self.first, self.file)


def called(checkpoint: Checkpoint, file: str | None) -> str:
    """What the text is called that a network is measured on."""
    return f"the validation part of {checkpoint.record.corpus.name}" if file is None else file


def text_to_measure(
    checkpoint: Checkpoint, file: str | None, encoding: str | None
) -> "tuple[Corpus, Spans]":
    """A file as a whole, or without one the validation part of a network's corpus.

    Raises:
        CorpusError: It cannot be read.
    """
    if file is not None:
        corpus = read_alike(file, checkpoint.record, encoding)
        return corpus, corpus.spans
    try:
        return validation_part(checkpoint)
    except CorpusError as error:
        command = f"charrnn evaluate {spoken_name(checkpoint.directory)} FILE"
        raise CorpusError(f"{error} Name a text to evaluate on: {command}") from error


def report_text(evaluation: TextEvaluation, *, as_json: bool) -> None:
    """Measure, and print what came out.

    Raises:
        CheckpointError: A network cannot be used.
        ConfigurationError: The networks cannot be used together.
        CorpusError: The text cannot be read.
    """
    from charrnn.corpus.rows import blocks
    from charrnn.corpus.splitting import encode_part
    from charrnn.corpus.vocabulary import UNKNOWN

    opened = evaluation.networks.open(reads_only=True)
    vocabulary = opened.writer.vocabulary
    corpus, spans = text_to_measure(evaluation.first, evaluation.file, evaluation.encoding)
    ids = encode_part(corpus, spans, vocabulary)
    if evaluation.file is None:
        _tell_what_training_measured(ids)
    unknown = sum(int((block == UNKNOWN).sum()) for block in blocks(ids))
    score = _score(opened, ids, han_symbols(vocabulary))
    dynamic = _dynamic_score(evaluation.first, ids) if evaluation.dynamic else None
    if as_json:
        _print_json(evaluation, opened, score, unknown, dynamic)
    else:
        _print_lines(evaluation, score, unknown, dynamic)


def han_symbols(vocabulary: "Vocabulary") -> "Mask | None":
    """Which symbols are Chinese characters, the unknown one among them; None where none is."""
    import numpy as np

    from charrnn.corpus.vocabulary import BREAK, SPECIAL
    from charrnn.forms.chinese.sounds import is_han

    found = [is_han(character) for character in vocabulary.characters]
    if not any(found):
        return None
    mask = np.array([True] * SPECIAL + found)
    mask[BREAK] = False
    return mask


def _tell_what_training_measured(ids: "Ids") -> None:
    """Explain a loss that is not the one that training told of the same network."""
    from charrnn.corpus.streams import MOST_MEASURED, EvaluationStreams

    streams = EvaluationStreams(ids, MOST_MEASURED)
    if streams.characters < len(ids) - 1:
        click.echo(
            f"All {len(ids):,} characters of the validation part are read; training measured the "
            f"same {streams.characters:,} of them each time, so its loss is a little different.",
            err=True,
        )


def _with_bar(length: int, read: "Callable[[Callable[[int], None]], Score]") -> "Score":
    """Read with a bar on stderr when that is a terminal."""
    with click.progressbar(
        length=length, label="Reading", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        return read(bar.update)


def _score(opened: OpenedNetworks, ids: "Ids", among: "Mask | None") -> "Score":
    from charrnn.generation.scoring import score

    return _with_bar(len(ids) - 1, lambda report: score(opened.writer.model, ids, report, among))


def _dynamic_score(checkpoint: Checkpoint, ids: "Ids") -> "Score":
    require_tensorflow()
    from charrnn.generation.scoring import Score

    with quiet_startup():
        from charrnn.model.device import choose_device
        from charrnn.training.dynamic import DynamicEvaluation

        network = DynamicEvaluation.of(checkpoint, choose_device("cpu").cores)
    return _with_bar(len(ids) - 1, lambda report: Score(network.nats(ids, report), len(ids) - 1))


def _print_lines(
    evaluation: TextEvaluation, score: "Score", unknown: int, dynamic: "Score | None"
) -> None:
    click.echo(f"{evaluation.networks.name} on {evaluation.text}")
    rows = {
        "nats per character": f"{score.nats_per_character:.4f}",
        "bits per character": f"{score.bits_per_character:.4f}",
        "perplexity": f"{score.perplexity:.3f}",
    }
    if score.among is not None:
        rows["of a Chinese character"] = f"{score.among.perplexity:.1f}"
    if dynamic is not None:
        rows["nats, learning on the way"] = f"{dynamic.nats_per_character:.4f}"
    rows |= {"characters scored": f"{score.characters:,}", "unknown to the network": f"{unknown:,}"}
    for name, value in rows.items():
        click.echo(f"  {name:26}{value:>12}")


def _print_json(
    evaluation: TextEvaluation,
    opened: OpenedNetworks,
    score: "Score",
    unknown: int,
    dynamic: "Score | None",
) -> None:
    document = opened.facts | {
        "text": evaluation.text,
        "nats_per_character": score.nats_per_character,
        "bits_per_character": score.bits_per_character,
        "perplexity": score.perplexity,
        "perplexity_of_chinese_characters": score.among and score.among.perplexity,
        "dynamic_nats_per_character": dynamic and dynamic.nats_per_character,
        "characters": score.characters,
        "unknown_characters": unknown,
    }
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))
