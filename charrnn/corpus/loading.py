"""Reading sources into a corpus: one normalised text, and the positions of its poems."""

import dataclasses
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt

from charrnn.checkpoint.record import CorpusRecord
from charrnn.corpus.catalogue import Catalogue, open_catalogue
from charrnn.corpus.couplets import couplets_joined
from charrnn.corpus.download import DownloadProgress, untold
from charrnn.corpus.encoding import Normaliser
from charrnn.corpus.layout import LayoutChoice, Spans, choose_layout, cut
from charrnn.corpus.poem_fields import PoemFields, field_names, learned_fields
from charrnn.corpus.source_reader import SourceReader
from charrnn.corpus.sources import Source, corpus_name, find_sources
from charrnn.corpus.store import StoredText, Text, as_array, pieces
from charrnn.corpus.traditional_script import in_script, script_of
from charrnn.errors import ConfigurationError, CorpusError
from charrnn.settings.configuration import CorpusConfig, Script

_LINES_GAP: Final = 1
_STANZAS_GAP: Final = 3
_LONG_GAP: Final = re.compile(r"(?:\n[^\S\n]*){3,}")
_TITLE: Final = "title"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Corpus(CorpusRecord):
    """A corpus with its text. Long texts are stored in temporary files, not in memory.

    Attributes:
        text: The normalised text, with two blank lines between files.
        spans: `(poems, 2)` start and stop of each poem in the text.
        notes: Sentences for the user: what was detected, chosen or removed.
        removed: Number of removed control characters.
        fields: The labels and titles of the poems that are learned; None without any.
    """

    text: Text
    spans: Spans
    notes: tuple[str, ...]
    removed: int
    fields: PoemFields | None = None

    def poem(self, number: int) -> str:
        """One poem, counted from 0."""
        ((start, stop),) = self.spans[number : number + 1].tolist()
        return self.text[start:stop]

    def record(self) -> CorpusRecord:
        """The description of the corpus in a checkpoint."""
        names = [field.name for field in dataclasses.fields(CorpusRecord)]
        return CorpusRecord(**{name: getattr(self, name) for name in names})


def read_corpus(
    sources: Sequence[str],
    config: CorpusConfig | None = None,
    *,
    catalogue: Catalogue | None = None,
    progress: DownloadProgress = untold,
    standard_input: BinaryIO | None = None,
    alike: bool = False,
    script: Script | None = None,
) -> Corpus:
    """Read a corpus. A text that is named twice is read once.

    Args:
        sources: Files; directories, of which all *.txt files are read except empty ones and those
            that cannot be read, which the notes name; "-" for standard input; names of the
            catalogue, with `catalogue:` before them or without. An existing path comes before a
            name, unless it is the directory of a run or has no text.
        config: Settings; with layout "auto", the catalogue knows the layout of its corpora.
        catalogue: The known corpora; None is the catalogue of charrnn.
        progress: Receives the progress of each download.
        standard_input: Stream for "-"; None is that of the process.
        alike: Whether the settings are those of another corpus: labels and titles that are not here
            are left out, and couplets on lines of their own are joined where poems stand in lines.
        script: The Chinese characters that a text in others is converted to; None takes it as it is.

    Raises:
        ConfigurationError: Stanzas are asked for in a layout that has none, or labels and titles
            where there can be none.
        CorpusError: A source is missing, unreadable, binary, empty, in another encoding or data, or
            the disk is full.
    """
    config = config or CorpusConfig()
    if not sources:
        raise CorpusError("no text was named; give a file, a directory or a name.")
    catalogue = catalogue or open_catalogue()
    found = list(find_sources(sources, catalogue, progress, standard_input))
    # Whoever asks for one continuous text may learn data too.
    loader = SourceReader(config.encoding, reads_data=config.layout == "text")
    loader.add_all(found)
    name = corpus_name(sources, catalogue)
    if alike:
        config = _with_known_fields(loader, config)
    if loader.records:
        return _of_records(loader, name, config, script)
    return _of_texts(loader, name, config, found, alike=alike, script=script)


def _with_known_fields(loader: SourceReader, config: CorpusConfig) -> CorpusConfig:
    """The settings without labels and titles that the poems do not have."""
    known = {name for record in loader.records for name in record.fields}
    labels = ",".join(name for name in field_names(config.labels) if name in known)
    title = config.title_field if config.title_field in known else None
    return dataclasses.replace(
        config, labels=labels or None, title_field=title, titles=None, min_poems=1
    )


def _of_texts(
    loader: SourceReader,
    name: str,
    config: CorpusConfig,
    found: Sequence[Source],
    *,
    alike: bool,
    script: Script | None,
) -> Corpus:
    """The corpus of plain texts."""
    if config.title_field is not None:
        raise ConfigurationError(
            "--title-field names a field of poems in JSON or CSV, and this is plain text. Where each "
            "poem begins with its title, give --titles first-line."
        )
    text, notes = loader.finish(), loader.notes()
    if isinstance(text, str):
        (text,), told = _converted([text], script)
        notes += told
    layouts = {source.layout for source in found}
    known = layouts.pop() if len(layouts) == 1 else None
    layout = known or "auto" if config.layout == "auto" else config.layout
    if alike and layout == "lines" and isinstance(text, str):
        text = couplets_joined(text)
    choice = choose_layout(text, layout, config.stanzas, loader.joints)
    if layout == "auto":
        notes.append(f"{choice.reason} Choose another with {_ways_to_choose(choice, config)}.")
    corpus = _corpus(loader, name, text, choice, notes)
    if config.labels is None and config.titles is None:
        return corpus
    if corpus.layout == "text":
        raise ConfigurationError(
            "labels and titles belong to poems, and this is read as one continuous text. Give "
            "--layout blocks or lines if it holds poems."
        )
    return _with_fields(corpus, loader, config)


