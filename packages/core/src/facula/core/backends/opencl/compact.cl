/* Where the elements that are not zero stand, in order: counted by chunks, then written.
 *
 *     x         [ 0 5 2 | 0 0 7 | 4 ]
 *     counts    [   2       1     1 ]        compact_counts
 *     ends      [   2       3     4 ]        running sums of the counts (scan.cl)
 *     places    [ 1 2     5     6   ]        compact_places: chunk c begins at ends[c - 1]
 *
 * One work-item per chunk: in a work-group of one on CPU devices; on GPUs 256 items share a chunk,
 * each looks at every 256th element, and their counts are added up in local memory tile by tile.
 * compact_axis turns a place in a flat array into its position along one axis.
 */
#ifndef STORE
#define STORE float
#define LOAD(x) (x)
#endif
#define IS_SET(x) (LOAD(x) != 0)

#ifdef FACULA_CPU
__kernel GROUP_OF_ONE void compact_counts(__global long *counts, __global const STORE *x,
                                          const long at, const long n, const long chunk)
{
    const long c = get_group_id(0), stop = min(n, (c + 1) * chunk);
    long count = 0;
    for (long i = c * chunk; i < stop; ++i) count += IS_SET(x[at + i]);
    counts[c] = count;
}

__kernel GROUP_OF_ONE void compact_places(__global long *places, __global const long *ends,
                                          __global const STORE *x, const long at, const long n,
                                          const long chunk)
{
    const long c = get_group_id(0), stop = min(n, (c + 1) * chunk), end = ends[c];
    long to = c ? ends[c - 1] : 0;
    for (long i = c * chunk; i < stop && to < end; ++i) {
        places[to] = i;
        to += IS_SET(x[at + i]);
    }
}
#else
/* The sum of the counts of items 0 .. t; the last item's is the tile's. */
FN int scanned(__local int *shared, const int t, const int count)
{
    int sum = count;
    for (int step = 1; step < 256; step *= 2) {
        shared[t] = sum;
        barrier(CLK_LOCAL_MEM_FENCE);
        if (t >= step) sum += shared[t - step];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    shared[t] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
    return sum;
}

__kernel GROUP_OF_256 void compact_counts(__global long *counts, __global const STORE *x,
                                          const long at, const long n, const long chunk)
{
    __local int shared[256];
    const long c = get_group_id(0), stop = min(n, (c + 1) * chunk);
    int count = 0;
    for (long i = c * chunk + get_local_id(0); i < stop; i += 256) count += IS_SET(x[at + i]);
    scanned(shared, get_local_id(0), count);
    if (get_local_id(0) == 0) counts[c] = shared[255];
}

__kernel GROUP_OF_256 void compact_places(__global long *places, __global const long *ends,
                                          __global const STORE *x, const long at, const long n,
                                          const long chunk)
{
    __local int shared[256];
    const int t = get_local_id(0);
    const long c = get_group_id(0), stop = min(n, (c + 1) * chunk);
    long to = c ? ends[c - 1] : 0;
    for (long tile = c * chunk; tile < stop; tile += 256) {
        const long i = tile + t;
        const int is_set = i < stop && IS_SET(x[at + i]);
        const int upto = scanned(shared, t, is_set);
        if (is_set) places[to + upto - 1] = i;
        to += shared[255];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
}
#endif

__kernel GROUP_OF_256 void compact_axis(__global long *positions, __global const long *places,
                                        const long to, const long n, const long step,
                                        const long length)
{
    const long i = get_global_id(0);
    if (i >= n) return;
    positions[to + i] = places[i] / step % length;
}
