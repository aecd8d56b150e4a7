"""The way forward of rows that are not trained on: without dropout, by running statistics."""

from runner.compiled.kernels.functions_by_address import call_forward, call_normalize
from runner.compiled.kernels.layer_arithmetic import running_pieces, sums
from runner.compiled.kernels.numba_options import inlined
from runner.compiled.kernels.step_kernel import add_up, judge, set_to_zero, take


@inlined
def forward(net, layout, memory, count):
    """z_l = W_l^T a_(l-1) + b_l, normalised as a sample alone is; a_l = f_l(z_l)."""
    below, parameters = memory.a, memory.parameters
    for layer in range(1, net.layers + 1):
        row = net.plan + layer
        at, normalize = row.activation, row.normalize
        z, a = memory.z + at, memory.a + at
        if row.in_place:
            z = a
        sums(layout, layer, row, net.with_bias and normalize == 0, parameters, below, z, count)
        if normalize != 0:
            normal, inverse, real = memory.normal + at, memory.inverse + row.inverse, memory.real
            pieces, samples = running_pieces(layout, count)
            for piece in range(pieces):
                one = piece * row.stride
                call_normalize(
                    normalize, z + one, normal + one, inverse, parameters, real, row, samples
                )
        if row.forward != 0:
            call_forward(row.forward, z, a, row.span)
        below = a


@inlined
def look_at(net, layout, rule, memory, course):
    """`look`, of the structures themselves."""
    count = course.steps
    take(net, layout, rule, memory, course.order, count)
    forward(net, layout, memory, count)
    set_to_zero(memory.judged)
    judge(net, layout, rule, memory, 0, count)
    add_up(memory.judged, memory.sums, memory.rows[0])


def look(net, layout, rule, memory, course):
    """The outputs of the first `course.steps` samples; adds to the sums."""
    look_at(net[0], layout[0], rule[0], memory[0], course[0])
