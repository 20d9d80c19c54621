"""`charrnn generate`: write poems, and print them while they are written."""

import dataclasses
import io
import itertools
import re
import shlex
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from charrnn.cli.appearance import Appearance
from charrnn.cli.networks import OpenedNetworks, find_networks, networks_options
from charrnn.cli.options import (
    checkpoint_argument,
    checkpoints_option,
    config_options,
    examples,
    flag,
    given_settings,
    json_option,
    option_name,
    setting_option,
)
from charrnn.cli.poem_display import (
    PoemReport,
    is_cut,
    print_poems,
    print_poems_as_json,
    stream_characters,
    stream_lines,
)
from charrnn.cli.process import print_notes, tell, use_idle_cores
from charrnn.cli.writing_defaults import Writing, settled_writing, without_own_form
from charrnn.errors import CorpusError, FormConflictError, FormError
from charrnn.forms.core.config import FormConfig
from charrnn.input_files import STANDARD_INPUT, read_input
from charrnn.settings.configuration import SamplingConfig, seed_after
from charrnn.settings.setting import AUTO, Configuration, Notation, Setting, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from charrnn.decoding.hypothesis import Poem
    from charrnn.decoding.writer import TextGenerator
    from charrnn.forms.core.writer import FormWriter

COUNT: Final = Setting(help="Number of poems; each has a seed one higher.", minimum=1, kind=int)

ONLY: Final = Setting(help="Of these, print only the Nth.", minimum=1, kind=int, unset="all")

DIGITS: Final = 16
"""Digits of a SHA-256 in a command line: no two networks share them by chance."""


def _check_digest(text: str) -> None:
    if re.fullmatch("[0-9a-fA-F]{12,64}", text) is None:
        raise ValueError


EXPECT: Final = Setting(
    help="Refuse any network whose SHA-256 does not begin with these 12 or more digits.",
    unset="any network",
    notation=Notation("SHA256", "12 to 64 hexadecimal digits of a SHA-256", _check_digest),
)


