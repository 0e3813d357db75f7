/**
 * The exponent p of y ∝ xᵖ by least squares in logarithms, over the upper half of the points, at least three: what costs
 * the same for any x shows at small ones.
 *
 * @param points in ascending order of x
 */
export function exponent(points: readonly (readonly [x: number, y: number])[]): number {
  const upper = points.slice(-Math.max(3, Math.ceil(points.length / 2)))
  const logs = upper.map(([x, y]) => [Math.log(x), Math.log(y)] as const)
  const mean = (of: (pair: readonly [number, number]) => number) =>
    logs.reduce((sum, pair) => sum + of(pair), 0) / logs.length
  const [x, y] = [mean(pair => pair[0]), mean(pair => pair[1])]
  return mean(pair => (pair[0] - x) * (pair[1] - y)) / mean(pair => (pair[0] - x) ** 2)
}
