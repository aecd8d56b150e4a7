"""What we use of OmegaConf's inside, for it offers no other way; all of it is here.

- `BaseContainer._resolvers`, to leave them as they were, and to add to them: what adds to them in
  2.3, `register_new_resolver`, warns in 2.4, and what does so in 2.4 is another function in 2.3;
- `get_yaml_loader`, which libyaml makes ten times as fast;
- `parse`, which reads the same few texts with interpolations again and again, in milliseconds each.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import yaml
from omegaconf import OmegaConf, _utils, base, grammar_parser
from omegaconf.basecontainer import BaseContainer

Names = Sequence[tuple[object, str, Any]]
"""Of modules and classes, and what they are to stand for."""

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


def own_resolvers() -> Names:
    """A table of resolvers apart: what is registered meanwhile is not known afterwards."""
    return ((BaseContainer, "_resolvers", dict(BaseContainer._resolvers)),)


def register_resolver(name: str, resolver: Callable[..., object]) -> None:
    """Makes OmegaConf compute `${name:…}` with a function of what it is given."""
    BaseContainer._resolvers[name] = lambda config, parent, node, given, texts: resolver(*given)


def register_kept(name: str, resolver: Callable[..., object]) -> None:
    """The same; in one configuration, what was computed once is computed no more."""

    def kept(config: Any, parent: Any, node: Any, given: Sequence[Any], texts: Any) -> object:
        found = OmegaConf.get_cache(config)[name]
        if texts not in found:
            found[texts] = resolver(*given)
        return found[texts]

    BaseContainer._resolvers[name] = kept


@contextmanager
def substituted(names: Names) -> Iterator[None]:
    """While entered, names stand for other things, where there are such names."""
    there = [each for each in names if hasattr(*each[:2])]
    given = [(owner, name, getattr(owner, name)) for owner, name, _ in there]
    try:
        for owner, name, thing in there:
            setattr(owner, name, thing)
        yield
    finally:
        for owner, name, thing in given:
            setattr(owner, name, thing)
