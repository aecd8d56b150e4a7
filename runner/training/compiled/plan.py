"""A layer's row in the kernel's plan. Row 0 is the input layer."""

INPUTS, OUTPUTS, STRIDE, WEIGHTS, BIAS, ACTIVATION, SPAN, FORWARD, SLOPE = range(9)
"""Units below and its own; the length of a row, padding included; where its weights, its bias and
its activations begin; how many numbers its activations take; addresses of activation and slope."""
FIELDS = 9
"""Numbers in a row."""
