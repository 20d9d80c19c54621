"""`charrnn generate`: write poems, shown as they come into being."""

import dataclasses
import io
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import click

from charrnn.cli.appearing import print_characters, print_lines
from charrnn.cli.command_line import DigestType, command_of
from charrnn.cli.networks import find_networks, networks_options
from charrnn.cli.options import (
    SettingType,
    checkpoint_argument,
    checkpoints_option,
    config_options,
    examples,
    given_settings,
    json_option,
)
from charrnn.cli.poems import Told, print_json, print_poems
from charrnn.cli.startup import use_idle_cores
from charrnn.forms.core.config import FormConfig
from charrnn.settings.configuration import SamplingConfig, seed_after
from charrnn.settings.setting import Setting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from charrnn.decoding.hypothesis import Hypothesis, Poem
    from charrnn.decoding.scoring import TokenScore
    from charrnn.decoding.writer import TextGenerator
    from charrnn.forms.core.writer import FormWriter

COUNT: Final = Setting(help="Poems to write, each with a seed one higher.", minimum=1, kind=int)

ONLY: Final = Setting(help="Print the Nth of these poems alone.", minimum=1, kind=int)


@click.command(
    epilog=examples(
        ("charrnn generate", "a poem by the newest network"),
        ("charrnn generate quatrains --count 4", "four poems by one of your choice"),
        ("charrnn generate --prompt 'The moon'", "a poem that begins so"),
        ("charrnn generate --seed 7 --temperature 0.5", "plainer; the same each time"),
        ("charrnn generate --prompt-file - < poem.txt", "go on with a text"),
        ("charrnn generate --best-of 16 --show-scores", "the best of sixteen drafts"),
        ("charrnn generate --explain", "with what the network had expected"),
        ("charrnn generate --print-command", "and the command that writes it again"),
        ("charrnn generate tang --form qijue --acrostic 春江花月", "a form of verse, kept"),
        ("charrnn generate quatrains --syllables 8,6,8,6 --rhyme ABCB", "one of your own"),
        ("charrnn generate --blend moons=0.7,rivers=0.3", "two networks in agreement"),
        ("charrnn generate --count 9 --json", "with all there is to know"),
    ),
)
@checkpoint_argument
@click.option("--prompt", metavar="TEXT", help="How the poem begins.")
@click.option(
    "--prompt-file",
    type=click.File("rb"),
    metavar="FILE",
    help="Read how the poem begins from a file, without its last line end; - is standard input.",
)
@config_options(SamplingConfig)
@config_options(FormConfig)
@click.option(
    "--count",
    type=SettingType(COUNT),
    default=1,
    help=f"{COUNT.help}  [default: 1; {COUNT.range()}]",
)
@click.option(
    "--show-scores",
    is_flag=True,
    help="Tell on standard error how each poem, and each of its drafts, was judged.",
)
@click.option(
    "--show-scansion",
    is_flag=True,
    help="Show on standard error how each poem keeps its form, as charrnn verify does.",
)
@click.option(
    "--explain",
    is_flag=True,
    help="Colour each character by its surprisal, with the likeliest others beneath.",
)
@click.option(
    "--only",
    type=SettingType(ONLY),
    help=f"{ONLY.help}  [default: all; {ONLY.range()}]",
)
@click.option(
    "--print-command",
    is_flag=True,
    help="Print after each poem, on standard error, the command line that writes it again.",
)
@click.option(
    "--expect",
    type=DigestType(),
    metavar="SHA256",
    help="Refuse to write with any other network; the first twelve digits or more.",
)
@networks_options
@checkpoints_option
@json_option
def generate(
    *,
    checkpoint: str | None,
    prompt: str | None,
    prompt_file: IO[bytes] | None,
    sampling_config: SamplingConfig,
    form_config: FormConfig,
    count: int,
    show_scores: bool,
    show_scansion: bool,
    explain: bool,
    only: int | None,
    print_command: bool,
    expect: str | None,
    blend: str | None,
    unlike: str | None,
    strength: float | None,
    checkpoints: Path,
    as_json: bool,
) -> None:
    """Write poems.

    CHECKPOINT is the name or path of a trained network; without it, the newest one writes. A
    poem ends where the network ends it, or at --length. Characters of the prompt that the
    network has never seen are read as others that it has, and you are told.

    With --form, or with --lines and --syllables or --characters, every poem keeps a form of
    verse, and what is demanded of it on top of that: it has passed what charrnn verify looks at.
    Where no poem can keep all of it, the exit code is 3, and you are told what would work; a poem
    that could not be finished ends with code 4.
    """
    if sampling_config.beam is not None and count > 1:
        raise click.UsageError(
            "--beam finds one poem, however often it searches; leave out --count."
        )
    if only is not None and only > count:
        raise click.UsageError(f"--only {only} goes with a --count that is not less.")
    if show_scansion and not form_config.asked:
        raise click.UsageError("--show-scansion goes with a form of verse; give a --form.")
    use_idle_cores()
    from charrnn.decoding.prompts import describe_substitution
    from charrnn.decoding.writer import with_seed

    text = _beginning(prompt, prompt_file)
    networks = find_networks(
        checkpoint, checkpoints, blend=blend, unlike=unlike, strength=strength
    ).open()
    if expect is not None:
        networks.refuse_others(expect)
    writer = networks.writer
    first = with_seed(sampling_config)
    start = writer.begin(text)
    for substitution in start.substitutions:
        click.echo(describe_substitution(substitution), err=True)
    for note in writer.notes(first):
        click.echo(note, err=True)
    form = _compiled(writer, form_config, first)
    given = given_settings(click.get_current_context(), SamplingConfig)

    def command(number: int, settings: SamplingConfig) -> str:
        """What writes the poem of a number again: in a form, by itself."""
        if form is not None:
            return command_of(networks, text, settings, form.settings, given=given)
        return command_of(networks, text, first, given=given, number=number, count=count)

    if count == 1 and not (as_json or show_scores or show_scansion or explain):
        if form is not None:
            print_lines(form, text, first)
        else:
            print_characters(writer, start, first)
        if print_command:
            click.echo(command(1, first), err=True)
        return
    wanted = _Wanted(
        scores=show_scores,
        command=command if print_command or as_json else None,
        explanation=explain,
        scansion=show_scansion or as_json,
    )
    poems = _poems(writer, start, first, count, only, wanted=wanted, form=form)
    if as_json:
        print_json(networks.facts, poems)
    else:
        print_poems(poems)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _Wanted:
    """What is to be told of a poem."""

    scores: bool
    command: "Callable[[int, SamplingConfig], str] | None"
    explanation: bool
    scansion: bool


