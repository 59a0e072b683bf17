/* The gradient of max_pool on GPUs: each place's gradient added where its value came from.
 *
 * 256 work-items share a plane and take 256 places at a time. Of the places whose values come from
 * one y, the first adds up the gradients of all, so nothing is written twice at once, and the order
 * is that of places:
 *
 *     where   [ 4 7 4 9 ... | ... ]     256 places in local memory
 *     grads   [ a b c d ... | ... ]
 *     dx[4] += a + c   (by item 0)      dx[7] += b   (by item 1)      item 2: 4 has come before
 */
#ifndef T
#define T float
#define STORE float
#define LOAD(x) (x)
#define SAVE(x) (x)
#endif

__kernel GROUP_OF_256 void max_pool_grad_groups(__global STORE *dx, __global const STORE *g,
                                                __global const long *where, const long at_g,
                                                const long at_where, const long planes,
                                                const long size, const long places)
{
    __local long from[256];
    __local T grads[256];
    const int t = get_local_id(0);
    const long plane = get_group_id(0);
    __global STORE *to = dx + plane * size;
    for (long y = t; y < size; y += 256) to[y] = SAVE((T)0);
    for (long first = 0; first < places; first += 256) {
        const long o = plane * places + min(first + t, places - 1);
        const int is_there = first + t < places;
        const long own = is_there ? where[at_where + o] : -1;
        from[t] = own;
        grads[t] = is_there ? (T)LOAD(g[at_g + o]) : (T)0;
        barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);
        T sum = 0;
        int is_first = own >= 0 && own < size;
        for (int j = 0; j < 256; ++j) {
            const int is_same = from[j] == own;
            is_first = is_first && !(is_same && j < t);
            sum += is_same ? grads[j] : (T)0;
        }
        if (is_first) {
            const T total = LOAD(to[own]) + sum;
            to[own] = SAVE(total);
        }
        barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);
    }
}
