import { TrainingError } from './errors'

/**
 * Which sequences share a micro-batch of at most `maxLength` tokens, by best-fit decreasing: the longest first, each
 * where it leaves the least room, else in a new pack. Gives positions in `sequences`; each is in one pack. The packs are
 * those of TRL's `pack_dataset` with `bfd` (there for each 1000 rows), https://arxiv.org/abs/2404.10830. Sequences of a
 * pack see nothing of each other: that they share a pass changes no value.
 *
 * @throws {TrainingError} for a sequence that is empty or longer than `maxLength`
 */
export function packSequences(
  sequences: readonly { readonly ids: { readonly length: number } }[],
  { maxLength }: { readonly maxLength: number },
): number[][] {
  const lengths = sequences.map(({ ids }) => ids.length)
  const outside = lengths.findIndex(length => !(length >= 1 && length <= maxLength))
  if (outside >= 0)
    throw new TrainingError(
      `packSequences: sequence ${outside} has ${lengths[outside]} tokens, expected 1 to ${maxLength}; ` +
        'encode with a smaller maxLength, or pack with a larger one',
    )
  const packs: number[][] = []
  /** Packs by the room they have left, those that have it longest first. */
  const byRoom = Array.from({ length: maxLength }, (): number[] => [])
  const longestFirst = [...lengths.keys()].sort((a, b) => lengths[b]! - lengths[a]! || a - b)
  for (const i of longestFirst) {
    const length = lengths[i]!
    let room = length
    while (room < maxLength && byRoom[room]!.length === 0) room++
    const pack = room < maxLength ? byRoom[room]!.shift()! : packs.push([]) - 1
    packs[pack]!.push(i)
    byRoom[room - length]!.push(pack)
  }
  return packs
}
