/** Products of row-major matrices in double precision, one batch after the other. */
type Layout = 'nt' | 'nn' | 'tn'

export function matmul(
  layout: Layout,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  { B = 1, M, N, K }: { B?: number; M: number; N: number; K: number },
): Float64Array {
  const c = new Float64Array(B * M * N)
  for (let z = 0; z < B; z++)
    for (let m = 0; m < M; m++)
      for (let n = 0; n < N; n++) {
        let sum = 0
        for (let k = 0; k < K; k++) {
          const left = layout === 'tn' ? (z * K + k) * M + m : (z * M + m) * K + k
          const right = layout === 'nt' ? (z * N + n) * K + k : (z * K + k) * N + n
          sum += a[left]! * b[right]!
        }
        c[(z * M + m) * N + n] = sum
      }
  return c
}
