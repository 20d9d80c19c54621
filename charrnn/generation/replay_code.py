"""The code of a poem: one word that holds all that is needed to write it again, to the letter.

A code is base64 without padding, in the alphabet that file names and addresses take as it is:

    version    1 byte: 1, or 2 for a poem in a form of verse
    checksum   4 bytes: the first of the SHA-256 of the version and of all that follows
    networks   1 byte: how many there are, the one that is avoided among them
    digests    8 bytes of each: the first of the SHA-256 of its `model.keras`
    mark       4 bytes and 7: see `TextMark`
    processor  2 bytes: see `Tools`
    the rest   JSON, sorted by its keys, deflated with a dictionary of usual values

Every setting stands in it, so nothing depends on what is usual later; the dictionary makes those of
usual value cost next to nothing. Each version has its own, which is never changed. A setting that
came after a code was made is not in it: the default of a new setting must change nothing, or the
code get a new version.
"""

import base64
import binascii
import dataclasses
import hashlib
import json
import zlib
from typing import Any, Final

from charrnn.config import SamplingConfig
from charrnn.errors import ReplayError
from charrnn.forms.core.config import FormConfig
from charrnn.generation.recipe import (
    MARK_BYTES,
    PARTS,
    FormRecipe,
    Recipe,
    TextMark,
    Tools,
)
from charrnn.typecheck import is_finite

VERSION: Final = 1

VERSION_IN_A_FORM: Final = 2

DIGEST_BYTES: Final = 8
"""Bytes of a network's digest: no two of the networks that anyone trains share them by chance."""

DEVICES: Final = ("cpu", "cpu:tensorflow", "gpu")
"""What computes networks; which GPU it is makes no difference."""

LARGEST_CONTENT: Final = 2**24
"""Bytes of JSON at most, so that no code fills the memory."""

_CHECKSUM: Final = 4
_PROCESSOR: Final = 2

_DICTIONARY: Final = (
    b'{"charrnn":"0.1.0","device":"cpu:tensorflow","device":"gpu","device":"cpu",'
    b'"drafts_judged_by":1,"drafts_judged_by":0,"length":100,"networks":[1.0],"numpy":"2.3.5",'
    b'"place":0,"prompt":"","settings":{"ban":null,"beam":null,"best_of":16,"favour":null,'
    b'"length":500,"lines":"any","max_copy":7,"min_p":0.05,"no_repeat":4,"temperature":1.0,'
    b'"top_k":40,"top_p":0.9,"typical_p":0.95,"ban":null,"beam":null,"best_of":1,"favour":null,'
    b'"length":2000,"lines":"corpus","max_copy":25,"min_p":0.0,"no_repeat":null,'
    b'"repetition_penalty":1.0,"repetition_window":64,"seed":0,"temperature":0.8,"top_k":null,'
    b'"top_p":1.0,"typical_p":1.0},"together":1,"unlike":null}'
)

_DICTIONARY_IN_A_FORM: Final = (
    b'"acrostic_at":"end","characters":"7","choose":"best","form":null,"lines":4,'
    b'"metre":"iambic","profile":"rhyme-only","profile":"246","readings":"strict","rhyme":"ABAB",'
    b'"rhymes":"pingshui","rhymes":"slant","syllables":"8","words":"any"},"toml":"name = '
    b'"form":{"marks":["","settings":{"acrostic":null,"acrostic_at":"start","characters":null,'
    b'"choose":"weight","first_line":null,"form":"qijue","lexicon":null,"lines":null,'
    b'"metre":null,"must":null,"particles":32,"profile":"strict","readings":"any","rhyme":null,'
    b'"rhyme_with":null,"rhymes":"learned","syllables":null,"words":null},"toml":null},"length":32,'
    b'"form":"sonnet","lexicon":null,"rhymes":"perfect","syllables":null,"words":"learned"},'
    b'"toml":null},'
) + _DICTIONARY

_DICTIONARIES: Final = {VERSION: _DICTIONARY, VERSION_IN_A_FORM: _DICTIONARY_IN_A_FORM}

_MISTYPED: Final = (
    "this is no code of a poem, or it was not copied whole: a code is one word, printed by "
    "charrnn generate --print-code. Received: {}."
)


