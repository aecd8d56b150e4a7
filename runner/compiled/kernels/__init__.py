"""The kernels of the compiled engine.

`lanes` and `pointers` teach Numba vectors of numbers and bare addresses; on them stand the
element-wise functions (`activations`, `losses`, `optimizers`), the two layouts of a layer's
arithmetic (`columns` for small nets, `rows` for wide ones), and `kernel`, which makes the steps.

`compiling` makes machine code of them, and is all that loads Numba; `machine_code` keeps it on disk
and loads it from there. `plan` and `structures` say what engine and kernels have in common.
"""
