"""OpenCL C for reductions: one pass that folds the middle axis of an (A, R, B) view, four ways.

Every reduction over any axes is a sequence of such passes (``reduction.py`` plans them):

    out[a, c, b] = fold of map(in[a*sa + r*sr + b*sb]) for r in chunk c        c < chunks

    lanes  (CPU)  one work-group of one per run of outputs; 16 accumulators side by side, so that
                  the compiler vectorises and the rounding error stays that of 16 shorter sums
    tiles  (CPU)  one work-group of one per 64 neighbouring columns b and chunk; rows in blocks
    tree   (GPU)  256 work-items per output and chunk, then a tree in local memory
    each   (GPU)  one work-item per output and chunk: neighbours in b read neighbouring memory

All orders of summation are fixed by the shapes and the device, so results repeat bit for bit.
A first pass maps elements, a last pass finishes; between them go values of the compute type.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.backends.opencl.codegen import Number, Source, literals
from facula.core.backends.opencl.inline import Inline
from facula.core.backends.opencl.programs import BUFFER, LONG
from facula.core.backends.opencl.scalars import SCALARS, converted
from facula.core.dtypes import dtype
from facula.core.operation import Reduce

LANES = 16
TILE = 64
BLOCK = 4096   # elements a lane group folds before its lanes are combined
ROW_BLOCK = 256  # rows a tile folds before they join the tile's total

_HEAD = """\
#undef MAP
#undef COMBINE
#undef FINISH
#define MAP(target, at) { const T input = LOAD(at); target = MAP_TEXT; }
#define COMBINE(target, left, right) \\
    { const T k_l = (left), k_r = (right); const T a = k_l, b = k_r; target = (T)(COMBINE_TEXT); }
"""

_BODIES = {"lanes": """\
    for (long k_o = get_global_id(0) * k_run; k_o < k_total && k_o < (get_global_id(0) + 1) * k_run;
         ++k_o) {
        const long k_c = k_o / k_B % k_chunks, k_a = k_o / k_B / k_chunks, k_b = k_o % k_B;
        const long k_base = k_at + k_a * k_sa + k_b * k_sb;
        const long k_end = min(k_R, (k_c + 1) * k_L);
        T k_sum = IDENTITY;
        for (long k_r = k_c * k_L; k_r < k_end;) {
            const long k_stop = min(k_end, k_r + BLOCK);
            if (k_stop - k_r >= LANES) {
                T k_acc[LANES];
                for (int k_j = 0; k_j < LANES; ++k_j) k_acc[k_j] = IDENTITY;
                for (; k_r + LANES <= k_stop; k_r += LANES)
                    for (int k_j = 0; k_j < LANES; ++k_j) {
                        T k_v;
                        MAP(k_v, k_base + (k_r + k_j) * STEP)
                        COMBINE(k_acc[k_j], k_acc[k_j], k_v)
                    }
                for (int k_half = LANES / 2; k_half; k_half /= 2)
                    for (int k_j = 0; k_j < k_half; ++k_j)
                        COMBINE(k_acc[k_j], k_acc[k_j], k_acc[k_j + k_half])
                COMBINE(k_sum, k_sum, k_acc[0])
            }
            for (; k_r < k_stop; ++k_r) {
                T k_v;
                MAP(k_v, k_base + k_r * STEP)
                COMBINE(k_sum, k_sum, k_v)
            }
        }
        STORE(k_o, k_sum)
    }
""", "tiles": """\
    const long k_b0 = get_global_id(0) * TILE, k_ac = get_global_id(1);
    const long k_c = k_ac % k_chunks, k_a = k_ac / k_chunks;
    const int k_width = (int)min((long)TILE, k_B - k_b0);
    const long k_end = min(k_R, (k_c + 1) * k_L);
    const long k_base = k_at + k_a * k_sa + k_b0;
    T k_sum[TILE];
    for (int k_j = 0; k_j < TILE; ++k_j) k_sum[k_j] = IDENTITY;
    for (long k_r = k_c * k_L; k_r < k_end;) {
        const long k_stop = min(k_end, k_r + ROW_BLOCK);
        T k_acc[TILE];
        for (int k_j = 0; k_j < TILE; ++k_j) k_acc[k_j] = IDENTITY;
        if (k_width == TILE)
            for (; k_r < k_stop; ++k_r)
                for (int k_j = 0; k_j < TILE; ++k_j) {
                    T k_v;
                    MAP(k_v, k_base + k_r * k_sr + k_j)
                    COMBINE(k_acc[k_j], k_acc[k_j], k_v)
                }
        else
            for (; k_r < k_stop; ++k_r)
                for (int k_j = 0; k_j < k_width; ++k_j) {
                    T k_v;
                    MAP(k_v, k_base + k_r * k_sr + k_j)
                    COMBINE(k_acc[k_j], k_acc[k_j], k_v)
                }
        for (int k_j = 0; k_j < TILE; ++k_j) COMBINE(k_sum[k_j], k_sum[k_j], k_acc[k_j])
    }
    for (int k_j = 0; k_j < k_width; ++k_j) STORE(k_ac * k_B + k_b0 + k_j, k_sum[k_j])