@click.command(
    epilog=examples(
        ("charrnn generate", "a poem by the newest network"),
        ("charrnn generate quatrains --count 4", "four poems by another network"),
        ("charrnn generate --prompt 'The moon'", "a poem with these first words"),
        ("charrnn generate --seed 7 --temperature 0.5", "plainer; the same each time"),
        ("charrnn generate --prompt-file - < poem.txt", "continue a text"),
        ("charrnn generate --best-of 16 --show-scores", "the best of sixteen drafts"),
        ("charrnn generate --explain", "what the network expected at each character"),
        ("charrnn generate --print-command", "and the command that writes it again"),
        ("charrnn generate shi --form qijue --acrostic 春江花月", "in a form of verse"),
        ("charrnn generate quatrains --syllables 8,6,8,6 --rhyme ABCB", "your own form"),
        ("charrnn generate --blend moons=0.7,rivers=0.3", "by two networks together"),
        ("charrnn generate --count 9 --json", "for programs"),
    ),
)
@checkpoint_argument
@click.option("--prompt", metavar="TEXT", help="First words of the poem.")
@click.option(
    "--prompt-file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Read the first words from a file, without its last line end; - is standard input.",
)
@config_options(SamplingConfig)
@config_options(FormConfig)
@setting_option("count", COUNT, 1)
@flag("--show-scores", "Print the score of each poem and of its drafts to standard error.")
@flag(
    "--show-scansion",
    "Print the scansion of each poem to standard error, as charrnn verify does.",
)
@flag("--explain", "Print the surprisal of each character, and the likeliest others, beneath it.")
@setting_option("only", ONLY)
@flag("--print-command", "Print the command line that writes each poem again to standard error.")
@setting_option("expect", EXPECT)
@networks_options
@checkpoints_option
@json_option
def generate(
    *,
    checkpoint: str | None,
    prompt: str | None,
    prompt_file: str | None,
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

    CHECKPOINT is the name or path of a trained network; without it, the newest one writes. A poem
    ends where the network ends it, or at --length. If the network does not know a character of the
    prompt, it reads another one instead and tells you.

    With --form, or with --syllables or --characters, every poem is in that form of verse and meets
    the other requirements (--acrostic, --must and so on); charrnn verify has checked it. If no poem
    can meet them all, the exit code is 3 and you are told what would work. If a poem could not be
    finished, the exit code is 4.
    """
    use_idle_cores()
    from charrnn.decoding.batch import with_seed
    from charrnn.decoding.prompts import describe_substitution, line_ends_within

    text = _prompt(prompt, prompt_file)
    found = find_networks(checkpoint, checkpoints, blend=blend, unlike=unlike, strength=strength)
    context = click.get_current_context()
    given = given_settings(context, SamplingConfig) | given_settings(context, FormConfig)
    writing = settled_writing(found.writing, sampling_config, form_config, given)
    _refuse_contradictions(writing, count, only, show_scansion)
    networks = found.open()
    if expect is not None:
        networks.expect(expect.lower())
    first = with_seed(writing.sampling)
    writer = networks.writer.conditioned(first)
    appearance = Appearance.of(writer, first)  # Refuses a script without Chinese.
    start = writer.begin(text)
    text = start.text  # As it was read, which is what is shown.
    print_notes(map(describe_substitution, start.substitutions))
    print_notes(writer.notes(first))
    form = _compiled(writer, writing._replace(sampling=first), text)
    if form is not None:
        print_notes([*map(describe_substitution, form.substitutions), *form.notes(text)])

    def command(number: int, sampling: SamplingConfig) -> str:
        if form is not None:  # Poems in a form are written one by one.
            return _command(networks, text, sampling, form.settings, given=given)
        command = _command(networks, text, first, given=given, number=number, count=count)
        return f"{command} --form off" if "form" in found.writing else command

    if count == 1 and not (as_json or show_scores or show_scansion or explain):
        if form is not None:
            stream_lines(form, text, first)
        else:
            stream_characters(writer, start, first)
        if print_command:
            click.echo(command(1, first), err=True)
        return

    def report(number: int, poem: "Poem") -> PoemReport:
        judgement = explanation = None
        scores = poem.scores if show_scores else ()
        if show_scores and not scores:
            scores = (writer.score(text, poem.text, poem.log_probabilities),)
        if form is not None and (show_scansion or as_json):
            judgement = form.rules.verify(poem.prompt + poem.text)
        if explain:
            from charrnn.decoding.scoring import score_continuation

            explanation = score_continuation(writer, start, poem.text, ended=poem.ended)
        return PoemReport(
            poem=poem,
            cut=is_cut(poem, first, writer),
            scores=scores,
            command=command(number, poem.settings) if print_command or as_json else None,
            explanation=explanation,
            form=form,
            judgement=judgement,
        )

    poems = itertools.islice(_poems(writer if form is None else form, text, first, count), only)
    reports = (report(number, poem) for number, poem in poems if only in {None, number})
    if as_json:
        print_poems_as_json(networks.facts, reports)
    else:
        # A poem may have blank lines inside if the corpus has.
        inside = line_ends_within(writer.layout, stanzas=writer.stanzas)
        print_poems(
            reports,
            blank_lines=1 if inside in {0, 1} else 2,
            appearance=appearance,
        )


def _compiled(writer: "TextGenerator", writing: Writing, prompt: str) -> "FormWriter | None":
    """Who writes in the form that is wanted; a network's own form steps aside where it cannot be kept."""
    if not writing.form.asked:
        return None
    from charrnn.forms.core.compile import compile_form

    try:
        form = compile_form(writer, writing.form, writing.sampling)
        if writing.by_default and prompt:
            form.check_prompt(prompt)
    except (FormConflictError, FormError) as error:
        if not writing.by_default:
            raise
        tell(without_own_form(writing.form, error))
        return None
    return form


def _refuse_contradictions(
    writing: Writing, count: int, only: int | None, show_scansion: bool
) -> None:
    sampling, form, _ = writing
    if sampling.beam is not None and count > 1:
        raise click.UsageError("--beam always finds the same poem; leave out --count.")
    if only is not None and only > count:
        raise click.UsageError(f"--only {only} needs a --count of at least {only}.")
    if show_scansion and not form.asked:
        raise click.UsageError("--show-scansion needs a form of verse; give a --form.")


def _poems(
    author: "TextGenerator | FormWriter", prompt: str, first: SamplingConfig, count: int
) -> "Iterator[tuple[int, Poem]]":
    """Write poems, each with a seed one higher, and number them from 1."""
    seed = first.seed or 0
    settings = (dataclasses.replace(first, seed=seed_after(seed, one)) for one in range(count))
    return enumerate(author.write_many(prompt, settings), 1)


def _prompt(prompt: str | None, file: str | None) -> str:
    """Return the prompt; that of a file has no line end at its end."""
    from charrnn.corpus.encoding import decoded, find_encoding

    if prompt is not None and file is not None:
        raise click.UsageError("--prompt and --prompt-file exclude each other; give one of them.")
    if file is None:
        # Bytes that are not characters become U+FFFD.
        return (prompt or "").encode(errors="surrogateescape").decode(errors="replace")
    name = "standard input" if file == STANDARD_INPUT else file
    try:
        data = io.BytesIO(read_input(Path(file)))
    except OSError as error:
        raise CorpusError(f"{name} cannot be read: {error.strerror}.") from error
    encoding = find_encoding(data, name)
    if encoding.note is not None:
        tell(encoding.note)
    text = "".join(decoded(data, encoding))
    return text.removesuffix("\n").removesuffix("\r")


def _command(
    networks: OpenedNetworks,
    prompt: str,
    sampling: SamplingConfig,
    form: FormConfig | None = None,
    *,
    given: Collection[str] = (),
    number: int = 1,
    count: int = 1,
) -> str:
    """Return the command line that writes a poem again, quoted for a shell.

    The poem has this number, from 1, in a batch of `count` poems. Sums are rounded differently in
    another batch, so only the same batch gives the same poem to the letter. The seed is that of the
    first poem of the batch. The `given` settings are printed even if they have their default value.
    """
    words = ["charrnn", "generate", *networks.arguments]
    words += _option("--prompt", prompt) if prompt else ()
    words += _settings(sampling, given)
    words += _settings(form, given) if form is not None else ()
    if count > 1:
        words += ["--count", str(count), "--only", str(number)]
    return shlex.join([*words, "--expect", networks.sha256[:DIGITS]])


def _settings(configuration: Configuration, given: Collection[str]) -> "Iterator[str]":
    """Yield the options of the settings that differ from their default, or were given."""
    defaults = type(configuration)()
    for name, setting in settings_of(type(configuration)).items():
        value = getattr(configuration, name)
        if value == getattr(defaults, name) and name not in given:
            continue
        if setting.kind is bool and value is not None:
            yield option_name(name if value else f"no_{name}")
        else:
            yield from _option(option_name(name), AUTO if value is None else setting.spelled(value))


def _option(name: str, value: str) -> tuple[str, ...]:
    """Return an option with its value; a value may begin with a dash."""
    return (f"{name}={value}",) if value.startswith("-") else (name, value)
