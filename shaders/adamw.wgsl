// m = m + a1 (g - m);  v = v + a2 (g^2 - v), with g = norm[1] * grads, a1 = 1 - beta1, a2 = 1 - beta2
// p = p - lr * (decay * p + (m / c1) / (sqrt(v / c2) + eps)),  c1 = 1 - beta1^step, c2 = 1 - beta2^step
//
// p, grads, m, v [N]   norm [2]: from grad-norm. If norm[1] is 0 (not finite) nothing changes.
// scalars [3]: lr, c1, c2, which differ from step to step and so are data. One invocation per four values.
// 1 - beta is a parameter, because the difference loses up to ten bits in f32.

struct Params {
  N: u32,
  a1: f32,
  a2: f32,
  eps: f32,
  decay: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> p: array<vec4f>;
@group(0) @binding(2) var<storage, read> grads: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> v: array<vec4f>;
@group(0) @binding(5) var<storage, read> norm: array<f32>;
@group(0) @binding(6) var<storage, read> scalars: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 256 + lane;
  if (i * 4 >= params.N || norm[1] == 0.0) { return; }
  // Each is read once: not every compiler sees that a second reading gives the same.
  let g = norm[1] * grads[i];
  let m_before = m[i];
  let v_before = v[i];
  let before = p[i];
  let first = m_before + params.a1 * (g - m_before);
  let second = v_before + params.a2 * (g * g - v_before);
  let update = (first / scalars[1]) / (sqrt(second / scalars[2]) + params.eps);
  let moved = before - scalars[0] * (params.decay * before + update);
  let rest = params.N - i * 4;
  if (rest >= 4) {
    m[i] = first;
    v[i] = second;
    p[i] = moved;
    return;
  }
  // What follows may not be of this arena.
  for (var j = 0u; j < rest; j++) {
    m[i][j] = first[j];
    v[i][j] = second[j];
    p[i][j] = moved[j];
  }
}
