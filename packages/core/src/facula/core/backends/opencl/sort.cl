/* Along one axis of a contiguous (A, R, B) array, one work-item per line (a, :, b), in order:
 *
 *     arg_best     the first position of the largest (smallest) value; a NaN beats all
 *     scan         running sums or products
 */
#ifndef T
#define T float
#define STORE float
#define LOAD(x) (x)
#define SAVE(x) (x)
#endif

__kernel GROUP_OF_256 void arg_best(__global STORE *values, __global long *where,
                                    __global const STORE *x, const long at, const long lines,
                                    const long R, const long B, const int is_max,
                                    const int has_values)
{
    const long line = get_global_id(0);
    if (line >= lines) return;
    const long base = at + line / B * R * B + line % B;
    T best = LOAD(x[base]);
    long place = 0;
    for (long r = 1; r < R; ++r) {
        const T v = LOAD(x[base + r * B]);
        const int wins = best == best && (v != v || (is_max ? v > best : v < best));
        best = wins ? v : best;
        place = wins ? r : place;
    }
    where[line] = place;
    if (has_values) values[line] = SAVE(best);
}

__kernel GROUP_OF_256 void scan_lines(__global STORE *y, __global const STORE *x, const long at,
                                      const long lines, const long R, const long B,
                                      const int is_product)
{
    const long line = get_global_id(0);
    if (line >= lines) return;
    const long base = line / B * R * B + line % B;
    T a = is_product ? 1 : 0;
    for (long r = 0; r < R; ++r) {
        const T v = LOAD(x[at + base + r * B]);
        a = is_product ? a * v : a + v;
        y[base + r * B] = SAVE(a);
    }
}
