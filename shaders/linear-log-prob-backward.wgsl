// dz[r,v] = g[r] * ((target[r] == first + v) - exp(z[r,v] - lse[r])),  z[r,v] = h[r] . w[v]
//
// h [R, C]   w [V, C]: some rows of the output projection, from vocabulary entry `first` on, stored as
// lib/weights-*.wgsl says   target, g, lse [R]   dz [R, V]. The logits are computed again, for a slice of the vocabulary
// at a time. C is a multiple of 4. Each invocation owns four rows and four entries.

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
@group(0) @binding(6) var<storage, read_write> dz: array<f32>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y * 4;
  let v = id.x * 4;
  if (row >= params.R || v >= params.V) { return; }
  let c4 = params.C / 4;
  let h0 = min(vec4u(row, row + 1, row + 2, row + 3), vec4u(params.R - 1)) * c4;
  let at = min(vec4u(v, v + 1, v + 2, v + 3), vec4u(params.V - 1));
  var z0 = vec4f(0.0);
  var z1 = vec4f(0.0);
  var z2 = vec4f(0.0);
  var z3 = vec4f(0.0);
  for (var c = 0u; c < c4; c++) {
    let x0 = weight4(at.x, c * 4, params.C);
    let x1 = weight4(at.y, c * 4, params.C);
    let x2 = weight4(at.z, c * 4, params.C);
    let x3 = weight4(at.w, c * 4, params.C);
    let a = h[h0.x + c];
    let b = h[h0.y + c];
    let d = h[h0.z + c];
    let e = h[h0.w + c];
    z0 += vec4f(dot(a, x0), dot(a, x1), dot(a, x2), dot(a, x3));
    z1 += vec4f(dot(b, x0), dot(b, x1), dot(b, x2), dot(b, x3));
    z2 += vec4f(dot(d, x0), dot(d, x1), dot(d, x2), dot(d, x3));
    z3 += vec4f(dot(e, x0), dot(e, x1), dot(e, x2), dot(e, x3));
  }
  store(row, v, z0);
  store(row + 1, v, z1);
  store(row + 2, v, z2);
  store(row + 3, v, z3);
}

fn store(row: u32, v: u32, z: vec4f) {
  if (row >= params.R) { return; }
  let hit = vec4u(target_ids[row]) == params.first + vec4u(v, v + 1, v + 2, v + 3);
  // z <= lse but for rounding; the bound keeps exp from overflowing on a row that is not finite.
  let p = exp(min(z - lse[row], vec4f(0.0)));
  let values = g[row] * (select(vec4f(0.0), vec4f(1.0), hit) - p);
  for (var j = 0u; j < 4 && v + j < params.V; j++) { dz[row * params.V + v + j] = values[j]; }
}
