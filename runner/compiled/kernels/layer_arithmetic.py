"""The arithmetic of a layer, in the layout that the type of `layout` names.

Numba chooses among the implementations in `column_kernels`, `row_kernels` and `map_kernels` when
it compiles a kernel, so the kernel is written once and compiled for a layout when a net first
wants it.
"""

from numba.extending import overload

from runner.compiled.kernels import column_kernels, map_kernels, row_kernels
from runner.compiled.kernels.numba_options import OPTIONS
from runner.compiled.structures import Columns, Maps, Rows

LAYOUTS = {Columns: column_kernels, Rows: row_kernels, Maps: map_kernels}
FORCED = {**OPTIONS, "forceinline": True}


def _by_layout(name):
    """A function of the kernel's: `name(layout, …)` is the one of the layout's module."""

    def stub(*_arguments):
        raise NotImplementedError(f"{name} is for compiled code")

    def implementation(layout, *_types):
        return getattr(LAYOUTS[layout.instance_class], name)

    overload(stub, jit_options=FORCED, strict=False)(implementation)
    return stub


portion = _by_layout("portion")  # (layout, count): the first number of this thread, and how many
leads = _by_layout("leads")  # (layout): whether this thread does what one does for all
wait = _by_layout("wait")  # (layout): until all threads have come here
place = _by_layout("place")  # (layout, row, begin): of a block, of what is there of all of them
gather = _by_layout("gather")  # (layout, net, memory, order, count)
sums = _by_layout("sums")  # (layout, layer, row, with_bias, parameters, below, z, count)
gradient = _by_layout("gradient")
# (layout, layer, row, with_bias, memory, below, deltas, count, learning_rate, added)
deltas_below = _by_layout("deltas_below")
# (layout, row, parameters, below, a, deltas, below_deltas, count)
masks = _by_layout("masks")  # (layout, row, uniforms, keep, masks, count)
weigh = _by_layout("weigh")  # (layout, row, weights, order, count, row_weights): how many not 0
correct = _by_layout("correct")  # (layout, row, a, wanted, row_weights, count)
softmax = _by_layout("softmax")
# (layout, row, z, a, scratch, row_weights, count, start): + weight log(sum exp z)
running_pieces = _by_layout("running_pieces")
# (layout, count): pieces to be normalised by running statistics, and samples of one
