import type { Tokenizer } from '../io/tokenizer'
import type { EncodedAnswer } from '../models/answer-batch'
import { type Example, exampleTokens } from './examples'

/** A token as text; those that make one character together are one. */
export interface ShownToken {
  readonly text: string
  /** Whether the model learns to write it. */
  readonly trained: boolean
}

/** One sequence of an example: a conversation, or a side of a pair. */
export interface ShownSequence {
  readonly name: 'conversation' | 'chosen' | 'rejected' | 'desirable' | 'undesirable'
  /** Before the first trained token. */
  readonly prompt: readonly ShownToken[]
  /** From the first trained token on. */
  readonly answer: readonly ShownToken[]
}

/** An example as the model sees it, special tokens written out. */
export interface ShownExample {
  /** The position in its file. */
  readonly index: number
  readonly sequences: readonly ShownSequence[]
}

/** Decodes an example, so that it can be looked at before training: what is trained, token by token. */
export function shownExample(tokenizer: Tokenizer, example: Example): ShownExample {
  const { index } = example
  if ('mask' in example)
    return { index, sequences: [shown(tokenizer, 'conversation', example.ids, t => example.mask[t] === 1)] }
  const answer = (name: ShownSequence['name'], { ids, answerBegin }: EncodedAnswer) =>
    shown(tokenizer, name, ids, t => t >= answerBegin)
  if ('answer' in example)
    return { index, sequences: [answer(example.desirable ? 'desirable' : 'undesirable', example.answer)] }
  return { index, sequences: [answer('chosen', example.chosen), answer('rejected', example.rejected)] }
}

/** The example with the fewest tokens, which can be read at a glance; the first of several. */
export function shortestExample<E extends Example>(examples: readonly E[]): E | null {
  return examples.reduce<E | null>(
    (least, example) => (least && exampleTokens(least) <= exampleTokens(example) ? least : example),
    null,
  )
}

function shown(
  tokenizer: Tokenizer,
  name: ShownSequence['name'],
  ids: Uint32Array,
  trained: (t: number) => boolean,
): ShownSequence {
  const tokens: ShownToken[] = []
  let prompt = 0
  // What a tokenizer makes of a token depends on the one before it, and on no other.
  let from = 0
  let begin = 0
  for (let end = 1; end <= ids.length; end++) {
    const before = tokenizer.decode([...ids.subarray(from, begin)])
    const text = tokenizer.decode([...ids.subarray(from, end)]).slice(before.length)
    const isTrained = trained(end - 1)
    const changes = end < ids.length && trained(end) !== isTrained
    // A character whose tokens are not all there yet.
    if (text.endsWith('\uFFFD') && end < ids.length && !changes) continue
    tokens.push({ text, trained: isTrained })
    from = begin
    begin = end
    if (!tokens.some(token => token.trained)) prompt = tokens.length
  }
  return { name, prompt: tokens.slice(0, prompt), answer: tokens.slice(prompt) }
}
