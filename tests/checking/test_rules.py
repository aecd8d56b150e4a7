import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.checking.rules import (
    Rule,
    choice,
    flag,
    integer,
    number,
    one_or_many,
    optional,
    path,
    shown,
    text,
)
from runner.errors import SettingsError

RULES: dict[str, Rule] = {
    "number": number(above=0, below=10),
    "integer": integer(at_least=1, at_most=9),
    "choice": choice(("left", "right")),
    "flag": flag,
    "text": text,
    "path": path,
    "optional": optional(integer(at_least=1)),
    "one_or_many": one_or_many(text),
}
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=300)
    | st.dates()
    | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@pytest.mark.parametrize("name", RULES)
@given(value=VALUES)
def test_any_value_is_taken_or_refused_in_one_line(name: str, value: object) -> None:
    try:
        RULES[name]("a.key", value)
    except SettingsError as error:
        message = str(error)
        assert message.startswith("a.key=")
        assert message.isprintable()
        assert len(message) < 300


@given(st.floats() | st.integers())
def test_a_number_in_range_is_a_finite_float(value: float) -> None:
    try:
        checked = number(above=0, below=10)("key", value)
    except SettingsError:
        assert not 0 < value < 10
    else:
        assert isinstance(checked, float)
        assert 0 < checked < 10


@pytest.mark.parametrize(
    ("rule", "value", "expected"),
    [
        (number(), 3, 3.0),
        (number(at_least=0), 0, 0.0),
        (integer(at_least=1), 1, 1),
        (optional(number()), None, None),
        (one_or_many(text), "a", ("a",)),
        (one_or_many(text), ["a", "b"], ("a", "b")),
        (flag, False, False),
        (choice(("a", "b")), "b", "b"),
    ],
)
def test_a_good_value_is_taken(rule: Rule, value: Any, expected: Any) -> None:
    checked = rule("key", value)
    assert checked == expected
    assert type(checked) is type(expected)


@pytest.mark.parametrize(
    ("rule", "value", "message"),
    [
        (number(above=0), math.nan, "key=nan is not finite; expected a number above 0"),
        (number(), "x", "key='x' is not a number; expected a number"),
        (
            number(at_least=0, below=1),
            1,
            "key=1 is out of range; expected a number of at least 0 and below 1",
        ),
        (
            integer(at_least=2),
            True,
            "key=true is not a whole number; expected a whole number of at least 2",
        ),
        (
            choice(("left", "right")),
            "lift",
            "key='lift' is unknown; did you mean 'left'? choose from left, right",
        ),
        (one_or_many(text), [], "key=[] is empty; expected at least one value"),
        (path, "", "key='' is not a path; expected a file, e.g. key=data.csv"),
    ],
)
def test_the_message_names_key_value_and_expectation(
    rule: Rule, value: object, message: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        rule("key", value)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "true"),
        ("a", "'a'"),
        (1.5, "1.5"),
        ("\x1b[31m", "'\\x1b[31m'"),
        ("x" * 100, "'" + "x" * 56 + "..."),
    ],
)
def test_a_value_is_shown_short_and_harmless(value: object, expected: str) -> None:
    assert shown(value) == expected
