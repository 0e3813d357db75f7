// y[rows[b]] = mean of x[b, begins[b]] … x[b, ends[b] - 1], divided by its length where params.normalize is 1
//
// x [B, T, C]   begins [B]   ends [B]   rows [B]   y [N, C]. A workgroup a sequence; its lanes share the C values.
// The mean of no token is zero, and a length below 1e-12 counts as 1e-12.

struct Params {
  B: u32,
  T: u32,
  C: u32,
  N: u32,
  normalize: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> begins: array<u32>;
@group(0) @binding(3) var<storage, read> ends: array<u32>;
@group(0) @binding(4) var<storage, read> rows: array<u32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_workgroup(group, groups);
  // The same for all lanes, so that they meet at the barriers of the sum.
  if (b >= params.B) { return; }
  let begin = begins[b];
  let end = min(ends[b], params.T);
  let row = rows[b];
  let count = f32(max(end, begin + 1) - begin);
  var squares = 0.0;
  for (var c = lane; c < params.C; c += WORKGROUP_SIZE) {
    var sum = 0.0;
    for (var t = begin; t < end; t++) { sum += x[(b * params.T + t) * params.C + c]; }
    let mean = sum / count;
    squares += mean * mean;
    if (row < params.N) { y[row * params.C + c] = mean; }
  }
  let length = sqrt(workgroup_sum(squares, lane));
  if (params.normalize == 0 || row >= params.N) { return; }
  // Each lane divides the values that it wrote itself.
  for (var c = lane; c < params.C; c += WORKGROUP_SIZE) { y[row * params.C + c] /= max(length, 1e-12); }
}
