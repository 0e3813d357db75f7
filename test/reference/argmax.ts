/** Index of the largest of each row's V values, the first of equal ones. */
export function argmax(x: ArrayLike<number>, V: number): number[] {
  return Array.from({ length: x.length / V }, (_, n) => {
    let best = 0
    for (let v = 1; v < V; v++) if (x[n * V + v]! > x[n * V + best]!) best = v
    return best
  })
}
