"""What may come next in some poems, and how likely, under the settings they are written with."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from charrnn.config import LENGTH_OF_TEXT, LONGEST_POEM, Layout, SamplingConfig
from charrnn.corpus.vocabulary import BREAK, UNKNOWN, Vocabulary
from charrnn.generation.constraint import Constraint
from charrnn.generation.draft import Draft
from charrnn.generation.ending import LINE_END, Ending
from charrnn.generation.engine import Logits
from charrnn.generation.filters import Mask, Temperature
from charrnn.generation.sampling import adjust, log_share, narrow, temperature_at
from charrnn.generation.wishes import wishes
from charrnn.rules import Rules


@dataclass(slots=True, eq=False)
class Prospect:
    """What may come next in some poems.

    Attributes:
        rows: Those of the poems that can go on, in order; the others are stranded.
        logits: `(rows, vocabulary)` float64, the distributions to draw from.
        log_shares: `(rows,)` float64, how much of each prediction the constraints, the ban and the
            like leave, as `charrnn.generation.sampling.log_share` has it; None where it was not
            asked for.
    """

    rows: list[int]
    logits: npt.NDArray[np.floating]
    log_shares: npt.NDArray[np.float64] | None = None


class NextSymbols:
    """Looks ahead, for poems that are written with the same settings.

    Args:
        config: How characters are drawn.
        vocabulary: The characters.
        layout: How poems stood in the text that was learned.
        ending: Makes poems end after as many lines as there; None where lines are not counted.
        constraints: What the poems keep to; a draft holds their states in the same order.
        poem_length: Characters of a usual poem; None where that is not known.

    Attributes:
        length: Characters after which a poem is stopped.
        usual_length: Characters of a usual poem; as many as `length` where that is not known.
        repetition_window: Characters that count as written a moment ago.

    Raises:
        ConfigurationError: The settings leave no character to write.
    """

    def __init__(
        self,
        config: SamplingConfig,
        vocabulary: Vocabulary,
        layout: Layout,
        ending: Ending | None = None,
        constraints: Sequence[Constraint] = (),
        *,
        poem_length: int | None = None,
    ) -> None:
        self._config = config
        self._vocabulary = vocabulary
        self._ending = ending if config.lines == "corpus" else None
        self._constraints = constraints
        wished = wishes(config, vocabulary)
        self._bias = wished.bias
        unending = {BREAK} if layout == "text" else set()
        blank = {vocabulary.id_of(one) for one in vocabulary.characters if one.isspace()}
        self._never = _symbols(vocabulary, {UNKNOWN} | unending)
        self._never_first = _symbols(vocabulary, {BREAK, UNKNOWN} | blank)
        if wished.banned is not None:
            self._never |= wished.banned
            self._never_first |= wished.banned
        self.repetition_window = config.repetition_window
        self.length = config.length or (LENGTH_OF_TEXT if layout == "text" else LONGEST_POEM)
        # A schedule goes by lines where a poem has several and no length was asked for.
        by_lines = ending is not None and ending.usual_lines > 1 and config.length is None
        self._last_line = ending.usual_lines if ending is not None and by_lines else None
        self.usual_length = config.length or poem_length or self.length
        self._last_character = max(1, self.usual_length - 1)
        self._code_points = np.array([ord(one) for one in vocabulary.characters], np.uint32)

    @property
    def rules(self) -> Rules:
        """All of it that is numbers, for what looks ahead by itself."""
        blank = [one.isspace() for one in self._vocabulary.characters]
        return Rules(
            config=self._config,
            never=self._never,
            never_first=self._never_first,
            blank=np.array([False] * (self._vocabulary.size - len(blank)) + blank),
            line_end=self._vocabulary.id_of(LINE_END),
            bias=self._bias,
            break_odds=self._ending.break_odds if self._ending is not None else None,
            schedule=self._last_character if self._last_line is None else self._last_line - 1,
            by_lines=self._last_line is not None,
        )

    def of(
        self,
        drafts: Sequence[Draft],
        logits: Logits,
        written: Sequence[int],
        forbidden: Iterable[Collection[int]] | None = None,
        *,
        shares: bool = False,
    ) -> Prospect:
        """Look ahead.

        Args:
            drafts: The poems.
            logits: `(batch, vocabulary)`, the network's predictions for them.
            written: How many characters have been written of each.
            forbidden: Symbols that were found not to lead on, for each; None when there are none.
            shares: Whether to tell how much of each prediction is left.
        """
        barred = self._barred(drafts, forbidden)
        if self._ending is not None:
            logits = self._ending.weigh(logits, [draft.lines.begun for draft in drafts])
        rows = list(range(len(drafts)))
        if barred.ndim == 2:
            open_rows = (~barred & (logits != -np.inf)).any(axis=-1)
            if not open_rows.all():
                rows = np.flatnonzero(open_rows).tolist()
                if not rows:
                    return Prospect(rows, logits[:0])
                barred, logits = barred[rows], logits[rows]
        on = [drafts[row] for row in rows]
        temperature = self._temperature(on, [written[row] for row in rows])
        adjusted = adjust(logits, self._config, recent=self._recent(on), bias=self._bias)
        log_shares = log_share(adjusted, barred, temperature) if shares else None
        left = narrow(adjusted, self._config, barred=barred, temperature=temperature)
        return Prospect(rows, left, log_shares)

    def _barred(self, drafts: Sequence[Draft], forbidden: Iterable[Collection[int]] | None) -> Mask:
        """`(vocabulary,)` where it is the same for all, else `(batch, vocabulary)`."""
        masks = [self._never_first if draft.written.blank else self._never for draft in drafts]
        plain = list(masks)
        for number, constraint in enumerate(self._constraints):
            for row, draft in enumerate(drafts):
                allowed = constraint.allowed_tokens(draft.kept[number])
                if allowed is not None:
                    masks[row] = masks[row] | ~allowed
        for row, symbols in enumerate(forbidden or ()):
            if symbols:
                masks[row] = masks[row].copy()
                masks[row][list(symbols)] = True
        first = masks[0]
        if all(mask is first for mask in masks) and first is plain[0]:
            return first
        return np.stack(masks)

    def _temperature(self, drafts: Sequence[Draft], written: Sequence[int]) -> Temperature:
        temperature = self._config.temperature
        if not isinstance(temperature, str):
            return temperature
        if self._last_line is not None:
            done = np.array([draft.lines.begun - 1 for draft in drafts]) / (self._last_line - 1)
        else:
            done = np.array(written) / self._last_character
        return temperature_at(temperature, done)

    def _recent(self, drafts: Sequence[Draft]) -> Mask | None:
        """`(batch, vocabulary)`, true for characters written a moment ago."""
        if self._config.repetition_penalty == 1:
            return None
        ends = [draft.written.last(self._config.repetition_window) for draft in drafts]
        points = np.frombuffer("".join(ends).encode("utf-32-le", "surrogatepass"), np.uint32)
        places = np.searchsorted(self._code_points, points)
        known = np.append(self._code_points, 0)[places] == points
        rows = np.repeat(np.arange(len(ends)), [len(end) for end in ends])
        recent = np.zeros((len(ends), self._vocabulary.size), np.bool_)
        recent[rows[known], places[known] + (self._vocabulary.size - len(self._code_points))] = True
        return recent


def _symbols(vocabulary: Vocabulary, ids: Collection[int]) -> Mask:
    """A mask `(vocabulary,)` that is true for the given ids."""
    mask = np.zeros(vocabulary.size, np.bool_)
    mask[list(ids)] = True
    return mask
