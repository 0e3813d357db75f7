import type { Weights as WeightFiles } from '../io/model-weights'
import type { Blueprint } from './architecture'
import { ModelError } from './errors'

/** Names of BERT's first files, which transformers reads too. */
const EARLIER = [
  [/LayerNorm\.weight$/, 'LayerNorm.gamma'],
  [/LayerNorm\.bias$/, 'LayerNorm.beta'],
] as const

/**
 * Matches a model's weights to those of its files, with or without the prefix that some leave out.
 *
 * @returns the name in the files of each weight
 * @throws {ModelError} for a weight that is missing, of another shape, or left over
 */
export function weightNames(
  name: string,
  { weights, prefix, ignored, tied }: Pick<Blueprint, 'weights' | 'prefix' | 'ignored' | 'tied'>,
  files: WeightFiles,
): (key: string) => string {
  const [first] = weights.keys()
  const bare = first !== undefined && !files.entry(first) && files.entry(first.slice(prefix.length)) !== null
  const nameOf = (key: string) => {
    const name = bare && key.startsWith(prefix) ? key.slice(prefix.length) : key
    if (files.entry(name)) return name
    const earlier = EARLIER.map(([now, then]) => name.replace(now, then)).find(old => files.entry(old))
    return earlier ?? name
  }
  for (const [key, { shape, transposed }] of weights) {
    const entry = files.entry(nameOf(key))
    if (!entry) throw new ModelError(`${name}: the weights lack ${nameOf(key)}`)
    const wanted = transposed ? [...shape].reverse() : shape
    if (entry.shape.join() !== wanted.join()) {
      throw new ModelError(
        `${name}: ${nameOf(key)} has shape [${entry.shape.join(', ')}], config.json asks for [${wanted.join(', ')}]`,
      )
    }
  }
  const known = new Set([...weights.keys()].map(nameOf))
  const extra = files.names().filter(key => !known.has(key) && key !== tied?.head && !ignored.test(key))
  if (extra.length > 0) {
    const more = extra.length > 1 ? ` and ${extra.length - 1} more` : ''
    throw new ModelError(
      `${name}: the weights hold ${extra[0]}${more}, which a model of this config.json does not have`,
    )
  }
  return nameOf
}
