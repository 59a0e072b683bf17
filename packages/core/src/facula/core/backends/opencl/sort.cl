/* Stable sorting along one axis of a contiguous (A, R, B) array; a line is (a, :, b).
 *
 * Each element becomes an unsigned key in whose order it stands, and its place in the line:
 *
 *     integers   v, with the sign bit flipped if its type has one
 *     floats     the bits, all flipped where negative, else the sign bit: NaN is all ones (the
 *                largest), -0 counts as 0
 *
 * Descending keys are flipped whole, so equal elements keep their order. A line is cut into blocks
 * that are sorted alone; passes then merge runs of 1, 2, 4 ... blocks:
 *
 *     line     [ 3 1 2 0 | 9 4 7 5 | 8 6 ]
 *     blocks   [ 0 1 2 3 | 4 5 7 9 | 6 8 ]      sort_blocks
 *     merged   [ 0 1 2 3   4 5 7 9 | 6 8 ]      sort_merge, run = 4
 *     merged   [ 0 1 2 3   4 5 6 7   8 9 ]      sort_merge, run = 8
 *
 *     sort_blocks  (CPU)  one work-group of one per block: radix sort by bytes, least first (few
 *                         elements by insertion); bytes that are equal everywhere are passed over
 *                  (GPU)  BLOCK pairs (key, place) in local memory by a bitonic network; a group
 *                         sorts BLOCK / width lines where those are short
 *     sort_merge   each work-item finds where its `chunk` results begin in both runs (the merge
 *                  path of Green, McColl and Bader, 2012) and merges them in order
 *     sort_few     (CPU)  the first few of a line: kept in order while going along it once
 *     sort_pick    out[a, k, b] = the (first + k)-th element of a line, and its place
 *     sort_median  the middle one;  sort_mode  the last of the first longest run of equal ones
 *
 * Of one whole line in order there are further: where runs of equal elements begin
 * (unique_starts), what each element's run is (unique_spread), where each integer's elements begin
 * (bin_starts) and the sums of their weights, in order (bin_sums). search_places looks values up in
 * lines that are in order, bin_places in the edges of bins.
 */
#ifndef T
#define T float
#define STORE float
#define LOAD(x) (x)
#define SAVE(x) (x)
#define T_IS_FLOAT 1
#endif
#ifndef K
#define K uint
#endif
#ifndef BLOCK
#define BLOCK 1024
#endif
#define BYTES ((int)sizeof(K))

FN uint order_key(int v) { return (uint)v ^ 0x80000000u; }
FN ulong order_key(long v) { return (ulong)v ^ 0x8000000000000000UL; }
FN uint order_key(uint v) { return v; }
FN ulong order_key(ulong v) { return v; }
FN uint order_key(float v)
{
    const uint bits = as_uint(v == 0 ? 0.0f : v);
    return v != v ? 0xffffffffu : bits >> 31 ? ~bits : bits | 0x80000000u;
}
#ifdef FACULA_FP64
FN ulong order_key(double v)
{
    const ulong bits = as_ulong(v == 0 ? 0.0 : v);
    return v != v ? 0xffffffffffffffffUL : bits >> 63 ? ~bits : bits | 0x8000000000000000UL;
}
#endif
#define KEY(x) ((K)order_key((T)LOAD(x)))
#if defined(T_IS_FLOAT) || defined(T_IS_DOUBLE)
#define IS_NAN(key) ((key) == (K)~(K)0)
#else
#define IS_NAN(key) 0
#endif

