import { TrainingError } from './errors'

type Options = Readonly<Record<string, number>>

/** @throws {TrainingError} naming the first option that is not a positive number */
export const checkPositive = (optimizer: string, options: Options): void =>
  check(optimizer, options, 'a positive number', value => value > 0 && value < Number.POSITIVE_INFINITY)

/** @throws {TrainingError} naming the first option that is negative or no number */
export const checkNotNegative = (optimizer: string, options: Options): void =>
  check(optimizer, options, '0 or more', value => value >= 0 && value < Number.POSITIVE_INFINITY)

/** @throws {TrainingError} naming the first option that is not in [0, 1) */
export const checkFraction = (optimizer: string, options: Options): void =>
  check(optimizer, options, 'at least 0 and less than 1', value => value >= 0 && value < 1)

function check(optimizer: string, options: Options, wanted: string, fits: (value: number) => boolean): void {
  for (const [name, value] of Object.entries(options)) {
    if (!fits(value)) throw new TrainingError(`${optimizer}: ${name} is ${value}, expected ${wanted}`)
  }
}