def encode(recipe: Recipe) -> str:
    """The code of a recipe."""
    asked = [*recipe.networks, *([recipe.unlike] if recipe.unlike is not None else [])]
    content = {
        "charrnn": recipe.tools.charrnn,
        "device": recipe.device,
        "drafts_judged_by": recipe.drafts_judged_by,
        "length": recipe.mark.length,
        "networks": [weight for _, weight in recipe.networks],
        "numpy": recipe.tools.numpy,
        "place": recipe.place,
        "prompt": recipe.prompt,
        "settings": dataclasses.asdict(recipe.settings),
        "together": recipe.together,
        "unlike": None if recipe.unlike is None else recipe.unlike[1],
    }
    number = VERSION
    if recipe.form is not None:
        number, content["form"] = VERSION_IN_A_FORM, dataclasses.asdict(recipe.form)
    body = b"".join(
        (
            bytes([len(asked)]),
            *(bytes.fromhex(digest) for digest, _ in asked),
            recipe.mark.digest,
            recipe.mark.beginnings,
            bytes.fromhex(recipe.tools.processor),
            _deflated(content, _DICTIONARIES[number]),
        )
    )
    version = bytes([number])
    data = version + hashlib.sha256(version + body).digest()[:_CHECKSUM] + body
    return _word(data)


def decode(code: str) -> Recipe:
    """The recipe that a code holds.

    Args:
        code: The code; white space that an e-mail put into it does no harm.

    Raises:
        ReplayError: It is none, it is mistyped, or a later charrnn made it.
    """
    shown = code if len(code) <= 40 else f"{code[:36]}..."
    code = "".join(code.split()).rstrip("=")
    try:
        data = base64.b64decode(code + "=" * (-len(code) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ReplayError(_MISTYPED.format(shown)) from None
    version, body = data[:1], data[1 + _CHECKSUM :]
    whole = _word(data) == code  # A last character may hold bits that mean nothing.
    if not whole or data[1 : 1 + _CHECKSUM] != hashlib.sha256(version + body).digest()[:_CHECKSUM]:
        raise ReplayError(_MISTYPED.format(shown))
    if version[0] not in _DICTIONARIES:
        raise _of_another_version()
    try:
        return _recipe(body, version[0])
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError, zlib.error) as error:
        raise _of_another_version() from error


def _word(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _recipe(body: bytes, version: int) -> Recipe:
    """Read what a checksum has found to be whole; any error means another version."""
    rest = memoryview(body)

    def taken(length: int) -> bytes:
        nonlocal rest
        part, rest = bytes(rest[:length]), rest[length:]
        return part

    (count,) = taken(1)
    digests = [taken(DIGEST_BYTES).hex() for _ in range(count)]
    digest, beginnings, processor = taken(MARK_BYTES), taken(PARTS - 1), taken(_PROCESSOR)
    content = _inflated(bytes(rest), _DICTIONARIES[version])
    form = _form(content.pop("form")) if version == VERSION_IN_A_FORM else None
    weights, strength = content.pop("networks"), content.pop("unlike")
    avoided = None if strength is None else (digests.pop(), strength)
    recipe = Recipe(
        networks=tuple(zip(digests, weights, strict=True)),
        unlike=avoided,
        settings=SamplingConfig.from_json(content.pop("settings")),
        mark=TextMark(content.pop("length"), digest, beginnings),
        tools=Tools(content.pop("charrnn"), content.pop("numpy"), processor.hex()),
        form=form,
        **content,
    )
    _check(recipe)
    return recipe


def _form(content: dict[str, Any]) -> FormRecipe:
    settings, toml = FormConfig.from_json(content["settings"]), content["toml"]
    first, second = content["marks"]
    if not settings.asked or not isinstance(toml, str | None) or type(first + second) is not str:
        raise ValueError("it is no form")
    return FormRecipe(settings=settings, toml=toml, marks=(first, second))


def _check(recipe: Recipe) -> None:
    """Refuse values that no code of this version has; raises ValueError."""
    numbers = [weight for _, weight in recipe.networks]
    if recipe.unlike is not None:
        numbers.append(recipe.unlike[1])
    counts = (recipe.place, recipe.together, recipe.drafts_judged_by, recipe.mark.length)
    if (
        not recipe.networks
        or not all(type(number) in {int, float} and is_finite(number) for number in numbers)
        or not all(type(count) is int for count in counts)
        or not 0 <= recipe.place < recipe.together
        or type(recipe.prompt) is not str
        or recipe.device not in DEVICES
        or recipe.settings.seed is None
    ):
        raise ValueError("a value is not of its kind")


def _of_another_version() -> ReplayError:
    return ReplayError(
        "this code was made by another version of charrnn, which knows more than this one; "
        "install a newer charrnn to write the poem again."
    )


def _deflated(content: dict[str, Any], dictionary: bytes) -> bytes:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zdict=dictionary)
    return compressor.compress(text.encode("utf-8", "surrogatepass")) + compressor.flush()


def _inflated(data: bytes, dictionary: bytes) -> dict[str, Any]:
    decompressor = zlib.decompressobj(-zlib.MAX_WBITS, zdict=dictionary)
    text = decompressor.decompress(data, LARGEST_CONTENT)
    if not decompressor.eof or decompressor.unused_data:
        raise ValueError("it is not whole, or too long")
    content: dict[str, Any] = json.loads(text.decode("utf-8", "surrogatepass"))
    return content
