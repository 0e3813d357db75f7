// c[r,v] = g[r] * ((target[r] == first + v) - exp(z[r,v] - lse[r])),  z[r,v] = h[r] . w[v]
//
// h [R, C]   w [V, C]: some rows of the output projection, from vocabulary entry `first` on, stored as
// lib/weights-*.wgsl says   target, g, lse [R]   c [R, V]: the logits' gradient. The logits are computed again, for a slice
// of the vocabulary at a time. C is a multiple of 4. Joined with one of products/*.wgsl and of lib/results-*.wgsl;
// linear-nt.wgsl says what it gives to them.

struct Params {
  R: u32,
  C: u32,
  V: u32,
  first: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> h: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<Stored>;
@group(0) @binding(3) var<storage, read> target_ids: array<u32>;
@group(0) @binding(4) var<storage, read> g: array<f32>;
@group(0) @binding(5) var<storage, read> lse: array<f32>;
@group(0) @binding(6) var<storage, read_write> c: array<Result>;

const PARTS_ARE_STEPS = false;

fn product_size() -> vec3u { return vec3u(params.R, params.V, params.C); }

fn left_start(batch: u32, row: u32, part: u32) -> u32 { return min(row + part, params.R - 1) * (params.C / 4); }

fn left(start: u32, k4: u32, part: u32) -> vec4f { return h[start + k4]; }

fn left_rows(parts: mat4x4f) -> mat4x4f { return parts; }

fn right_start(batch: u32, col: u32, part: u32) -> u32 {
  return row_start(min(col + part, params.V - 1), params.C);
}

fn right(batch: u32, start: u32, k4: u32, part: u32) -> vec4f { return weight4_from(start, k4, params.C); }

fn right_steps(parts: mat4x4f) -> mat4x4f { return transpose(parts); }

fn finish_row(batch: u32, row: u32, v: u32, z: vec4f) {
  let hit = vec4u(target_ids[row]) == params.first + v + vec4u(0, 1, 2, 3);
  // z <= lse but for rounding; the bound keeps exp from overflowing on a row that is not finite.
  let p = exp(min(z - lse[row], vec4f(0.0)));
  put4(row * params.V + v, params.V - v, g[row] * (select(vec4f(0.0), vec4f(1.0), hit) - p), false);
}