def _of_records(
    loader: SourceReader, name: str, config: CorpusConfig, script: Script | None
) -> Corpus:
    """The corpus of poems with fields."""
    if config.titles is not None:
        raise ConfigurationError(
            "--titles first-line is for plain text. Here a field may have the titles: --title-field."
        )
    texts = [_normalised_poem(loader.normaliser, record.text) for record in loader.records]
    texts, told = _converted(texts, script)
    texts_and_records = [pair for pair in zip(texts, loader.records, strict=True) if pair[0]]
    texts = [text for text, _ in texts_and_records]
    gap = _LINES_GAP if not any("\n" in text for text in texts) else _STANZAS_GAP
    if config.layout == "blocks":
        gap = _STANZAS_GAP
    if config.layout == "lines" and gap != _LINES_GAP:
        raise ConfigurationError(f"{name} has poems of several lines; omit --layout lines.")
    if config.stanzas is False and gap == _STANZAS_GAP and any("\n\n" in text for text in texts):
        raise ConfigurationError(f"the poems of {name} have stanzas; omit --no-stanzas.")
    stored = StoredText()
    for text in texts:
        stored.append(text + "\n" * gap)
    fields, notes = learned_fields(
        [record.fields for _, record in texts_and_records], texts, config
    )
    choice = LayoutChoice("lines" if gap == _LINES_GAP else "blocks", gap, "")
    corpus = _corpus(loader, name, stored.finish(), choice, [*loader.notes(), *told, *notes])
    return corpus if fields is None else _learning(corpus, fields)


def _converted(texts: list[str], script: Script | None) -> tuple[list[str], list[str]]:
    """Texts in a script, and a sentence that says so if they were in another one."""
    found = script_of("".join(texts)) if script is not None else None
    if script is None or found in {None, script}:
        return texts, []
    told = f"the text is in {found} Chinese characters; it is read in {script} ones."
    return [in_script(text, script) for text in texts], [told]


def _normalised_poem(normaliser: Normaliser, text: str) -> str:
    """One poem without white space around it, and with single blank lines between its stanzas."""
    return _LONG_GAP.sub("\n\n", "".join(normaliser.normalise([text]))).strip()


def _corpus(
    loader: SourceReader, name: str, text: Text, choice: LayoutChoice, notes: Iterable[str]
) -> Corpus:
    poems = cut(text, choice.gap)
    return Corpus(
        name=name,
        text=text,
        layout=choice.layout,
        stanzas=choice.stanzas,
        spans=poems.spans,
        poems_by_lines=poems.by_lines if choice.layout == "blocks" else (),
        sources=tuple(loader.references),
        encoding=", ".join(sorted(loader.encodings)),
        notes=tuple(notes),
        removed=loader.normaliser.removed,
        digest=_digest(text),
        characters=len(text),
        poems=len(poems.spans),
    )


def _with_fields(corpus: Corpus, loader: SourceReader, config: CorpusConfig) -> Corpus:
    """A corpus of plain texts whose directories are labels, or whose first lines are titles."""
    spans = as_array(corpus.spans)
    poems: list[dict[str, str]] = [{} for _ in spans]
    if config.labels is not None:
        (field, *others) = field_names(config.labels) or [""]
        if others or not any(loader.groups):
            raise ConfigurationError(
                "plain texts have one label, the name of their directory or file: name it, as in "
                f"--labels author, and name a directory to read. Received: labels {config.labels}."
            )
        numbers = np.searchsorted(loader.joints, spans[:, 0], "right") - 1
        poems = [{field: loader.groups[number]} for number in numbers.tolist()]
    if config.titles is None:
        fields, notes = learned_fields(poems, [], config)
    else:
        titles, spans = _first_lines(corpus, spans)
        poems = [poem | {_TITLE: title} for poem, title in zip(poems, titles, strict=True)]
        counts = corpus.poems_by_lines
        corpus = dataclasses.replace(
            corpus, spans=spans, poems_by_lines=(sum(counts[:2]), *counts[2:]) if counts else ()
        )
        texts = [corpus.poem(number) for number in range(len(spans))]
        fields, notes = learned_fields(
            poems, texts, dataclasses.replace(config, title_field=_TITLE)
        )
    assert fields is not None, "labels or titles are asked for"
    return _learning(dataclasses.replace(corpus, notes=(*corpus.notes, *notes)), fields)


def _first_lines(
    corpus: Corpus, spans: npt.NDArray[np.int64]
) -> tuple[list[str], npt.NDArray[np.int64]]:
    """The first lines of poems, and the spans of the rest; a poem of one line has no title."""
    titles, rest = [], spans.copy()
    for number, (start, stop) in enumerate(rest.tolist()):
        poem = corpus.text[start:stop]
        first, line_end, others = poem.partition("\n")
        titles.append(first.strip() if line_end else "")
        if line_end:
            rest[number, 0] = stop - len(others.lstrip())
    return titles, rest


def _learning(corpus: Corpus, fields: PoemFields) -> Corpus:
    """A corpus whose labels and titles are learned too."""
    digest = hashlib.sha256(bytes.fromhex(corpus.digest) + fields.digest).hexdigest()
    return dataclasses.replace(
        corpus,
        fields=fields,
        labels=fields.labels,
        titles=sum(map(bool, fields.titles)),
        digest=digest,
    )


def _ways_to_choose(choice: LayoutChoice, config: CorpusConfig) -> str:
    if choice.layout != "blocks" or config.stanzas is not None:
        return "--layout"
    return f"--layout or {'--no-stanzas' if choice.stanzas else '--stanzas'}"


def _digest(text: Text) -> str:
    digest = hashlib.sha256()
    for piece in pieces(text):
        digest.update(piece.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
