// part[p,c] = sum of dy[n,c] * (x[n,c] - mean[n]) * rstd[n] over the rows n of part p  (+ part[p,c] if accumulate)
//
// x [N, C]   mean, rstd [N]   dy [N, C]   part [P, C]: of `height` rows each.
// One invocation per part and Value of its columns.

struct Params {
  N: u32,
  C: u32,
  height: u32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read> rstd: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<Value>;
@group(0) @binding(5) var<storage, read_write> part: array<Value>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let width = params.C / WIDTH;
  let c = id.x;
  if (c >= width) { return; }
  let begin = id.y * params.height;
  let end = min(begin + params.height, params.N);
  var sum = Value(0.0);
  for (var n = begin; n < end; n++) {
    let at = n * width + c;
    sum += dy[at] * ((x[at] - mean[n]) * rstd[n]);
  }
  let at = id.y * width + c;
  if (params.accumulate == 1) { part[at] += sum; } else { part[at] = sum; }
}
