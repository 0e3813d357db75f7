/** Sums over the rows of dy [N, O], in double precision. */
export function columnSums(dy: ArrayLike<number>, O: number): Float64Array {
  const db = new Float64Array(O)
  for (let i = 0; i < dy.length; i++) db[i % O]! += dy[i]!
  return db
}
