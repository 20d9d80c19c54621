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
    reach,
    repl,
    score,
    train,
    verify,
)
from charrnn.cli.options import examples
from charrnn.cli.process import ErrorsShown


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
        ("charrnn train poems.txt --minutes 5", "learn your own poems"),
        ("charrnn repl", "write together with the network"),
        ("charrnn COMMAND --help", "all options of a command"),
    ),
)
@click.version_option(package_name="charrnn", prog_name="charrnn")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(debug: bool) -> None:
    """Teach a small network to write poems like yours, letter by letter.

    It learns your poems, or bundled ones, in minutes on a laptop. Then it writes new ones, alone
    or together with you.
    """
    del debug  # ErrorsShown reads it from the context.


for command in (
    train.train,
    generate.generate,
    repl.repl,
    evaluate.evaluate,
    score.score,
    novelty.novelty,
    reach.reach,
    info.info,
    pack.pack,
    corpus.corpus,
    forms.forms,
    verify.verify,
):
    main.add_command(command)
