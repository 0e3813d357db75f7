import { type RopeScaling, yarnScale } from '../ops/rope'
import { ModelError } from './errors'

export type Json = Readonly<Record<string, unknown>>

/** Rotary positions, as a config asks for them. */
export interface RopeConfig {
  readonly theta: number
  readonly scaling: RopeScaling | null
  /** Factor of cosines and sines. */
  readonly scale: number
}

/** A value of a config, for a message: its beginning if it is long. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined'
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

/** The largest size that a config may ask for: no weight could have it, and sums of a few stay exact. */
const MOST = 2 ** 31
/** Layers and positions are counted out before any weight is looked at: lists of names, tables of angles. */
const MOST_LAYERS = 4096
const MOST_POSITIONS = 2 ** 24

/** Reads the fields of a `config.json`. Every method throws `ModelError` naming the field. */
export class Config {
  constructor(
    readonly json: Json,
    /** Of the model, for errors. */
    readonly name: string,
    /** Where in the file the fields are: `text_config.` */
    readonly place = '',
  ) {}

  /** The same place with other fields. */
  with(json: Json): Config {
    return new Config(json, this.name, this.place)
  }

  /** An error about a field. */
  refuse(key: string, problem: string): ModelError {
    return new ModelError(
      `${this.name}: config.json: ${this.place}${key} is ${shown(this.json[key])}, ${problem}`,
    )
  }

  integer(key: string, fallback?: number, most = MOST): number {
    const value = this.json[key] ?? fallback
    if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= MOST) {
      if (value > most) throw this.refuse(key, `expected at most ${most}`)
      return value
    }
    if (this.json[key] === undefined || this.json[key] === null) {
      throw new ModelError(
        `${this.name}: config.json: ${this.place}${key} is ${JSON.stringify(value)}, expected a positive integer`,
      )
    }
    throw this.refuse(key, 'expected a positive integer')
  }

  layers(key: string, fallback?: number): number {
    return this.integer(key, fallback, MOST_LAYERS)
  }

  positions(key: string, fallback?: number): number {
    return this.integer(key, fallback, MOST_POSITIONS)
  }

  positive(key: string, fallback?: number): number {
    const value = this.json[key] ?? fallback
    if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return value
    throw this.refuse(key, 'expected a positive number')
  }

  boolean(key: string, fallback: boolean): boolean {
    const value = this.json[key] ?? fallback
    if (typeof value === 'boolean') return value
    throw this.refuse(key, 'expected true or false')
  }

  /** Refuses any other value than these, of which `undefined` stands for a missing field and for null. */
  only(key: string, ...allowed: unknown[]): void {
    if (!allowed.includes(this.json[key] ?? undefined)) throw this.refuse(key, 'which is not supported')
  }

  /** One of the values of `choices`, by the field's text. */
  choice<T>(key: string, choices: Readonly<Record<string, T>>, fallback: string): T {
    const value = this.json[key] ?? fallback
    if (typeof value === 'string' && Object.hasOwn(choices, value)) return choices[value]!
    throw this.refuse(key, 'which is not supported')
  }

  /** A list of texts, or null where there is none. */
  texts(key: string): readonly string[] | null {
    const value = this.json[key] ?? null
    if (value === null) return null
    if (Array.isArray(value) && value.every(text => typeof text === 'string')) return value
    throw this.refuse(key, 'expected a list of texts')
  }

  /** The fields of an object; none where it is missing. */
  inner(key: string): Config {
    const value = this.json[key] ?? {}
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw this.refuse(key, 'expected an object')
    }
    return new Config(value as Json, this.name, `${this.place}${key}.`)
  }

  /**
   * Rotary positions: `ropeParameters`, in older files beside `rope_theta`. The kinds are those of
   * `modeling_rope_utils` in transformers, but for those that depend on a text's length.
   *
   * @param maxPositions the model's, for scalings that do not repeat it
   */
  rope(maxPositions: number): RopeConfig {
    return this.ropeParameters().scaling(this.positive('rope_theta', 10000), maxPositions)
  }

  /** `rope_scaling`, or where it has no field `rope_parameters`: transformers prefers the older name too. */
  ropeParameters(): Config {
    const older = this.inner('rope_scaling')
    return Object.keys(older.json).length > 0 ? older : this.inner('rope_parameters')
  }

  /**
   * Reads this object as the parameters of rotary positions.
   *
   * @param fallbackTheta where it says none
   */
  scaling(fallbackTheta: number, maxPositions: number): RopeConfig {
    const theta = this.positive('rope_theta', fallbackTheta)
    const type = this.json.rope_type ?? this.json.type ?? 'default'
    const plain = { theta, scale: 1 }
    if (type === 'default') return { ...plain, scaling: null }
    if (type === 'linear') return { ...plain, scaling: { type, factor: this.positive('factor') } }
    const original = () => this.integer('original_max_position_embeddings', maxPositions)
    if (type === 'llama3') {
      const low = this.positive('low_freq_factor')
      const high = this.positive('high_freq_factor')
      if (high <= low) throw this.refuse('high_freq_factor', `expected more than low_freq_factor, ${low}`)
      return {
        ...plain,
        scaling: {
          type,
          factor: this.positive('factor'),
          lowFrequencyFactor: low,
          highFrequencyFactor: high,
          originalPositions: original(),
        },
      }
    }
    if (type === 'yarn') {
      const factor = this.positive('factor')
      const optional = (key: string) => (this.json[key] == null ? undefined : this.positive(key))
      const mscale = optional('mscale')
      const mscaleAllDim = optional('mscale_all_dim')
      const computed = yarnScale(factor, {
        ...(mscale === undefined ? {} : { mscale }),
        ...(mscaleAllDim === undefined ? {} : { mscaleAllDim }),
      })
      return {
        theta,
        scale: optional('attention_factor') ?? computed,
        scaling: {
          type,
          factor,
          originalPositions: original(),
          betaFast: this.positive('beta_fast', 32),
          betaSlow: this.positive('beta_slow', 1),
          truncate: this.boolean('truncate', true),
        },
      }
    }
    throw new ModelError(
      `${this.name}: config.json: rotary positions of type ${shown(type)} are not supported`,
    )
  }
}
