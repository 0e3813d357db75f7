import { TrainingError } from './errors'

/** Tokens of a stretch that stay. */
export type Kept = readonly [begin: number, end: number]

/** Lengths in tokens. */
export interface CutLengths {
  readonly prompt: number
  readonly answer: number
  /** The longest answer to this prompt: of a pair the longer one, so that both sides keep the same of the prompt. */
  readonly longest: number
}

/** Which tokens stay of a prompt and an answer to it that are longer than allowed. */
export interface Truncation {
  readonly name: string
  /** What stays; at most `maxLength` tokens together, and everything where `prompt` and `longest` fit. */
  cut(lengths: CutLengths, maxLength: number): { readonly prompt: Kept; readonly answer: Kept }
}

/** The first `maxLength` tokens, TRL's `keep_start`: answers lose their end. */
export const keepStart = (): Truncation => ({
  name: 'keepStart',
  cut: ({ prompt, answer }, maxLength) => {
    const kept = Math.min(prompt, maxLength)
    return { prompt: [0, kept], answer: [0, Math.min(answer, maxLength - kept)] }
  },
})

/**
 * The last `maxLength` tokens, TRL's `keep_end`: prompts lose their beginning, and then answers theirs. The sides of a
 * pair may keep different stretches of their prompt.
 */
export const keepEnd = (): Truncation => ({
  name: 'keepEnd',
  cut: ({ prompt, answer }, maxLength) => {
    const cut = Math.max(0, prompt + answer - maxLength)
    return { prompt: [Math.min(prompt, cut), prompt], answer: [Math.max(0, cut - prompt), answer] }
  },
})

export interface PromptFirstOptions {
  /** Tokens that a prompt keeps, its last ones, before an answer loses any. */
  readonly keep?: number
}

/**
 * The prompt loses its beginning until the longest answer fits; once it is down to `keep` tokens, answers lose their
 * end. TRL's former `max_prompt_length` m with `keep_end` cut every long example's prompt to m tokens at once, even
 * where fewer would have done.
 *
 * @throws {TrainingError} unless `keep` is a whole number of at least 1
 */
export function promptFirst({ keep = 64 }: PromptFirstOptions = {}): Truncation {
  if (!(Number.isInteger(keep) && keep >= 1))
    throw new TrainingError(`promptFirst: keep is ${keep}, expected a whole number of at least 1`)
  return {
    name: 'promptFirst',
    cut({ prompt, answer, longest }, maxLength) {
      const most = Math.max(Math.min(keep, maxLength - 1), maxLength - longest)
      const kept = Math.min(prompt, most)
      return { prompt: [prompt - kept, prompt], answer: [0, Math.min(answer, maxLength - kept)] }
    },
  }
}

/**
 * LLaMA-Factory's `infer_seqlen`: where the longest answer takes less than half of `maxLength`, the prompt is cut; where
 * the prompt does, the answers are; else both, in proportion to their lengths. Both lose their end, a prompt so the
 * header of its answer too. https://github.com/hiyouga/LLaMA-Factory, src/llamafactory/data/processor/processor_utils.py
 */
export const proportional = (): Truncation => ({
  name: 'proportional',
  cut({ prompt, answer, longest }, maxLength) {
    const most =
      2 * longest < maxLength
        ? maxLength
        : 2 * prompt < maxLength
          ? maxLength - prompt
          : Math.floor(maxLength * (longest / (prompt + longest)))
    const room = Math.min(most, longest)
    return { prompt: [0, Math.min(prompt, maxLength - room)], answer: [0, Math.min(answer, room)] }
  },
})

/** @throws {TrainingError} unless `maxLength` can hold a token and the one that it predicts */
export function checkMaxLength(maxLength: number): void {
  if (Number.isInteger(maxLength) && maxLength >= 2) return
  throw new TrainingError(`maxLength is ${maxLength}, expected a whole number of tokens, 2 or more`)
}
