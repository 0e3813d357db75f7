// part[p,o] = sum of dy[n,o] over the rows n of part p  (+ part[p,o] if accumulate)
//
// dy [N, O]   part [P, O]: of `height` rows each. One invocation per part and Value of its columns.

struct Params {
  N: u32,
  O: u32,
  height: u32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<Value>;
@group(0) @binding(2) var<storage, read_write> part: array<Value>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let width = params.O / WIDTH;
  let o = id.x;
  if (o >= width) { return; }
  let begin = id.y * params.height;
  let end = min(begin + params.height, params.N);
  var sum = Value(0.0);
  for (var n = begin; n < end; n++) { sum += dy[n * width + o]; }
  let at = id.y * width + o;
  if (params.accumulate == 1) { part[at] += sum; } else { part[at] = sum; }
}
