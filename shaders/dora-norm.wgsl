// norm[first+o] = sqrt(sum_i (w[o,i] + scale * sum_r b[first+o,r] * a[r,i])^2)
//
// w [N, I]: rows `first` to first + N of the matrix, stored as lib/weights-*.wgsl says   a [R, I]   b [O, R]   norm [O]
// The changed weight is made four rows and four columns at a time, and never stored. One workgroup per four rows; lanes
// stride over columns.

const LANES = 32u;

struct Params {
  N: u32,
  I: u32,
  R: u32,
  first: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<Stored>;
@group(0) @binding(2) var<storage, read> a: array<vec4f>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read_write> norm: array<f32>;

var<workgroup> lane_squares: array<vec4f, LANES>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_workgroup(group, groups) * 4;
  if (row >= params.N) { return; }
  let rows = min(vec4u(row) + vec4u(0, 1, 2, 3), vec4u(params.N - 1));
  let at = (params.first + rows) * params.R;
  var squares = vec4f(0.0);
  for (var col = lane * 4; col < params.I; col += LANES * 4) {
    var w0 = vec4f(0.0);
    var w1 = vec4f(0.0);
    var w2 = vec4f(0.0);
    var w3 = vec4f(0.0);
    for (var r = 0u; r < params.R; r++) {
      let factor = a_at(r, col);
      w0 += b[at.x + r] * factor;
      w1 += b[at.y + r] * factor;
      w2 += b[at.z + r] * factor;
      w3 += b[at.w + r] * factor;
    }
    w0 = weight4(rows.x, col, params.I) + params.scale * w0;
    w1 = weight4(rows.y, col, params.I) + params.scale * w1;
    w2 = weight4(rows.z, col, params.I) + params.scale * w2;
    w3 = weight4(rows.w, col, params.I) + params.scale * w3;
    squares += vec4f(dot(w0, w0), dot(w1, w1), dot(w2, w2), dot(w3, w3));
  }
  lane_squares[lane] = squares;
  workgroupBarrier();
  if (lane >= 4 || row + lane >= params.N) { return; }
  var sum = 0.0;
  for (var i = 0u; i < LANES; i++) { sum += lane_squares[i][lane]; }
  norm[params.first + row + lane] = sqrt(sum);
}

/// a[row, col .. col + 3]: zero beyond the row's end.
fn a_at(row: u32, col: u32) -> vec4f {
  let begin = row * params.I + col;
  if (params.I % 4 == 0) { return a[begin / 4]; }
  var values = vec4f(0.0);
  for (var j = 0u; j < 4 && col + j < params.I; j++) { values[j] = a[(begin + j) / 4][(begin + j) % 4]; }
  return values;
}
