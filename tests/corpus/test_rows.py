import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.corpus import temporary
from charrnn.corpus.rows import RowsWriter, as_array, blocks

parts = st.lists(st.lists(st.tuples(st.integers(-9, 2**40), st.integers(0, 9)), max_size=5))


@given(parts, st.sampled_from([0, 20, 60, 1 << 24]), st.integers(-40, 40), st.integers(-40, 40))
def test_rows_are_the_same_in_memory_and_in_a_file(parts, long, start, stop):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(temporary, "LONG", long)
        writer = RowsWriter(np.int64, (2,))
        for part in parts:
            writer.append(np.array(part, np.int64).reshape(-1, 2))
        rows = writer.finish()
    whole = np.array([row for part in parts for row in part], np.int64).reshape(-1, 2)
    assert isinstance(rows, np.ndarray) == (whole.nbytes <= long)
    assert len(rows) == len(whole)
    assert rows.dtype == np.int64
    np.testing.assert_array_equal(as_array(rows), whole)
    np.testing.assert_array_equal(rows[start:stop], whole[start:stop])
    for block, expected in zip(blocks(rows, 3), blocks(whole, 3), strict=True):
        np.testing.assert_array_equal(block, expected)


def test_stored_rows_are_read_in_order_only(monkeypatch):
    monkeypatch.setattr(temporary, "LONG", 0)
    writer = RowsWriter(np.uint8)
    writer.append(np.arange(5, dtype=np.uint8))
    rows = writer.finish()
    assert rows[1:3].tolist() == [1, 2]
    with pytest.raises(ValueError, match="in order"):
        rows[::2]
