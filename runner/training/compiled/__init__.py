"""The kernels of the compiled engine.

`lanes` and `pointers` teach Numba vectors of numbers and bare addresses; on them stand the
element-wise functions (`activations`, `losses`, `optimizers`), the two layouts of a layer's
arithmetic (`columns` for small nets, `rows` for wide ones), and `kernel`, which makes the steps.
"""

import sys
from contextlib import contextmanager


@contextmanager
def hidden(module):
    """While entered, a module that has not been loaded cannot be found."""
    absent = module not in sys.modules
    if absent:
        sys.modules[module] = None
    try:
        yield
    finally:
        if absent:
            del sys.modules[module]


# Numba looks for the linear algebra of SciPy, which takes a sixth of a second to load and which no
# kernel uses.
with hidden("scipy.linalg"):
    import numba.np.arraymath  # noqa: F401