#ifdef FACULA_CPU
__kernel GROUP_OF_ONE void sort_blocks(__global K *keys, __global uint *places,
                                       __global K *spare_keys, __global uint *spare_places,
                                       __global const STORE *x, const long at, const long lines,
                                       const long R, const long B, const long width,
                                       const long blocks, const int descending)
{
    const long group = get_group_id(0), line = group / blocks, first = group % blocks * width;
    const long n = min(width, R - first), base = at + line / B * R * B + line % B;
    __global K *k = keys + line * R + first, *k2 = spare_keys + line * R + first;
    __global uint *p = places + line * R + first, *p2 = spare_places + line * R + first;
    const K flip = descending ? (K)~(K)0 : (K)0;
    if (n <= 40) {
        for (long i = 0; i < n; ++i) {
            const K key = KEY(x[base + (first + i) * B]) ^ flip;
            long j = i;
            for (; j > 0 && k[j - 1] > key; --j) { k[j] = k[j - 1]; p[j] = p[j - 1]; }
            k[j] = key;
            p[j] = (uint)(first + i);
        }
        return;
    }
    uint count[BYTES * 256];
    for (int i = 0; i < BYTES * 256; ++i) count[i] = 0;
    for (long i = 0; i < n; ++i) {
        const K key = KEY(x[base + (first + i) * B]) ^ flip;
        k[i] = key;
        p[i] = (uint)(first + i);
        for (int byte = 0; byte < BYTES; ++byte) ++count[byte * 256 + (key >> 8 * byte & 255)];
    }
    int swapped = 0;
    for (int byte = 0; byte < BYTES; ++byte) {
        uint *of = count + byte * 256, total = 0;
        if (of[k[0] >> 8 * byte & 255] == n) continue;
        for (int i = 0; i < 256; ++i) { const uint c = of[i]; of[i] = total; total += c; }
        for (long i = 0; i < n; ++i) {
            const uint to = of[k[i] >> 8 * byte & 255]++;
            k2[to] = k[i];
            p2[to] = p[i];
        }
        __global K *k3 = k; k = k2; k2 = k3;
        __global uint *p3 = p; p = p2; p2 = p3;
        swapped = !swapped;
    }
    if (swapped) for (long i = 0; i < n; ++i) { k2[i] = k[i]; p2[i] = p[i]; }
}

#define FEW 64
__kernel GROUP_OF_ONE void sort_few(__global STORE *values, __global long *where,
                                    __global const STORE *x, const long at, const long R,
                                    const long B, const int count, const int descending)
{
    const long line = get_group_id(0), base = at + line / B * R * B + line % B;
    const K flip = descending ? (K)~(K)0 : (K)0;
    K keys[FEW];
    long places[FEW];
    int n = 0;
    for (long r = 0; r < R; ++r) {
        const K key = KEY(x[base + r * B]) ^ flip;
        if (n == count && key >= keys[count - 1]) continue;
        int j = n < count ? n++ : count - 1;
        for (; j > 0 && keys[j - 1] > key; --j) { keys[j] = keys[j - 1]; places[j] = places[j - 1]; }
        keys[j] = key;
        places[j] = r;
    }
    for (int i = 0; i < count; ++i) {
        const long o = (line / B * count + i) * B + line % B;
        where[o] = places[i];
        values[o] = x[base + places[i] * B];
    }
}
#else
__kernel GROUP_OF_256 void sort_blocks(__global K *keys, __global uint *places,
                                       __global K *spare_keys, __global uint *spare_places,
                                       __global const STORE *x, const long at, const long lines,
                                       const long R, const long B, const long width,
                                       const long blocks, const int descending)
{
    __local K k[BLOCK];
    __local uint p[BLOCK];
    const long segment = get_group_id(0) * (BLOCK / width);
    for (int i = get_local_id(0); i < BLOCK; i += 256) {
        const long s = segment + i / width, line = s / blocks;
        const long r = s % blocks * width + i % width;
        const int there = line < lines && r < R;
        const K key = there ? KEY(x[at + (line / B * R + r) * B + line % B]) : (K)0;
        k[i] = there ? (descending ? (K)~key : key) : (K)~(K)0;
        p[i] = there ? (uint)r : 0xffffffffu;
    }
    for (int size = 2; size <= width; size *= 2)
        for (int step = size / 2; step; step /= 2) {
            barrier(CLK_LOCAL_MEM_FENCE);
            for (int pair = get_local_id(0); pair < BLOCK / 2; pair += 256) {
                const int i = pair / step * step * 2 + pair % step, j = i + step;
                const int rises = !(i % (int)width & size);
                const int greater = k[i] > k[j] || (k[i] == k[j] && p[i] > p[j]);
                if (greater == rises) {
                    const K key = k[i]; k[i] = k[j]; k[j] = key;
                    const uint place = p[i]; p[i] = p[j]; p[j] = place;
                }
            }
        }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = get_local_id(0); i < BLOCK; i += 256) {
        const long s = segment + i / width, line = s / blocks;
        const long r = s % blocks * width + i % width;
        if (line < lines && r < R) {
            keys[line * R + r] = k[i];
            places[line * R + r] = p[i];
        }
    }
}
#endif

