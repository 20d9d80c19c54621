"""Texts, settings, forms, pronunciations, rhymes, prompts and clusters that nobody would write."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import count
from pathlib import Path

import click

from charrnn.cli import main
from charrnn.cluster import TF_CONFIG, find_cluster
from charrnn.corpus.layout import Spans
from charrnn.corpus.loading import read_corpus
from charrnn.errors import CharrnnError
from charrnn.settings.configuration import CorpusConfig, ModelConfig, SamplingConfig, TrainingConfig
from charrnn.settings.setting import settings_of
from tests.campaign.case import Broken, Case, alternating, check_told, drawn, require
from tests.campaign.damage import NASTY, changed_bytes, changed_json
from tests.campaign.prepared import NAME, Prepared, load_writing, succeed
from tests.campaign.processes import ROOT, Ended, forked

KEPT_FORM = (0, 1, 2, 3, 4)

PARTS = (
    "The moon is a boat on the quiet lake,\n",
    "and I am its only sail.\n",
    "床前明月光，疑是地上霜。\n",
    "舉頭望明月，低頭思故鄉。",
    "\n",
    "\n\n",
    "\n\n\n",
    "\r\n",
    "\r",
    "\x0b",
    "\x0c",
    "\x85",
    "\u2028",
    "\ufeff",
    " ",
    "\t",
    "\u3000",
    "\u00a0",
    "\x00",
    "\x1b[31m",
    "\x07",
    "\u202e",
    "e\u0301",
    "ﬁ",
    "\U0001f319",
    "\ue000",
    "\ufffd",
    "<p>&nbsp;</p>\n",
    '{"title": "x", "paragraphs": ["a", "b"]}\n',
    "title,text\n",
    "-" * 40 + "\n",
    "Chapter 1\n",
    "x" * 3000,
    "a",
)

ENCODINGS = (
    *("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7"),
    *("latin-1", "cp1252", "gb18030", "gbk", "big5", "shift_jis", "euc_kr", "koi8-r"),
)

VALUES = (
    *("", " ", "-1", "0", "1", "2", "3", "0.5", "1e308", "1e999", "nan", "inf", "-inf", "0x1"),
    *("9" * 30, "9" * 5000, "9223372036854775807", "1_000", "½", "１", "x", "月", "\x1b[2J"),
    *("1:0", "1:", ":", "a=1", "a=1,b=2", "=1", "a==1", "a=nan", "月=2,花=-1.5", ",", "ab", "../x"),
    *("e\u0301", "\U0001f319", "none", "off", "auto", "any", "learned", "best", "%s", "{}", "--"),
)

NEVER = {"count", "only", "checkpoints", "checkpoint", "file", "help", "prompt_file", "length"}
"""Parameters that would let a command run for long, or on something else."""

REPL = (
    *("The moon", "月", "", " ", "/more", "/again", "/back", "/help", "/set", "/settings", "/poem"),
    *("/temperature", "/form quatrain", "/form off", "/open moon", "/save", "/seed", "/nothing"),
)


def cases(seed: int, prepared: Prepared) -> Iterator[Case]:
    """One of each kind in turn, for ever."""
    load_writing()
    kinds: dict[str, Callable[[random.Random, Prepared, Path], None]] = {
        "corpus": _corpus,
        "options": _options,
        "settings": _settings,
        "form": _form,
        "lexicon": _lexicon,
        "rhymes": _rhymes,
        "prompt": _prompt,
        "cluster": _cluster,
        "repl": _repl,
    }
    yield from alternating(*(_kind(seed, name, run, prepared) for name, run in kinds.items()))


def _kind(
    seed: int, kind: str, run: Callable[[random.Random, Prepared, Path], None], prepared: Prepared
) -> Iterator[Case]:
    for number in count(1):
        name = f"{kind}-{number}"
        yield Case(name, partial(run, drawn(seed, name), prepared))


def written(draws: random.Random, most: int = 40) -> str:
    """A text of odd parts."""
    return "".join(draws.choice(PARTS) for _ in range(draws.randrange(most)))


def _encoded(draws: random.Random) -> bytes:
    content = written(draws).encode(draws.choice(ENCODINGS), "replace")
    return changed_bytes(draws, content) if content and draws.random() < 0.2 else content


def _corpus(draws: random.Random, prepared: Prepared, directory: Path) -> None:
    """Texts: `corpus check` says something, and what is read is read the same again."""
    paths = [directory / f"{number}.txt" for number in range(draws.choice((1, 1, 2, 5)))]
    for path in paths:
        path.write_bytes(_encoded(draws))
    layout = draws.choice(("auto", "auto", "blocks", "lines", "text"))
    words = ["corpus", "check", *map(str, paths), "--layout", layout]
    check_told(forked(words, directory), (0, 1), usual=_usual(prepared, "check"))
    config = CorpusConfig(layout=layout)
    try:
        corpus = read_corpus([str(path) for path in paths], config)
    except CharrnnError:
        return
    _check_spans(corpus.spans, len(corpus.text))
    text = corpus.text[:]
    again = directory / "again.txt"
    again.write_text(text, encoding="utf-8", newline="")
    copy = read_corpus([str(again)], CorpusConfig(layout=layout, encoding="utf-8"))
    require(copy.text[:] == text, "what was read is not what is read of it")
    require(copy.digest == corpus.digest, "the same text has another digest")


def _check_spans(spans: Spans, length: int) -> None:
    last = 0
    for start, stop in spans[:].tolist():
        require(last <= start < stop <= length, f"a poem from {start} to {stop} of {length}")
        last = stop


def _options(draws: random.Random, prepared: Prepared, directory: Path) -> None:
    """Options of the commands that write and read, with odd values."""
    command = draws.choice(
        ("generate", "generate", "generate", "repl", "evaluate", "info", "score")
    )
    texts = {"score": [str(prepared.text)], "info": []}
    words = [command, NAME, *texts.get(command, [])]
    known = [
        option
        for option in main.commands[command].params
        if isinstance(option, click.Option) and option.name not in NEVER
    ]
    for option in draws.sample(known, min(len(known), draws.choice((1, 1, 2, 3)))):
        words.append(max(option.opts, key=len))
        if not option.is_flag:
            words.append(draws.choice(VALUES))
    if command == "generate":
        words += ["--seed", "1"] + (["--length", "20"] if draws.random() < 0.7 else [])
    ended = forked(words, prepared.finished.parent, stdin=b"The\n")
    check_told(ended, KEPT_FORM, usual=_usual(prepared, "form"))
    require(not any(directory.iterdir()), "files are written where nobody asked for them")


def _settings(draws: random.Random, prepared: Prepared, directory: Path) -> None:
    """Settings in Python: a value of any kind is taken or refused."""
    del prepared, directory
    kind = draws.choice((CorpusConfig, ModelConfig, TrainingConfig, SamplingConfig))
    settings = settings_of(kind)
    names = draws.sample(sorted(settings), draws.choice((1, 1, 2)))
    try:
        kind(**{name: draws.choice((*NASTY, *VALUES)) for name in names})
        for name in names:
            settings[name].parse(draws.choice(VALUES))
    except CharrnnError:
        return
    except Exception as error:
        raise Broken(f"{kind.__name__} of {names}: {error!r}") from error


def _form(draws: random.Random, prepared: Prepared, directory: Path) -> None:
    """Forms of verse in TOML, changed here and there."""
    path = draws.choice(sorted((ROOT / "charrnn/forms/known").glob("*.toml")))
    lines = path.read_text(encoding="utf-8").split("\n")
    for _ in range(draws.choice((1, 1, 2, 4))):
        place = draws.randrange(len(lines))
        lines[place] = _changed_line(draws, lines[place])
    content = "\n".join(lines).encode("utf-8", "surrogatepass")
    if draws.random() < 0.2:
        content = changed_bytes(draws, content)
    (directory / "form.toml").write_bytes(content)
    words = draws.choice(
        (
            ["verify", "form.toml", str(prepared.text)],
            ["forms", "show", "form.toml"],
            ["generate", str(prepared.finished / NAME), "--form", "form.toml", "--seed", "1"],
        )
    )
    check_told(forked(words, directory), KEPT_FORM, usual=_usual(prepared, "form"))


def _changed_line(draws: random.Random, line: str) -> str:
    key, _, _ = line.partition("=")
    value = draws.choice((*VALUES, "[]", "{}", "[[1]]", '"u/u/"', "true", "1979-05-27", "[" * 5000))
    return draws.choice(
        (
            "",
            line * 2,
            f"{line}\n{line}",
            f"{key}= {value}",
            f'{key}= "{value}"',
            f"{key}= {json.dumps(draws.choice(NASTY))}",
            line.replace("8", draws.choice(("0", "-1", "9" * 20, "1.5", "8, 9"))),
            line.replace("u", draws.choice(("", "/", "?", "平", "u|"))),
            line.replace('"', ""),
        )
    )


def _lexicon(draws: random.Random, prepared: Prepared, directory: Path) -> None:
    """Pronunciations in the format of CMUdict."""
    words = ("moon", "MOON(2)", "boat", "", "月", "a" * 500, "'", ";;;", "x y")
    sounds = ("M UW1 N", "B OW1 T", "", "UW", "UW9", "QQ", "m uw1 n", "1", "M  UW1", "# AA1")
    lines = [f"{draws.choice(words)}  {draws.choice(sounds)}" for _ in range(draws.randrange(30))]
    _give_table(draws, directory, "\n".join(lines))
    words_given = ["verify", "quatrain", str(prepared.text), "--lexicon", "table"]
    check_told(forked(words_given, directory), KEPT_FORM, usual=_usual(prepared, "form"))


def _rhymes(draws: random.Random, prepared: Prepared, directory: Path) -> None:
    """Rhyme classes of Chinese characters."""
    parts = (
        "东",
        "冬",
        "江",
        "平",
        "仄",
        "上平一东",
        "东 平",
        "月",
        "\t",
        " ",
        ",",
        "x",
        "",
        "#",
        "：",
    )
    lines = [
        "".join(draws.choice(parts) for _ in range(draws.randrange(6)))
        for _ in range(draws.randrange(40))
    ]
    _give_table(draws, directory, "\n".join(lines))
    (directory / "poem.txt").write_text("朝辞白帝彩云间，千里江陵一日还。\n", encoding="utf-8")
    words = ["verify", "qijue", "poem.txt", "--rhymes", "./table"]
    check_told(forked(words, directory), KEPT_FORM, usual=_usual(prepared, "form"))


def _give_table(draws: random.Random, directory: Path, text: str) -> None:
    content = text.encode(draws.choice(ENCODINGS), "replace")
    if draws.random() < 0.3:
        content = changed_bytes(draws, content)
    (directory / "table").write_bytes(content)


def _prompt(draws: random.Random, prepared: Prepared, directory: Path) -> None:
    """First words in any characters, on the command line and in a file."""
    words = ["generate", NAME, "--seed", "1", "--length", "20"]
    if draws.random() < 0.5:
        words += [f"--prompt={written(draws, 8)}"]
    else:
        (directory / "prompt").write_bytes(_encoded(draws))
        words += ["--prompt-file", str(directory / "prompt")]
    ended = forked(words, prepared.finished.parent)
    check_told(ended, usual=_usual(prepared, "check"))


def _cluster(draws: random.Random, prepared: Prepared, directory: Path) -> None:
    """Clusters in TF_CONFIG and in options."""
    del prepared, directory
    addresses = ("a:1", "[::1]:2", "a", "a:99999", ":1", "a:b", "", 1, None, "a:1", "b:2", "\x1b:1")
    document = {
        "cluster": {
            draws.choice(("worker", "chief", "ps", "x")): draws.choices(addresses, k=2),
            "worker": draws.choices(addresses, k=draws.randrange(4)),
        },
        "task": {"type": draws.choice(("worker", "chief", "x")), "index": draws.choice(NASTY)},
    }
    text = json.dumps(document)
    if draws.random() < 0.6:
        text = changed_json(draws, text.encode()).decode("utf-8", "replace")
    workers = draws.choice((None, None, *VALUES, "a:1,b:2", "a:1,a:1"))
    index = draws.choice((None, None, 0, 1, -1, 10**20))
    try:
        find_cluster(workers, index, {TF_CONFIG: text})
    except CharrnnError:
        return
    except Exception as error:
        raise Broken(f"{workers!r}, {index!r}, {text[:300]!a}: {error!r}") from error


def _repl(draws: random.Random, prepared: Prepared, directory: Path) -> None:
    """Lines of a conversation."""
    lines = []
    for _ in range(draws.randrange(1, 6)):
        line = draws.choice((*REPL, written(draws, 3)))
        lines.append(f"{line} {draws.choice(VALUES)}" if draws.random() < 0.4 else line)
    said = "\n".join(lines).encode("utf-8", "surrogatepass")
    words = ["repl", str(prepared.finished / NAME), "--length", "10", "--seed", "1"]
    ended = forked(words, directory, stdin=said)
    require("Traceback" not in ended.err and "fault in" not in ended.err, f"{ended}")
    require(ended.code in {0, 1, 2} and not ended.hung, f"{lines}: {ended}")


@cache
def _usual(prepared: Prepared, command: str) -> Ended:
    """What it takes to read the text, or to verify a form."""
    known: dict[str, Sequence[str]] = {
        "check": ("corpus", "check", str(prepared.text)),
        "form": ("verify", "quatrain", str(prepared.text)),
    }
    ended = forked(known[command], prepared.finished.parent)
    return ended if ended.code in KEPT_FORM else succeed(ended)
