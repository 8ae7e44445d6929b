"""What a refusal of something given must look like."""

import pytest

from mtor_abm.errors import UserError


def refused(call, *words):
    """See that it is one line with a cure that holds these words."""
    with pytest.raises(UserError) as fault:
        call()
    line = str(fault.value)
    assert line.isprintable() and ";" in line, line
    for word in words:
        assert word in line, line
