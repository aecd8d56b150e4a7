"""Dropout: units left out at random in each training step, the others strengthened for it.

Source: Srivastava et al. 2014; the inverted kind, which leaves prediction as it is.
"""

from dataclasses import dataclass
from typing import Annotated

from runner.checking.parsing import said
from runner.checking.rules import choice, number


@dataclass(frozen=True)
class Dropout:
    """Hidden units left out at random in each training step.

    rate: the chance that a unit is dropped, in [0, 1).
    stage: `forward` is standard inverted dropout; with `backward` the outputs come from
    the undropped activations and only back-propagation sees the dropped ones.
    """

    rate: Annotated[float, number(at_least=0, below=1)] = said(0.0)
    stage: Annotated[str, choice(("forward", "backward"))] = said("forward")


NO_DROPOUT = Dropout()
