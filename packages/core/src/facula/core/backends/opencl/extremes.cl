/* Where the extremes stand along the middle axis of a contiguous (A, R, B) array.
 *
 * A line is (a, :, b); the first of equal elements is chosen, and a NaN before all else:
 *
 *     (v, i) beats (w, j)   if v is NaN and w is not, or v is better than w, or equal and i < j
 *
 *     arg_best         one work-item per (line, chunk)
 *     arg_best_rows    (CPU)  the same in a work-group of one, for B = 1
 *     arg_best_groups  (GPU)  256 work-items per (line, chunk), for B = 1: each takes every 256th
 *                      element, and they are combined in a tree
 *
 * Few long lines are cut into chunks: each gives its best in row `chunk` of (chunks, lines) arrays,
 * and arg_best_joined chooses among them.
 */
#ifndef T
#define T float
#define STORE float
#define LOAD(x) (x)
#define SAVE(x) (x)
#endif

#define BEATS(v, w) ((w) == (w) && ((v) != (v) || (is_max ? (v) > (w) : (v) < (w))))
#define PARAMETERS                                                                               \
    __global STORE *values, __global long *where, __global const STORE *x, const long at,        \
    const long lines, const long R, const long B, const long chunk, const int is_max,            \
    const int has_values
#define BEST_OF_CHUNK(item)                                                                      \
    const long line = (item) % lines, first = (item) / lines * chunk;                            \
    const long base = at + line / B * R * B + line % B, stop = min(R, first + chunk);            \
    T best = LOAD(x[base + first * B]);                                                          \
    long place = first;                                                                          \
    for (long r = first + 1; r < stop; ++r) {                                                    \
        const T v = LOAD(x[base + r * B]);                                                       \
        const int wins = BEATS(v, best);                                                         \
        best = wins ? v : best;                                                                  \
        place = wins ? r : place;                                                                \
    }                                                                                            \
    where[item] = place;                                                                         \
    if (has_values) values[item] = SAVE(best);

__kernel GROUP_OF_256 void arg_best(PARAMETERS)
{
    const long item = get_global_id(0);
    if (item >= lines * ((R + chunk - 1) / chunk)) return;
    BEST_OF_CHUNK(item)
}

#ifdef FACULA_CPU
__kernel GROUP_OF_ONE void arg_best_rows(PARAMETERS)
{
    const long item = get_group_id(0);
    BEST_OF_CHUNK(item)
}
#else
__kernel GROUP_OF_256 void arg_best_groups(PARAMETERS)
{
    __local T shared[256];
    __local long places[256];
    const int t = get_local_id(0);
    const long item = get_group_id(0), line = item % lines, first = item / lines * chunk;
    const long base = at + line * R, stop = min(R, first + chunk);
    T best = LOAD(x[base + min(first + t, stop - 1)]);
    long place = min(first + t, stop - 1);
    for (long r = first + t + 256; r < stop; r += 256) {
        const T v = LOAD(x[base + r]);
        const int wins = BEATS(v, best);
        best = wins ? v : best;
        place = wins ? r : place;
    }
    shared[t] = best;
    places[t] = place;
    for (int width = 128; width; width /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (t < width) {
            const T v = shared[t + width], w = shared[t];
            const int is_tied = !BEATS(v, w) && !BEATS(w, v);
            if (BEATS(v, w) || (is_tied && places[t + width] < places[t])) {
                shared[t] = v;
                places[t] = places[t + width];
            }
        }
    }
    if (t == 0) {
        where[item] = places[0];
        if (has_values) values[item] = SAVE(shared[0]);
    }
}
#endif

__kernel GROUP_OF_256 void arg_best_joined(__global STORE *values, __global long *where,
                                           __global const STORE *bests, __global const long *places,
                                           const long lines, const long chunks, const int is_max,
                                           const int has_values)
{
    const long line = get_global_id(0);
    if (line >= lines) return;
    T best = LOAD(bests[line]);
    long place = places[line];
    for (long i = line + lines; i < chunks * lines; i += lines) {
        const T v = LOAD(bests[i]);
        const int wins = BEATS(v, best);
        best = wins ? v : best;
        place = wins ? places[i] : place;
    }
    where[line] = place;
    if (has_values) values[line] = SAVE(best);
}
