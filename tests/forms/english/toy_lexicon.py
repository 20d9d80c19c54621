"""A dictionary of a few words, for tests of English verse."""

from charrnn.forms.english.lexicon import Lexicon

ENTRIES = {
    "a": ("AH0", "EY1"),
    "again": ("AH0 G EH1 N", "AH0 G EY1 N"),
    "and": ("AH0 N D", "AE1 N D"),
    "believe": ("B IH0 L IY1 V",),
    "carry": ("K EH1 R IY0",),
    "day": ("D EY1",),
    "eternity": ("IH0 T ER1 N AH0 T IY0",),
    "fire": ("F AY1 ER0", "F AY1 R"),
    "garden": ("G AA1 R D AH0 N",),
    "grieve": ("G R IY1 V",),
    "heaven": ("HH EH1 V AH0 N", "HH EH1 V N"),
    "leave": ("L IY1 V",),
    "light": ("L AY1 T",),
    "make": ("M EY1 K",),
    "mine": ("M AY1 N",),
    "moon": ("M UW1 N",),
    "night": ("N AY1 T",),
    "of": ("AH1 V",),
    "rain": ("R EY1 N",),
    "see": ("S IY1",),
    "silver": ("S IH1 L V ER0",),
    "the": ("DH AH0",),
    "th'": ("DH",),
    "time": ("T AY1 M",),
    "'tis": ("T IH1 Z",),
    "want": ("W AA1 N T",),
    "wish": ("W IH1 SH",),
}

LEXICON = Lexicon(ENTRIES)
