// norm[0] = sqrt(sum_p part[p]);  norm[1] = min(1, max_norm / (norm[0] + 1e-6)), or 0 if norm[0] is not finite
//
// part [P]   norm [2]: the gradients' norm, and what to multiply them by. One workgroup.

struct Params {
  P: u32,
  max_norm: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> part: array<f32>;
@group(0) @binding(2) var<storage, read_write> norm: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) lane: u32) {
  var squares = 0.0;
  for (var p = lane; p < params.P; p += WORKGROUP_SIZE) { squares += part[p]; }
  let length = sqrt(workgroup_sum(squares, lane));
  if (lane == 0) {
    norm[0] = length;
    // By the exponent's bits: WGSL may assume that no value is infinite or NaN.
    let finite = (bitcast<u32>(length) & 0x7f800000u) != 0x7f800000u;
    norm[1] = select(0.0, min(1.0, params.max_norm / (length + 1e-6)), finite);
  }
}