__kernel GROUP_OF_256 void sort_merge(__global K *to_keys, __global uint *to_places,
                                      __global const K *keys, __global const uint *places,
                                      const long lines, const long R, const long run,
                                      const long chunk)
{
    const long item = get_global_id(0), chunks = (R + chunk - 1) / chunk, line = item / chunks;
    if (line >= lines) return;
    const long at = item % chunks * chunk, start = at / (2 * run) * (2 * run), d = at - start;
    const long na = min(run, R - start), nb = max(0L, min(run, R - start - run));
    __global const K *a = keys + line * R + start, *b = a + run;
    long low = max(0L, d - nb), high = min(d, na);
    while (low < high) {
        const long middle = (low + high) / 2;
        if (a[middle] <= b[d - 1 - middle]) low = middle + 1; else high = middle;
    }
    long i = low, j = d - low;
    const long end = min(d + chunk, na + nb), base = line * R + start;
    for (long o = d; o < end; ++o) {
        const int first = j >= nb || (i < na && a[i] <= b[j]);
        const long from = first ? i++ : run + j++;
        to_keys[base + o] = keys[base + from];
        to_places[base + o] = places[base + from];
    }
}

__kernel GROUP_OF_256 void sort_pick(__global STORE *values, __global long *where,
                                     __global const uint *places, __global const STORE *x,
                                     const long at, const long n, const long R, const long B,
                                     const long count, const long first)
{
    const long o = get_global_id(0);
    if (o >= n) return;
    const long b = o % B, r = o / B % count, a = o / B / count;
    const long place = places[(a * B + b) * R + first + r];
    where[o] = place;
    values[o] = x[at + (a * R + place) * B + b];
}

/* The first position in ordered keys[0 .. n) whose key is not less than (or greater than) this. */
FN long first_not_less(__global const K *keys, const long n, const K key, const int greater)
{
    long low = 0, high = n;
    while (low < high) {
        const long middle = (low + high) / 2;
        if (keys[middle] < key || (greater && keys[middle] == key)) low = middle + 1;
        else high = middle;
    }
    return low;
}

__kernel GROUP_OF_256 void sort_median(__global STORE *values, __global long *where,
                                       __global const K *keys, __global const uint *places,
                                       __global const STORE *x, const long at, const long lines,
                                       const long R, const long B, const int ignores_nan)
{
    const long line = get_global_id(0);
    if (line >= lines) return;
    long good = R, rank = (R - 1) / 2;
#if defined(T_IS_FLOAT) || defined(T_IS_DOUBLE)
    good = first_not_less(keys + line * R, R, (K)~(K)0, 0);
    rank = ignores_nan ? max(good - 1, 0L) / 2 : good < R ? good : rank;
#endif
    const long place = places[line * R + rank];
    where[line] = place;
    values[line] = x[at + (line / B * R + place) * B + line % B];
}

