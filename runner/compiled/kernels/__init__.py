"""What is compiled. Importing a module of it loads Numba.

`lanes` and `pointers` teach Numba vectors of numbers and bare addresses; on them stand the
element-wise functions (`activation_kernels`, `loss_kernels`, `optimizer_kernels`), the two layouts
of a layer's arithmetic (`column_kernels` for small nets, `row_kernels` for wide ones), and
`step_kernel`, which makes the steps. `compiling` makes machine code of them.
"""
