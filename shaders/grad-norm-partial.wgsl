// part[first + p] = sum of squares of the p-th of `parts` parts of the gradients
//
// grads [N]   part [P]. One workgroup per part. Their number does not depend on the device, so the sum's order does not.

struct Params {
  N: u32,
  first: u32,
  parts: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grads: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> part: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let fours = (params.N + 3) / 4;
  let width = (fours + params.parts - 1) / params.parts;
  let begin = group.x * width;
  // The last four may be fewer.
  let end = min(begin + width, params.N / 4);
  var squares = vec4f(0.0);
  for (var i = begin + lane; i < end; i += WORKGROUP_SIZE) {
    let g = grads[i];
    squares += g * g;
  }
  var sum = squares.x + squares.y + squares.z + squares.w;
  if (group.x == params.parts - 1 && lane < params.N % 4) {
    let last = grads[params.N / 4][lane];
    sum += last * last;
  }
  let whole = workgroup_sum(sum, lane);
  if (lane == 0) { part[params.first + group.x] = whole; }
}