""", "tree": """\
    __local T k_shared[256];
    const long k_o = get_group_id(0);
    const int k_t = get_local_id(0);
    const long k_c = k_o / k_B % k_chunks, k_a = k_o / k_B / k_chunks, k_b = k_o % k_B;
    const long k_base = k_at + k_a * k_sa + k_b * k_sb;
    const long k_end = min(k_R, (k_c + 1) * k_L);
    T k_sum = IDENTITY;
    for (long k_r = k_c * k_L + k_t; k_r < k_end; k_r += 256) {
        T k_v;
        MAP(k_v, k_base + k_r * STEP)
        COMBINE(k_sum, k_sum, k_v)
    }
    k_shared[k_t] = k_sum;
    for (int k_half = 128; k_half; k_half /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (k_t < k_half) COMBINE(k_shared[k_t], k_shared[k_t], k_shared[k_t + k_half])
    }
    if (k_t == 0) STORE(k_o, k_shared[0])
""", "each": """\
    const long k_o = get_global_id(0);
    if (k_o >= k_total) return;
    const long k_c = k_o / k_B % k_chunks, k_a = k_o / k_B / k_chunks, k_b = k_o % k_B;
    const long k_base = k_at + k_a * k_sa + k_b * k_sb;
    const long k_end = min(k_R, (k_c + 1) * k_L);
    T k_sum = IDENTITY;
    for (long k_r = k_c * k_L; k_r < k_end; k_r += ROW_BLOCK) {
        T k_acc = IDENTITY;
        const long k_stop = min(k_end, k_r + ROW_BLOCK);
        for (long k_q = k_r; k_q < k_stop; ++k_q) {
            T k_v;
            MAP(k_v, k_base + k_q * STEP)
            COMBINE(k_acc, k_acc, k_v)
        }
        COMBINE(k_sum, k_sum, k_acc)
    }
    STORE(k_o, k_sum)
"""}

FORMS = {True: ("lanes", "tiles"), False: ("tree", "each")}
_GROUPS = {"lanes": "GROUP_OF_ONE", "tiles": "GROUP_OF_ONE", "tree": "GROUP_OF_256",
           "each": "GROUP_OF_256"}
_ARGUMENTS = ("at", "total", "run", "R", "B", "L", "chunks", "sa", "sr", "sb")


def fold_source(name: str, fold: Reduce, form: str, unit: bool, source: dtype | None,
                compute: dtype, result: dtype | None,
                attributes: Sequence[tuple[str, Number]],
                prologue: Inline | None = None) -> Source:
    """One pass of a reduction.

    ``source`` is the dtype of the elements to map, or None where partial results come in;
    ``result`` that of the finished values, or None where partial results go out. ``unit`` says
    that neighbours along the reduced axis are neighbours in memory. With a ``prologue`` the
    elements are computed and not read: its operands stand in the place of the one array, and its
    offsets and numbers at the end.
    """
    side = SCALARS[compute]
    if source is None:
        storage, load, mapped = side.compute, "k_in[at]", "input"
    else:
        element = SCALARS[source]
        storage = element.storage
        load = prologue.call("at") if prologue else element.load.format("k_in[at]")
        load = converted(load, source, compute)
        mapped = fold.map
    if result is None:
        out, store = side.compute, "{ k_out[at] = (value); }"
    else:
        out = SCALARS[result].storage
        kept = SCALARS[result].store.format(converted("k_f", compute, result))
        store = (f"{{ const T a = (value); const T count = (T)k_count; "
                 f"const T k_f = (T)({literals(fold.finish)}); k_out[at] = {kept}; }}")
    defines = {
        "T": side.compute, "TYPE_MIN": side.limits[0], "TYPE_MAX": side.limits[1],
        "IDENTITY": f"((T)({literals(fold.identity)}))", "LOAD(at)": f"((T)({load}))",
        "MAP_TEXT": f"(T)({literals(mapped)})", "COMBINE_TEXT": literals(fold.combine),
        "STORE(at, value)": store, "STEP": "1" if unit else "k_sr", "LANES": str(LANES),
        "TILE": str(TILE), "BLOCK": str(BLOCK), "ROW_BLOCK": str(ROW_BLOCK),
        "BITNOT(x)": f"({'!' if compute is dtypes.bool_ else '~'}(x))"}
    inputs = prologue.arrays() if prologue else [f"__global const {storage} *k_in"]
    parameters = [f"__global {out} *k_out", *inputs]
    parameters += [f"const long k_{argument}" for argument in _ARGUMENTS]
    parameters += ["const float k_count"]
    parameters += [f"const {number.ctype} {attribute}" for attribute, number in attributes]
    parameters += prologue.rest() if prologue else []
    lines = [prologue.text()] if prologue else []
    lines += [f"#define {key} {text}" for key, text in defines.items()]
    lines += [_HEAD, f"__kernel {_GROUPS[form]} void {name}(", "    " + ",\n    ".join(parameters),
              ")", "{", _BODIES[form] + "}"]
    lines += [f"#undef {key.partition('(')[0]}" for key in defines]
    arguments: list[Any] = [BUFFER] * (1 + len(inputs)) + [LONG] * len(_ARGUMENTS)
    arguments += [np.dtype(np.float32), *[number.argument for _, number in attributes]]
    arguments += prologue.arguments() if prologue else []
    return Source(name, "\n".join(lines) + "\n", tuple(arguments))
