import type { Turn } from '../data/row'
import { type Generated, type GenerateOptions, generate } from '../models/generate'
import type { Model } from '../models/load-model'
import type { Missing } from '../scoring/score'

/** A conversation that ends with a turn to answer. */
export type Prompt = readonly Turn[]

/** What a model wrote. */
export interface Answer {
  readonly text: string
  /** Without the token that ended it. */
  readonly tokens: number
  /** Unicode characters. */
  readonly characters: number
  /** Why it ended: of itself (`end`, `stop`), or because there was no more room (`length`, `context`). */
  readonly reason: Generated['reason']
}

export interface AnswerPromptOptions extends GenerateOptions {
  /** Called after each answer. */
  readonly onAnswer?: (done: number, total: number) => void
}

/**
 * The model's answers to prompts, one for each in order: the most likely token each time unless the options say
 * otherwise, so that they are the same again. A prompt that leaves no room for an answer is missing, with the reason.
 *
 * @throws {GenerationError} for options out of range, and logits that are not finite
 * @throws {TokenizerError} if there is no chat template, or it refuses a prompt
 * @throws the signal's reason when it is aborted
 */
export async function answerPrompts(
  model: Model,
  prompts: readonly Prompt[],
  { maxTokens = 256, onAnswer, ...options }: AnswerPromptOptions = {},
): Promise<(Answer | Missing)[]> {
  const answers: (Answer | Missing)[] = []
  for (const prompt of prompts) {
    answers.push(await answer(model, prompt, { ...options, maxTokens }))
    onAnswer?.(answers.length, prompts.length)
  }
  return answers
}

async function answer(model: Model, prompt: Prompt, options: GenerateOptions): Promise<Answer | Missing> {
  const { network, tokenizer } = model
  const rendered = tokenizer.chat(prompt, { addGenerationPrompt: true })
  const { length } = tokenizer.encode(rendered, { addSpecialTokens: false })
  if (length >= network.maxPositions)
    return { missing: `the prompt has ${length} tokens, the model's context is ${network.maxPositions}` }
  const pieces = generate(model, prompt, options)
  let text = ''
  for (;;) {
    const { value, done } = await pieces.next()
    if (!done) {
      text += value
      continue
    }
    return { text, tokens: value.answerTokens, characters: [...text].length, reason: value.reason }
  }
}
