/* Reading and writing at index positions.
 *
 * The indexed array is contiguous and seen as (A, L, B): L positions in the middle axis.
 *
 *     take      out[a, j, b] = x[a, index[j], b]
 *     gather    out[a, j, b] = x[a, index[a, j, b], b]
 *     put       y[a, index[j], b] = (or +=) source[a, j, b]          one work-item per (a, b), which
 *     scatter   y[a, index[a, j, b], b] = (or +=) source[a, j, b]    goes through j in order
 *     sorted    put for A = 1 where those are few: keys are the positions in order (see sort.cl),
 *               places where they stood; one work-item per run of equal keys and b
 *     linear    position = ((i0 * L1 + i1) * L2 + i2) ...            several index arrays to one
 *
 * so that results do not depend on timing: the last write stays, sums have one order. Negative
 * positions count from the end. Positions out of range read an element at the axis's end and write
 * nothing; several index arrays write nothing where one of them is out of range.
 */
#ifndef T
#define T float
#define STORE float
#define LOAD(x) (x)
#define SAVE(x) (x)
#endif

/* LONG_MIN + L stays negative, so that OUTSIDE stays outside. */
FN long wrapped(long i, long L) { return i < 0 ? i + L : i; }
FN long nearest(long i, long L) { i = wrapped(i, L); return i < 0 ? 0 : i >= L ? L - 1 : i; }
/* What comes to a position meets what is there: 0 replaces, 1 adds, 2 multiplies, 3 and 4 are the
 * larger and the smaller, NaN before all. */
FN T met(T there, T here, const int how)
{
    return how == 0 ? here : how == 1 ? there + here : how == 2 ? there * here
        : how == 3 ? f_max(there, here) : f_min(there, here);
}
#define OUTSIDE LONG_MIN /* a position that is out of range for every length */

__kernel GROUP_OF_256 void index_take(__global STORE *y, __global const STORE *x,
                                      __global const long *index, const long at,
                                      const long at_index, const long n, const long L,
                                      const long J, const long B, const int per_element)
{
    const long i = get_global_id(0);
    if (i >= n) return;
    const long b = i % B, j = i / B % J, a = i / B / J;
    const long from = nearest(index[at_index + (per_element ? i : j)], L);
    y[i] = x[at + (a * L + from) * B + b];
}

__kernel GROUP_OF_256 void index_put(__global STORE *y, __global const STORE *source,
                                     __global const long *index, const long at,
                                     const long at_index, const long lines, const long L,
                                     const long J, const long B, const int per_element,
                                     const int how)
{
    const long line = get_global_id(0);
    if (line >= lines) return;
    const long a = line / B, b = line % B;
    for (long j = 0; j < J; ++j) {
        const long i = (a * J + j) * B + b;
        const long to = wrapped(index[at_index + (per_element ? i : j)], L);
        if (to < 0 || to >= L) continue;
        const long here = (a * L + to) * B + b;
        if (how) {
            const T sum = met(LOAD(y[here]), LOAD(source[at + i]), how);
            y[here] = SAVE(sum);
        } else {
            y[here] = source[at + i];
        }
    }
}

__kernel GROUP_OF_256 void index_put_sorted(__global STORE *y, __global const STORE *source,
                                            __global const ulong *keys,
                                            __global const uint *places, const long at,
                                            const long J, const long B, const int how)
{
    const long i = get_global_id(0), b = i % B, first = i / B;
    if (first >= J) return;
    const ulong key = keys[first];
    const long to = (long)(key ^ 0x8000000000000000UL);
    if (to < 0 || (first && keys[first - 1] == key)) return;
    if (how) {
        T sum = LOAD(y[to * B + b]); /* rounded once, at the end */
        for (long j = first; j < J && keys[j] == key; ++j)
            sum = met(sum, LOAD(source[at + places[j] * B + b]), how);
        y[to * B + b] = SAVE(sum);
    } else {
        long last = first;
        while (last + 1 < J && keys[last + 1] == key) ++last;
        y[to * B + b] = source[at + places[last] * B + b];
    }
}

__kernel GROUP_OF_256 void index_linear(__global long *position, __global const long *index,
                                        const long at, const long n, const long L,
                                        const int is_first)
{
    const long i = get_global_id(0);
    if (i >= n) return;
    const long before = is_first ? 0 : position[i], here = wrapped(index[at + i], L);
    position[i] = before == OUTSIDE || here < 0 || here >= L ? OUTSIDE : before * L + here;
}
