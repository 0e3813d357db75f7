import type { Metric } from '../similarity/metric'

/** Settings or a pool that nothing can be selected with. */
export class SelectionError extends Error {
  override name = 'SelectionError'
}

/** @throws {SelectionError} naming `who` and the setting if `threshold` is no similarity of the metric */
export function checkThreshold(
  who: string,
  name: string,
  threshold: number,
  { name: metric, range }: Metric,
): void {
  const [least, most] = range
  if (threshold >= least && threshold <= most && Number.isFinite(threshold)) return
  throw new SelectionError(
    `${who}: ${name} is ${threshold}, expected a similarity by ${metric}: a number in [${least}, ${most}]`,
  )
}
