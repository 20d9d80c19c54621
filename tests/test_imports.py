"""What is slow to import is imported by the commands that need it, and by nothing else."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import charrnn
from charrnn.cli import main
from tests.fakes import write_run

PACKAGE = Path(charrnn.__file__).parent

SLOW = {"tensorflow", "keras", "numpy", "h5py", "rich", "prompt_toolkit", "charset_normalizer"}

LEVELS = [
    {"cluster", "errors", "input_files", "settings", "signals", "wording"},
    {"checkpoint"},
    {"corpus"},
    {"model"},
    {"decoding"},
    {"forms", "probing"},
    {"training"},
    {"cli"},
]
"""The rooms of the package: each imports from itself and from those above it in this list."""

STRANGERS = [
    ("decoding", "model"),
    ("training", "decoding"),
    ("training", "forms"),
    ("forms", "model"),
    ("forms", "probing"),
    ("probing", "forms"),
    ("probing", "model"),
    ("training", "probing"),
]
"""Rooms that know nothing of one another all the same."""


def _imported(code: str) -> set[str]:
    """The top-level packages that a fresh Python has imported after some code."""
    program = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in json.loads(result.stdout.splitlines()[-1])}


def _commands(group: click.Group, *names: str) -> Iterator[tuple[str, ...]]:
    yield names
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, *names, name)
        else:
            yield (*names, name)


@pytest.mark.parametrize(
    "names", list(_commands(main)), ids=lambda names: " ".join(names) or "charrnn"
)
def test_help_imports_nothing_slow(names: tuple[str, ...]) -> None:
    code = (
        "from charrnn.cli import main\n"
        f"try: main({[*names, '--help']!r})\n"
        "except SystemExit as leaving: assert leaving.code == 0"
    )
    assert not _imported(code) & SLOW


def test_the_package_itself_imports_nothing_slow() -> None:
    code = "import charrnn; charrnn.SamplingConfig(); charrnn.__version__"
    assert not _imported(code) & (SLOW | {"click"})


def test_information_needs_no_numpy(tmp_path: Path) -> None:
    write_run(tmp_path / "moons")
    for arguments in (["info"], ["info", "moons"], ["info", "moons", "--json"]):
        code = (
            "from charrnn.cli import main\n"
            f"try: main({[*arguments, '--checkpoints', str(tmp_path)]!r})\n"
            "except SystemExit as leaving: assert leaving.code == 0"
        )
        assert not _imported(code) & {"tensorflow", "keras", "numpy", "h5py"}


def test_keras_will_run_on_tensorflow_unless_the_user_chose() -> None:
    program = "import charrnn, os; print(os.environ['KERAS_BACKEND'])"
    for given, chosen in (({}, "tensorflow"), ({"KERAS_BACKEND": "jax"}, "jax")):
        result = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONPATH": str(PACKAGE.parent), **given},
        )
        assert result.stdout.strip() == chosen


def _imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


MODULES = sorted(
    path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem[:2] != "__"
)


def _room(name: str) -> int:
    return next(level for level, rooms in enumerate(LEVELS) if name in rooms)


@pytest.mark.parametrize(
    "path", MODULES, ids=[path.relative_to(PACKAGE).as_posix() for path in MODULES]
)
def test_imports_run_downwards(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    level = _room(room)
    for name in _imports_of(path):
        top, _, rest = name.partition(".")
        if top == "charrnn" and rest:
            assert _room(rest.partition(".")[0]) <= level, name
            assert (room, rest.partition(".")[0]) not in STRANGERS, name
        if top in {"tensorflow", "keras"}:
            assert path.parent.name in {"model", "training"} or _only_for_types(path, name)
        if top in {"click", "rich", "prompt_toolkit"}:
            assert path.parent.name == "cli"


def _only_for_types(path: Path, name: str) -> bool:
    """Whether a module is imported under TYPE_CHECKING alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    guarded = [
        node
        for node in tree.body
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node)
    ]
    return any(f"import {name}" in ast.unparse(node) for node in guarded)


FORMS = PACKAGE / "forms"


@pytest.mark.parametrize(
    ("name", "own", "others"),
    [("wujue", "chinese", "english"), ("couplet", "english", "chinese")],
)
def test_a_form_is_compiled_without_the_other_languages(name: str, own: str, others: str) -> None:
    """Finding a form, opening its rules and importing its automaton and its verifier."""
    code = (
        "import contextlib, sys\n"
        "from charrnn import CharrnnError, FormConfig\n"
        "from charrnn.forms.core import compile, known_forms, language\n"
        f"config = FormConfig(form={name!r})\n"
        "form = known_forms.requested_form(config)\n"
        "with contextlib.suppress(CharrnnError): language.open_rules(form, config, list)\n"
        f"import charrnn.forms.{own}.automaton, charrnn.forms.{own}.verify\n"
        f"assert not [one for one in sys.modules if one.startswith('charrnn.forms.{others}')]"
    )
    _imported(code)


def test_core_knows_no_language() -> None:
    for path in (FORMS / "core").glob("*.py"):
        for name in _imports_of(path):
            assert not name.startswith(("charrnn.forms.chinese", "charrnn.forms.english")), path


@pytest.mark.parametrize("language", ["chinese", "english"])
def test_a_verifier_and_an_automaton_share_the_tables_of_sounds_alone(language: str) -> None:
    room = f"charrnn.forms.{language}."

    def reached(module: str, known: set[str]) -> set[str]:
        """The modules of the language that a module needs, itself among them."""
        known.add(module)
        for name in set(_imports_of(FORMS / language / f"{module}.py")):
            if name.startswith(room) and (one := name.removeprefix(room)) not in known:
                reached(one, known)
        return known

    shared = reached("verify", set()) & reached("automaton", set())
    assert shared <= SOUNDS[language]


SOUNDS = {
    "chinese": {"sounds"},
    "english": {
        "inflection",
        "letter_to_sound",
        "lexicon",
        "pronunciation",
        "scansion",
        "words",
    },
}
"""How a language sounds: what its verifier and its automaton have in common."""


def test_packages_hold_no_code_but_the_two_that_are_entrances() -> None:
    for path in PACKAGE.rglob("__init__.py"):
        if path.parent.name in {"charrnn", "cli"}:
            continue
        (only,) = ast.parse(path.read_text(encoding="utf-8")).body
        assert isinstance(only, ast.Expr), path
