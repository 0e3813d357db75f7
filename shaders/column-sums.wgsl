// db[o] = sum over n of dy[n,o]  (+ db[o] if accumulate)
//
// dy [N, O]   db [O]. A workgroup owns LANES columns; each of its 256 / LANES rows of invocations sums every so many
// rows of dy, and the first adds these sums up in their order.

override LANES: u32 = 16;
override ROWS: u32 = 256u / LANES;

struct Params {
  N: u32,
  O: u32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> db: array<f32>;

var<workgroup> sums: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let o = group.x * LANES + lane % LANES;
  var sum = 0.0;
  if (o < params.O) {
    for (var n = lane / LANES; n < params.N; n += ROWS) { sum += dy[n * params.O + o]; }
  }
  sums[lane] = sum;
  workgroupBarrier();
  if (lane >= LANES || o >= params.O) { return; }
  var total = 0.0;
  for (var row = 0u; row < ROWS; row++) { total += sums[row * LANES + lane]; }
  db[o] = total + select(0.0, db[o], params.accumulate == 1);
}
