"""MT19937 doubles in blocks; key and position stay interchangeable with NumPy's generator.

    state: key uint32 [624] and position;   u = ((a >> 5) 2^26 + (b >> 6)) / 2^53

Source: Matsumoto & Nishimura 1998; lazily refilled at pos 624, as NumPy does.
The formulas take one uint32 or eight of them (`lanes`).
"""

import numpy as np

from runner.compiled.kernels.lanes import WIDTH, evens, load, odds, store, to_double
from runner.compiled.kernels.numba_options import quick

LENGTH, SHIFT = 624, 397
A, UPPER, LOWER = np.uint32(0x9908B0DF), np.uint32(0x80000000), np.uint32(0x7FFFFFFF)
B, C = np.uint32(0x9D2C5680), np.uint32(0xEFC60000)
N1, N5, N6, N7, N11, N15, N18 = (np.uint32(n) for n in (1, 5, 6, 7, 11, 15, 18))
DENOMINATOR = 9007199254740992.0


@quick
def recurrence(word, following, distant):
    """x[k+624] = x[k+397] xor (upper bit of x[k], lower bits of x[k+1]) A."""
    joined = (word & UPPER) | (following & LOWER)
    return distant ^ (joined >> N1) ^ (-(following & N1) & A)


@quick
def tempered(y):
    """The tempering transform."""
    y = y ^ (y >> N11)
    y = y ^ ((y << N7) & B)
    y = y ^ ((y << N15) & C)
    return y ^ (y >> N18)


@quick
def renew(key, start, stop, distance):
    """key[start:stop] by the recurrence, eight at a time; key[i + distance] is the distant word."""
    vector_stop = stop - (stop - start) % WIDTH
    for i in range(start, vector_stop, WIDTH):
        store(key, i, recurrence(load(key, i), load(key, i + 1), load(key, i + distance)))
    for i in range(vector_stop, stop):
        key[i] = recurrence(key[i], key[i + 1], key[i + distance])


@quick
def twist(key):
    """The next 624 words, in place."""
    renew(key, 0, LENGTH - SHIFT, SHIFT)
    renew(key, LENGTH - SHIFT, LENGTH - 1, SHIFT - LENGTH)
    key[LENGTH - 1] = recurrence(key[LENGTH - 1], key[0], key[SHIFT - 1])


@quick
def next_word(key, pos):
    """-> (tempered word, new position)."""
    if pos == LENGTH:
        twist(key)
        pos = 0
    return tempered(key[pos]), pos + 1


@quick
def next_double(key, pos):
    """-> (u, new position): one draw, also astride two blocks."""
    a, pos = next_word(key, pos)
    b, pos = next_word(key, pos)
    return ((a >> N5) * 67108864.0 + (b >> N6)) / DENOMINATOR, pos


@quick
def eight_doubles(key, pos):
    """The doubles of key[pos : pos+16]."""
    low, high = tempered(load(key, pos)), tempered(load(key, pos + WIDTH))
    a, b = evens(low, high) >> N5, odds(low, high) >> N6
    return (to_double(a) * 67108864.0 + to_double(b)) * (1.0 / DENOMINATOR)  # a power of two: exact


@quick
def draw(key, pos, out, count):
    """Fills out[:count] with the generator's next doubles -> new position."""
    done = 0
    while done < count:
        if count - done >= WIDTH and LENGTH - pos >= 2 * WIDTH:
            store(out, done, eight_doubles(key, pos))
            done, pos = done + WIDTH, pos + 2 * WIDTH
        else:
            out[done], pos = next_double(key, pos)
            done += 1
    return pos
