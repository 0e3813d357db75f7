import { fitsPattern, isNamed, type PeftConfig, rankOf, scaleOf } from '../io/peft-config'
import type { CausalNetwork } from '../models/causal-network'
import type { Linear } from '../nn/linear'
import { TrainingError } from './errors'

/** A linear layer that an adapter changes. */
export interface LoraLayer {
  readonly linear: Linear
  /** Its place among the network's linear layers: its dropout's own numbers, whichever others are targets. */
  readonly stream: number
  /** What B·A is multiplied by. */
  readonly scale: number
  /** What is trained, by PEFT's names without their prefix: A, B and, with DoRA, the magnitudes. */
  readonly shapes: readonly (readonly [name: string, shape: readonly number[]])[]
}

/**
 * The layers that an adapter of this config changes, in the order of the model.
 *
 * @throws {TrainingError} if a target names no linear layer of the model
 */
export function loraLayers(network: CausalNetwork, config: PeftConfig): readonly LoraLayer[] {
  const { targetModules: targets, useDora } = config
  if (targets.length === 0) throw new TrainingError('the adapter has no target layers')
  const missing = targets.filter(target => !network.linears.some(({ path }) => isNamed(path, target)))
  if (missing.length > 0) {
    throw new TrainingError(
      `the model has no linear layer named ${missing.join(', ')}; it has ${kindsOf(network).join(', ')}`,
    )
  }
  return network.linears.flatMap((linear, stream) => {
    const { path } = linear
    if (!targets.some(target => isNamed(path, target))) return []
    const [O, I] = linear.weight.shape as readonly [number, number]
    const R = rankOf(config, path)
    const shapes: LoraLayer['shapes'] = [
      [`${path}.lora_A.weight`, [R, I]],
      [`${path}.lora_B.weight`, [O, R]],
      ...(useDora ? [[`${path}.lora_magnitude_vector`, [O]] as const] : []),
    ]
    return [{ linear, stream, scale: scaleOf(config, path), shapes }]
  })
}

/** The distinct last parts of the names of a network's linear layers: q_proj, k_proj, … */
export const kindsOf = (network: CausalNetwork): readonly string[] => [
  ...new Set(network.linears.map(({ path }) => path.split('.').at(-1)!)),
]

/** @throws {TrainingError} for a key that means none of the layers, which would be an option without effect */
export function checkPatterns(config: PeftConfig, layers: readonly LoraLayer[]): void {
  for (const key of [...Object.keys(config.rankPattern), ...Object.keys(config.alphaPattern)]) {
    if (layers.some(({ linear }) => fitsPattern(linear.path, key))) continue
    throw new TrainingError(`the adapter changes no layer named ${key}, which a rank or alpha is given for`)
  }
}
