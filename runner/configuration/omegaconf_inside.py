"""What we use of OmegaConf's inside, beside `BaseContainer._resolvers` in `hydra_inside`.

- `get_yaml_loader`, which libyaml makes ten times as fast;
- `parse`, which reads the same few texts with interpolations again and again, in milliseconds each.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from types import ModuleType
from typing import Any

import yaml
from omegaconf import _utils, base, grammar_parser

Names = Sequence[tuple[ModuleType, str, Any]]
"""Of modules, and what they are to stand for."""

own_yaml_loader: Any = getattr(_utils, "get_yaml_loader", None)
"""OmegaConf 2.4 has it elsewhere, and libyaml by itself."""


def yaml_loader() -> type[yaml.SafeLoader]:
    """OmegaConf's, which makes of YAML what it always does; libyaml, in C, parses it."""
    fast = (yaml.CSafeLoader,) if hasattr(yaml, "CSafeLoader") else ()
    return type("Loader", (*fast, own_yaml_loader()), {})


parse = lru_cache(maxsize=1024)(grammar_parser.parse)
QUICK: Names = (
    (_utils, "get_yaml_loader", yaml_loader),
    (_utils, "parse", parse),
    (base, "parse", parse),
)
"""What stands for names of OmegaConf's."""
OWN: Names = ((_utils, "get_yaml_loader", own_yaml_loader),)
"""What stood there before."""


@contextmanager
def replaced(names: Names) -> Iterator[None]:
    """While entered, names in modules stand for other things, where modules have them."""
    there = [each for each in names if hasattr(*each[:2])]
    given = [(module, name, getattr(module, name)) for module, name, _ in there]
    try:
        for module, name, thing in there:
            setattr(module, name, thing)
        yield
    finally:
        for module, name, thing in given:
            setattr(module, name, thing)
