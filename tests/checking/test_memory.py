import resource

import pytest

from runner.checking.memory import available_memory, check_memory
from runner.errors import SettingsError


def test_what_the_shell_allows_is_all_the_memory_there_is() -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (1 << 33, before[1]))
    try:
        allowed = available_memory()
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    assert allowed == min(1 << 33, available_memory())


def test_what_needs_more_is_refused_with_both_numbers() -> None:
    check_memory(available_memory(), "all of it", "take less", SettingsError)
    with pytest.raises(SettingsError, match=r"too much; about .* GiB are needed, this machine has"):
        check_memory(available_memory() + 1, "too much", "take less", SettingsError)
