// y[n,c] = x[n,c] / max(sqrt(sum_c x[n,c]^2), 1e-12)
//
// x, y [N, C]. One workgroup per ROWS rows n; the LANES lanes of a row stride over its Values. Sums in f32: where squares
// vanish, lengths are below 1e-12 anyway.

struct Params {
  N: u32,
  C: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read_write> y: array<Value>;

@compute @workgroup_size(LANES, ROWS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let n = linear_workgroup(group, groups) * ROWS + local.y;
  let width = params.C / WIDTH;
  let row = n * width;
  // A row that is not there has no values: all lanes must reach the barrier.
  let end = select(0u, width, n < params.N);
  var squares = 0.0;
  for (var c = local.x; c < end; c += LANES) { squares += total(x[row + c] * x[row + c]); }
  let length = max(sqrt(row_sum(squares, local.x, local.y)), 1e-12);
  for (var c = local.x; c < end; c += LANES) { y[row + c] = x[row + c] / length; }
}
