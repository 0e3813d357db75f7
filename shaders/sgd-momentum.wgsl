// v = momentum v + d, with d = norm[1] * grads + decay p
// p = p - lr (v own + d fresh): own = 1, fresh = 0, or with Nesterov's momentum own = momentum, fresh = 1
//
// p, grads, v [N]   norm [2]: from grad-norm. If norm[1] is 0 (not finite) nothing changes.
// rate [1]: lr, which differs from step to step and so is data. One invocation per four values.

struct Params {
  N: u32,
  momentum: f32,
  own: f32,
  fresh: f32,
  decay: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> p: array<vec4f>;
@group(0) @binding(2) var<storage, read> grads: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> v: array<vec4f>;
@group(0) @binding(4) var<storage, read> norm: array<f32>;
@group(0) @binding(5) var<storage, read> rate: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 256 + lane;
  if (i * 4 >= params.N || norm[1] == 0.0) { return; }
  let d = norm[1] * grads[i] + params.decay * p[i];
  let velocity = params.momentum * v[i] + d;
  let moved = p[i] - rate[0] * (params.own * velocity + params.fresh * d);
  let rest = params.N - i * 4;
  if (rest >= 4) {
    v[i] = velocity;
    p[i] = moved;
    return;
  }
  // What follows may not be of this arena.
  for (var j = 0u; j < rest; j++) {
    v[i][j] = velocity[j];
    p[i][j] = moved[j];
  }
}
