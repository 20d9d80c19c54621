"""The command line: one group of commands."""

import click

from charrnn.cli import (
    corpus,
    evaluate,
    forms,
    generate,
    info,
    novelty,
    pack,
    repl,
    score,
    train,
    verify,
)
from charrnn.cli.failures import ErrorsShown
from charrnn.cli.options import examples


@click.group(
    cls=ErrorsShown,
    context_settings={
        "auto_envvar_prefix": "CHARRNN",
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
    },
    epilog=examples(
        ("charrnn train", "learn the bundled quatrains"),
        ("charrnn generate", "write a poem"),
        ("charrnn train poems.txt --minutes 5", "learn a file of your own"),
        ("charrnn repl", "write with the network, turn by turn"),
        ("charrnn COMMAND --help", "all there is to know about a command"),
    ),
)
@click.version_option(package_name="charrnn", prog_name="charrnn")
@click.option("--debug", is_flag=True, help="Show where an error came from.")
def main(debug: bool) -> None:
    """Teach a small network to write poems like yours, letter by letter.

    It reads your poems, or some that come with it, and learns in minutes on a laptop. Then it
    writes new ones, alone or together with you.
    """
    del debug  # Read from the context by ErrorsShown.


for command in (
    train.train,
    generate.generate,
    repl.repl,
    evaluate.evaluate,
    score.score,
    novelty.novelty,
    info.info,
    pack.pack,
    corpus.corpus,
    forms.forms,
    verify.verify,
):
    main.add_command(command)
