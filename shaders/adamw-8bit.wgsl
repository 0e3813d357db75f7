// adamw.wgsl with its two running means kept in 8 bits a value between steps.
//
// p, grads [N]   m, v [K, 64]: K blocks of 256 values, four to a word, the first in the lowest bits
// peaks [K, 2]: the largest |m| and sqrt(v) of each block, which the codes are shares of.
// m: its sign in bit 7, |m| in bits 0 to 6, to the cell that holds it. v: its root in 8 bits, drawn from the two codes
// around it, since a step changes v by less than a cell, which would else be lost. A root above 0 never becomes 0,
// since m is divided by it.
// norm [2]: from grad-norm. If norm[1] is 0 (not finite) nothing changes.
// scalars [4]: lr, c1, c2 and the step, which differ from step to step and so are data.
// One workgroup per block, one invocation per word.

struct Params {
  N: u32,
  K: u32,
  a1: f32,
  a2: f32,
  eps: f32,
  decay: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> p: array<f32>;
@group(0) @binding(2) var<storage, read> grads: array<f32>;
@group(0) @binding(3) var<storage, read_write> m: array<u32>;
@group(0) @binding(4) var<storage, read_write> v: array<u32>;
@group(0) @binding(5) var<storage, read_write> peaks: array<f32>;
@group(0) @binding(6) var<storage, read> norm: array<f32>;
@group(0) @binding(7) var<storage, read> scalars: array<f32>;

var<workgroup> largest: array<vec2f, 64>;

/// The largest of each component over the workgroup, in every lane.
fn workgroup_max(value: vec2f, lane: u32) -> vec2f {
  largest[lane] = value;
  workgroupBarrier();
  for (var half = 32u; half > 0; half /= 2) {
    if (lane < half) { largest[lane] = max(largest[lane], largest[lane + half]); }
    workgroupBarrier();
  }
  return largest[0];
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let k = linear_workgroup(group, groups);
  // The same in the whole workgroup, which so reaches its barriers together or not at all.
  if (k >= params.K || norm[1] == 0.0) { return; }
  let word = k * 64 + lane;
  let old = vec2f(peaks[2 * k], peaks[2 * k + 1]);
  var first: array<f32, 4>;
  var root: array<f32, 4>;
  var peak = vec2f(0.0);
  for (var j = 0u; j < 4; j++) {
    let i = 4 * word + j;
    if (i >= params.N) { continue; }
    let g = norm[1] * grads[i];
    let code = (m[word] >> (8 * j)) & 0xffu;
    let mean = old.x * dynamic_value(code & 0x7fu, 6) * select(1.0, -1.0, code >= 128);
    let scale = old.y * dynamic_value((v[word] >> (8 * j)) & 0xffu, 7);
    first[j] = mean + params.a1 * (g - mean);
    root[j] = sqrt(scale * scale + params.a2 * (g * g - scale * scale));
    let update = (first[j] / scalars[1]) / (root[j] / sqrt(scalars[2]) + params.eps);
    p[i] -= scalars[0] * (params.decay * p[i] + update);
    peak = max(peak, vec2f(abs(first[j]), root[j]));
  }
  let now = workgroup_max(peak, lane);
  var means = 0u;
  var scales = 0u;
  let drawn = counter_hash(0, u32(scalars[3]));
  for (var j = 0u; j < 4; j++) {
    if (now.x > 0.0) {
      let code = dynamic_code(abs(first[j]) / now.x, 6) | select(0u, 128u, first[j] < 0.0);
      means |= code << (8 * j);
    }
    if (root[j] > 0.0) {
      let u = f32(counter_hash(drawn, 4 * word + j) >> 8) * 0x1p-24f;
      scales |= max(1u, dynamic_draw(root[j] / now.y, 7, u)) << (8 * j);
    }
  }
  m[word] = means;
  v[word] = scales;
  if (lane == 0) {
    peaks[2 * k] = now.x;
    peaks[2 * k + 1] = now.y;
  }
}
