"""How numbers lie: in lanes, and layer by layer as the kernel's plan says.

Of the plan's rows, one a layer, row 0 is the input layer's.
"""

WIDTH = 8
"""Lanes."""
VECTOR_BYTES = 64

INPUTS, OUTPUTS, STRIDE, WEIGHTS, BIAS, ACTIVATION, SPAN, GAMMA, MEAN, VARIANCE, INVERSE = range(11)
"""Units below and its own; the length of a row, padding included; where its weights, its bias and
its activations begin; how many numbers its activations take; where gamma, the running means and
variances of batch normalisation and its inverse deviations begin."""
NORMALIZE, NORMALIZE_BACK, FORWARD, SLOPE = range(11, 15)
"""Addresses: of batch normalisation, or 0; of activation and slope."""
FIELDS = 15
"""Numbers in a row."""
