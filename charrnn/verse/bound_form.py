"""A form of verse that is bound to a network: what writes in it."""

from collections.abc import Collection
from dataclasses import dataclass

from charrnn.generation.writer import TextGenerator
from charrnn.poetry.form import Form
from charrnn.settings.configuration import FormConfig
from charrnn.verse.automaton import Automaton
from charrnn.verse.poet import Poet
from charrnn.verse.standard import Standard


@dataclass(frozen=True, slots=True, eq=False)
class BoundForm:
    """A form of verse, with what is demanded of it, for one network.

    Attributes:
        settings: What was asked for, with what charrnn chose filled in.
        form: The form as it is written, before a profile loosens it.
        standard: What poems are held to.
        automaton: What the network may write.
        words: The words of it in English; none in Chinese.
    """

    settings: FormConfig
    form: Form
    standard: Standard
    automaton: Automaton
    words: Collection[str] = ()

    def poet(self, writer: TextGenerator) -> Poet:
        """What writes in the form with the network that it was bound to."""
        return Poet(
            writer,
            self.automaton,
            self.standard.judge,
            self.standard.form,
            particles=self.settings.particles,
            choose=self.settings.choose,
        )