def _compiled(
    writer: "TextGenerator", config: FormConfig, sampling: SamplingConfig
) -> "FormWriter | None":
    """The form that was asked for; None where there is none."""
    if not config.asked:
        return None
    from charrnn.forms.core.compile import compile_form

    return compile_form(writer, config, sampling)


def _poems(
    writer: "TextGenerator",
    start: "Hypothesis",
    first: SamplingConfig,
    count: int,
    only: int | None,
    *,
    wanted: _Wanted,
    form: "FormWriter | None",
) -> "Iterator[Told]":
    """Write poems, each with a seed one higher; only one of them is told, where one is asked for."""
    prompt = start.text
    seed = first.seed or 0
    settings = (
        dataclasses.replace(first, seed=seed_after(seed, number)) for number in range(count)
    )
    author = writer if form is None else form
    for number, poem in enumerate(author.write_many(prompt, settings), 1):
        if only is not None and number != only:
            continue
        scores = poem.scores if wanted.scores else ()
        if wanted.scores and not scores:
            scores = (writer.score(prompt, poem.text, poem.log_probabilities),)
        yield Told(
            poem,
            scores=scores,
            command=None if wanted.command is None else wanted.command(number, poem.settings),
            form=form,
            judgement=form.rules.verify(poem.prompt + poem.text)
            if form is not None and wanted.scansion
            else None,
            explanation=_explained(writer, start, poem) if wanted.explanation else None,
        )
        if number == only:
            return


def _explained(writer: "TextGenerator", start: "Hypothesis", poem: "Poem") -> "list[TokenScore]":
    from charrnn.decoding.scoring import score_continuation

    return score_continuation(writer, start, poem.text, ended=poem.ended)


def _beginning(prompt: str | None, file: IO[bytes] | None) -> str:
    """The prompt, typed or in a file; a file's last line end is not part of it."""
    from charrnn.corpus.encoding import decoded, find_encoding

    if prompt is not None and file is not None:
        raise click.UsageError("--prompt and --prompt-file exclude each other; give one of them.")
    if file is None:
        return _printable(prompt or "")
    data = io.BytesIO(file.read())
    name = getattr(file, "name", "<stdin>")
    encoding = find_encoding(data, "standard input" if name == "<stdin>" else name)
    if encoding.note is not None:
        click.echo(encoding.note, err=True)
    text = "".join(decoded(data, encoding))
    return text.removesuffix("\n").removesuffix("\r")


def _printable(argument: str) -> str:
    """An argument of the command line; bytes that are no characters become U+FFFD."""
    return argument.encode(errors="surrogateescape").decode(errors="replace")
