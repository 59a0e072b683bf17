/* Running combinations along the middle axis of a contiguous (A, R, B) array; a line is (a, :, b).
 *
 *     y[a, r, b] = x[a, 0, b] o x[a, 1, b] o ... o x[a, r, b]
 *
 * NAME is the scan, and o its operation: a sum, a product, log(e^p + e^q), or the larger (smaller)
 * of two, the later one of equals and any NaN before all else, with its place (HAS_PLACES). It is
 * associative, so a line may be cut into chunks; the order of operations depends on sizes alone:
 *
 *     line      [ 1 2 3 | 4 5 6 | 7 8 ]
 *     totals    [   6       15     - ]       phase 0: the chunks' own
 *     carries   [   -       6     21 ]       carries: what stands before each chunk
 *     result    [ 1 3 6 | 10 15 21 | 28 36 ] phase 1: each chunk again, after its carry
 *
 *     rows    (CPU)  one work-group of one per (line, chunk), for B = 1
 *     lines   (all)  one work-item per (line, chunk), for B > 1, where neighbours in b are neighbours
 *     groups  (GPU)  256 work-items per (line, chunk), for B = 1: tiles of 256 x EACH elements, the
 *                    items' totals scanned in local memory
 */
#ifndef NAME
#define NAME(kernel) scan_sum_##kernel
#define SCAN_SUM 1
#define T float
#define STORE float
#define LOAD(x) (x)
#define SAVE(x) (x)
#define TYPE_MIN -INFINITY
#define TYPE_MAX INFINITY
#endif
#define EACH 4

typedef struct { T v; long at; } State;
#if defined(SCAN_SUM)
#define START 0
FN T joined(T a, T b) { return a + b; }
#elif defined(SCAN_PRODUCT)
#define START 1
FN T joined(T a, T b) { return a * b; }
#elif defined(SCAN_LOGADDEXP)
#define START -INFINITY
FN T joined(T a, T b)
{
    const T top = f_max(a, b), low = a > b ? b : a;
    return top - low == 0 || top == INFINITY || low == -INFINITY
        ? (a == b ? top + (T)(isinf(top) ? 0 : 0.69314718055994530942) : top)
        : top + log1p(exp(low - top));
}
#endif
#ifdef HAS_PLACES
#ifdef SCAN_MAX
#define START TYPE_MIN
#define WINS(b, a) ((b) >= (a))
#else
#define START TYPE_MAX
#define WINS(b, a) ((b) <= (a))
#endif
FN State followed(State a, State b)
{
    return b.at >= 0 && (a.at < 0 || b.v != b.v || (a.v == a.v && WINS(b.v, a.v))) ? b : a;
}
#else
FN State followed(State a, State b) { b.v = joined(a.v, b.v); return b; }
#endif
#define NONE ((State){(T)(START), -1})

/* One chunk in order: its total, or (phase 1) every step of it. */
FN State scanned(State state, __global STORE *y, __global long *where, __global const STORE *x,
                 const long first, const long stop, const long step, const int phase)
{
    for (long r = first; r < stop; ++r) {
        state = followed(state, (State){(T)LOAD(x[r * step]), r});
        if (phase) {
            y[r * step] = SAVE(state.v);
#ifdef HAS_PLACES
            where[r * step] = state.at;
#endif
        }
    }
    return state;
}

#define PARAMETERS                                                                               \
    __global STORE *y, __global long *where, __global T *carry, __global long *carry_at,         \
    __global const STORE *x, const long at, const long lines, const long R, const long B,        \
    const long chunk, const long chunks, const int phase
#define SCAN_CHUNK(item)                                                                         \
    const long line = (item) % lines, c = (item) / lines;                                        \
    const long base = line / B * R * B + line % B;                                               \
    const State before = phase && chunks > 1                                                     \
        ? (State){carry[c * lines + line], carry_at[c * lines + line]} : NONE;                   \
    const State total = scanned(before, y + base, where + base, x + at + base, c * chunk,        \
                                min(R, (c + 1) * chunk), B, phase);                              \
    if (!phase) { carry[c * lines + line] = total.v; carry_at[c * lines + line] = total.at; }

#ifdef FACULA_CPU
__kernel GROUP_OF_ONE void NAME(rows)(PARAMETERS)
{
    SCAN_CHUNK((long)get_group_id(0))
}
#endif

__kernel GROUP_OF_256 void NAME(lines)(PARAMETERS)
{
    const long item = get_global_id(0);
    if (item >= lines * chunks) return;
    SCAN_CHUNK(item)
}

__kernel GROUP_OF_256 void NAME(carries)(__global T *carry, __global long *carry_at,
                                         const long lines, const long chunks)
{
    const long line = get_global_id(0);
    if (line >= lines) return;
    State state = NONE;
    for (long i = line; i < chunks * lines; i += lines) {
        const State own = {carry[i], carry_at[i]};
        carry[i] = state.v;
        carry_at[i] = state.at;
        state = followed(state, own);
    }
}

#ifndef FACULA_CPU
__kernel GROUP_OF_256 void NAME(groups)(PARAMETERS)
{
    __local T local_v[256];
    __local long local_at[256];
    const int t = get_local_id(0);
    const long line = get_group_id(0) % lines, c = get_group_id(0) / lines, base = line * R;
    const long stop = min(R, (c + 1) * chunk);
    State before = phase && chunks > 1
        ? (State){carry[c * lines + line], carry_at[c * lines + line]} : NONE;
    for (long tile = c * chunk; tile < stop; tile += 256 * EACH) {
        const long first = tile + t * EACH, end = min(stop, first + EACH);
        State own = scanned(NONE, y + base, where + base, x + at + base, first, end, 1, 0);
        local_v[t] = own.v;
        local_at[t] = own.at;
        for (int step = 1; step < 256; step *= 2) {
            barrier(CLK_LOCAL_MEM_FENCE);
            if (t >= step) own = followed((State){local_v[t - step], local_at[t - step]}, own);
            barrier(CLK_LOCAL_MEM_FENCE);
            local_v[t] = own.v;
            local_at[t] = own.at;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        if (phase) {
            const State left = t ? (State){local_v[t - 1], local_at[t - 1]} : NONE;
            scanned(t ? followed(before, left) : before, y + base, where + base, x + at + base,
                    first, end, 1, 1);
        }
        before = followed(before, (State){local_v[255], local_at[255]});
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (!phase && t == 0) {
        carry[c * lines + line] = before.v;
        carry_at[c * lines + line] = before.at;
    }
}
#endif
