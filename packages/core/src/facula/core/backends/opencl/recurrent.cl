/* One step of LSTM and GRU cells, forward and backward; the products by w_hh are made elsewhere.
 *
 * Arrays of a step are (B, features), of all steps (T, B, features), n features wide:
 *
 *     lstm   gates  [ i | f | g | o ]     c' = f c + i g,  h' = o tanh c'
 *     gru    work   [ r | z | new | s ]   s = third of h w', new = tanh(x + r s),
 *                                         h' = new + z (h - new)
 *
 * One work-item per (b, j), b along the second axis, j along the first, which neighbours share:
 *
 *     x (what the input gives)   [  4n or 3n wide  ]  \
 *     p (h w_hh' of the step)    [  4n or 3n wide  ]   >  element (b, j) of every gate  ->  h', c'
 *     h, c                       [ n wide ]           /
 *
 * Backward, gh and gc are the gradients by the state after the step and become those before it,
 * without what comes through w_hh: that product is added by the next step's kernel (`through`).
 */
#ifndef T
#define T float
#define STORE float
#define LOAD(x) (x)
#define SAVE(x) (x)
#endif

#define PLACE                                                                                    \
    const long j = get_global_id(0), b = get_global_id(1);                                       \
    if (j >= n) return;                                                                          \
    const long at = b * n + j;

__kernel GROUP_OF_256 void lstm_cell(__global STORE *y, __global STORE *cells,
                                     __global STORE *gates, __global const STORE *x,
                                     __global const STORE *p, __global const STORE *c,
                                     const long at_y, const long at_gates, const long at_x,
                                     const long at_p, const long at_c, const long n)
{
    PLACE
    const long wide = b * 4 * n + j;
    const T i = sigmoid(LOAD(x[at_x + wide]) + LOAD(p[at_p + wide]));
    const T f = sigmoid(LOAD(x[at_x + wide + n]) + LOAD(p[at_p + wide + n]));
    const T g = tanh(LOAD(x[at_x + wide + 2 * n]) + LOAD(p[at_p + wide + 2 * n]));
    const T o = sigmoid(LOAD(x[at_x + wide + 3 * n]) + LOAD(p[at_p + wide + 3 * n]));
    const T now = f * LOAD(c[at_c + at]) + i * g;
    gates[at_gates + wide] = SAVE(i);
    gates[at_gates + wide + n] = SAVE(f);
    gates[at_gates + wide + 2 * n] = SAVE(g);
    gates[at_gates + wide + 3 * n] = SAVE(o);
    cells[at_y + at] = SAVE(now);
    const T h = o * tanh(now);
    y[at_y + at] = SAVE(h);
}

__kernel GROUP_OF_256 void lstm_cell_grad(__global STORE *g_gates, __global STORE *gc,
                                          __global const STORE *through,
                                          __global const STORE *gy, __global const STORE *g_cells,
                                          __global const STORE *gates,
                                          __global const STORE *cells, __global const STORE *c,
                                          const long at_gates, const long at_g, const long at_gc,
                                          const long at_y, const long at_old, const long at_c,
                                          const long n, const int is_last)
{
    PLACE
    const long wide = b * 4 * n + j;
    __global const STORE *now = gates + at_old + wide;
    const T i = LOAD(now[0]), f = LOAD(now[n]), g = LOAD(now[2 * n]), o = LOAD(now[3 * n]);
    const T h = LOAD(gy[at_g + at]) + (is_last ? (T)0 : (T)LOAD(through[at]));
    const T top = tanh((T)LOAD(cells[at_y + at]));
    const T into = (is_last ? (T)0 : (T)LOAD(gc[at])) + LOAD(g_cells[at_gc + at])
        + h * o * (1 - top * top);
    __global STORE *to = g_gates + at_gates + wide;
    to[0] = SAVE(into * g * i * (1 - i));
    to[n] = SAVE(into * LOAD(c[at_c + at]) * f * (1 - f));
    to[2 * n] = SAVE(into * i * (1 - g * g));
    to[3 * n] = SAVE(h * top * o * (1 - o));
    gc[at] = SAVE(into * f);
}

__kernel GROUP_OF_256 void gru_cell(__global STORE *y, __global STORE *work,
                                    __global const STORE *x, __global const STORE *p,
                                    __global const STORE *h, const long at_y, const long at_work,
                                    const long at_x, const long at_p, const long at_h,
                                    const long n)
{
    PLACE
    const long wide = b * 3 * n + j;
    const T scaled = LOAD(p[at_p + wide + 2 * n]);
    const T r = sigmoid(LOAD(x[at_x + wide]) + LOAD(p[at_p + wide]));
    const T z = sigmoid(LOAD(x[at_x + wide + n]) + LOAD(p[at_p + wide + n]));
    const T new = tanh(LOAD(x[at_x + wide + 2 * n]) + r * scaled);
    __global STORE *to = work + at_work + b * 4 * n + j;
    to[0] = SAVE(r);
    to[n] = SAVE(z);
    to[2 * n] = SAVE(new);
    to[3 * n] = SAVE(scaled);
    y[at_y + at] = SAVE(new + z * (LOAD(h[at_h + at]) - new));
}

__kernel GROUP_OF_256 void gru_cell_grad(__global STORE *by_input, __global STORE *by_state,
                                         __global STORE *gh, __global const STORE *through,
                                         __global const STORE *gy, __global const STORE *work,
                                         __global const STORE *before, const long at_by,
                                         const long at_g, const long at_work, const long at_h,
                                         const long n, const int is_last)
{
    PLACE
    const long wide = at_by + b * 3 * n + j;
    __global const STORE *now = work + at_work + b * 4 * n + j;
    const T r = LOAD(now[0]), z = LOAD(now[n]), new = LOAD(now[2 * n]), scaled = LOAD(now[3 * n]);
    const T h = LOAD(gy[at_g + at]) + (is_last ? (T)0 : LOAD(gh[at]) + LOAD(through[at]));
    const T gn = h * (1 - z) * (1 - new * new), gr = gn * scaled * r * (1 - r);
    const T gz = h * (LOAD(before[at_h + at]) - new) * z * (1 - z);
    by_input[wide] = by_state[wide] = SAVE(gr);
    by_input[wide + n] = by_state[wide + n] = SAVE(gz);
    by_input[wide + 2 * n] = SAVE(gn);
    by_state[wide + 2 * n] = SAVE(gn * r);
    gh[at] = SAVE(h * z);
}