__kernel GROUP_OF_256 void sort_mode(__global STORE *values, __global long *where,
                                     __global const K *keys, __global const uint *places,
                                     __global const STORE *x, const long at, const long lines,
                                     const long R, const long B)
{
    const long line = get_global_id(0);
    if (line >= lines) return;
    long longest = 0, last = 0, run = 0;
    for (long r = 0; r < R; ++r) {
        const K key = keys[line * R + r];
        run = r && key == keys[line * R + r - 1] && !IS_NAN(key) ? run + 1 : 1;
        last = run > longest ? r : last;
        longest = max(run, longest);
    }
    const long place = places[line * R + last];
    where[line] = place;
    values[line] = x[at + (line / B * R + place) * B + line % B];
}

__kernel GROUP_OF_256 void unsorted_keys(__global K *keys, __global uint *places,
                                         __global const STORE *x, const long at, const long n)
{
    const long i = get_global_id(0);
    if (i >= n) return;
    keys[i] = KEY(x[at + i]);
    places[i] = (uint)i;
}

__kernel GROUP_OF_256 void unique_starts(__global long *starts, __global const K *keys,
                                         const long n)
{
    const long i = get_global_id(0);
    if (i >= n) return;
    starts[i] = i == 0 || keys[i] != keys[i - 1] || IS_NAN(keys[i]);
}

__kernel GROUP_OF_256 void unique_spread(__global STORE *values, __global long *inverse,
                                         __global long *first, __global const long *ranks,
                                         __global const uint *places, __global const STORE *x,
                                         const long at, const long n)
{
    const long i = get_global_id(0);
    if (i >= n) return;
    const long rank = ranks[i] - 1, place = places[i];
    inverse[place] = rank;
    if (i == 0 || ranks[i - 1] <= rank) {
        first[rank] = i;
        values[rank] = x[at + place];
    }
    if (i == n - 1) first[rank + 1] = n;
}

__kernel GROUP_OF_256 void bin_starts(__global long *starts, __global const K *keys, const long n,
                                      const long bins)
{
    const long i = get_global_id(0);
    if (i > bins) return;
    starts[i] = i == bins ? n : first_not_less(keys, n, (K)order_key((T)i), 0);
}

#if defined(T_IS_FLOAT) || defined(T_IS_DOUBLE)
__kernel GROUP_OF_256 void bin_sums(__global STORE *sums, __global const STORE *weights,
                                    __global const uint *places, __global const long *starts,
                                    const long at, const long bins)
{
    const long i = get_global_id(0);
    if (i >= bins) return;
    T sum = 0;
    for (long j = starts[i]; j < starts[i + 1]; ++j) sum += LOAD(weights[at + places[j]]);
    sums[i] = SAVE(sum);
}
#endif

__kernel GROUP_OF_256 void search_places(__global long *found, __global const STORE *sequence,
                                         __global const STORE *values, const long at,
                                         const long at_values, const long n, const long R,
                                         const long each, const int right)
{
    const long i = get_global_id(0);
    if (i >= n) return;
    __global const STORE *line = sequence + at + (each ? i / each * R : 0);
    const K key = KEY(values[at_values + i]);
    long low = 0, high = R;
    while (low < high) {
        const long middle = (low + high) / 2;
        const K here = KEY(line[middle]);
        if (here < key || (right && here == key)) low = middle + 1; else high = middle;
    }
    found[i] = low;
}

/* The bin of each element; `bins`, which no bin has, for what lies outside the edges. */
__kernel GROUP_OF_256 void bin_places(__global long *place, __global const STORE *edges,
                                      __global const STORE *x, const long at_edges, const long at,
                                      const long n, const long bins)
{
    const long i = get_global_id(0);
    if (i >= n) return;
    const T v = LOAD(x[at + i]);
    long low = 0, high = bins + 1;
    while (low < high) {
        const long middle = (low + high) / 2;
        if ((T)LOAD(edges[at_edges + middle]) <= v) low = middle + 1; else high = middle;
    }
    const int is_last = v == (T)LOAD(edges[at_edges + bins]);
    place[i] = is_last ? bins - 1 : low == 0 || low > bins ? bins : low - 1;
}
