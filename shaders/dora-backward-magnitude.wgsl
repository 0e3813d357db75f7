// dmagnitude[o] = sum_n dy[n,o] * z[n,o] / norm[o]  (+ dmagnitude[o] if accumulate)
//
// dy, z [N, O]   norm, dmagnitude [O]. The norm counts as a constant; a row of zeros has no gradient. A workgroup owns
// LANES columns; each of its 256 / LANES rows of invocations sums every so many rows of dy, and the first adds these
// sums up in their order.

override LANES: u32 = 16;
override ROWS: u32 = 256u / LANES;

struct Params {
  N: u32,
  O: u32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> z: array<f32>;
@group(0) @binding(3) var<storage, read> norm: array<f32>;
@group(0) @binding(4) var<storage, read_write> dmagnitude: array<f32>;

var<workgroup> sums: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let o = group.x * LANES + lane % LANES;
  var sum = 0.0;
  if (o < params.O) {
    for (var n = lane / LANES; n < params.N; n += ROWS) {
      sum += dy[n * params.O + o] * z[n * params.O + o];
    }
  }
  sums[lane] = sum;
  workgroupBarrier();
  if (lane >= LANES || o >= params.O) { return; }
  var total = 0.0;
  for (var row = 0u; row < ROWS; row++) { total += sums[row * LANES + lane]; }
  let slope = select(total / norm[o], 0.0, norm[o] == 0.0);
  dmagnitude[o] = slope + select(0.0, dmagnitude[o], params.accumulate == 1);
}
