import re
import sys

from hypothesis import given
from hypothesis import strategies as st

from charrnn.corpus.blank_runs import blank_runs


@given(st.text(st.sampled_from("ab \n\t\u3000\xa0诗𠀀\x85\u2003")))
def test_runs_are_those_of_a_regular_expression(text):
    found = [run for runs in blank_runs(text) for run in runs.tolist()]
    expected = [[*run.span(), run.group().count("\n")] for run in re.finditer(r"\s+", text)]
    assert found == expected


def test_all_white_space_is_known():
    blank = "x".join(chr(p) for p in range(sys.maxunicode + 1) if chr(p).isspace())
    runs = [run for runs in blank_runs(blank) for run in runs.tolist()]
    assert len(runs) == blank.count("x") + 1
    text = "".join(chr(p) for p in range(sys.maxunicode + 1) if not chr(p).isspace())
    assert not any(len(runs) for runs in blank_runs(text))
