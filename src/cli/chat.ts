import { createInterface } from 'node:readline'
import { text as textOf } from 'node:stream/consumers'
import { type GenerateOptions, LoraAdapter } from '../index'
import { readAdapter } from './adapters'
import type { Command, Context } from './command'
import { Conversation, keepingResult } from './conversation'
import { Machine } from './machine'
import { type ModelArguments, modelSpec, modelUsage, readModelArguments } from './model-arguments'
import { flag, Given, text, UsageError } from './options'
import { toStandardOutput } from './standard-output'
import { terminalChat } from './terminal-chat'

const MAX_TOKENS = 512

const chatUsage = `Usage: tabtune chat [options]

Talks with a model: on a terminal line by line, in a pipe one answer for each line of standard input.

${modelUsage}  --adapter DIR          a PEFT folder with an adapter of that model
  --system TEXT          what the model is told before the conversation
  --prompt TEXT|-        one question, and no conversation; - for all of standard input
  --max-tokens N         tokens of an answer at most (default: ${MAX_TOKENS})
  --temperature T        0 takes the most likely token, 1 draws as the model says (default: 0)
  --top-k K              draws from the K most likely tokens (default: 0, all)
  --top-p P              draws from the most likely tokens that make up the probability P (default: 1, all)
  --min-p P              draws from tokens at least P times as likely as the likeliest (default: 0, all)
  --repetition-penalty R above 1, tokens that occurred become less likely (default: 1)
  --stop TEXT            ends an answer before this text
  --seed S               another seed draws other answers (default: 0)
  --json                 writes each answer as a line of JSON, with why it ended and its length in tokens
  --help

Of the lines, /reset begins a new conversation and /exit ends. On a terminal Ctrl-C stops an answer, twice ends.`

const spec = {
  ...modelSpec,
  adapter: text,
  system: text,
  prompt: text,
  'max-tokens': text,
  temperature: text,
  'top-k': text,
  'top-p': text,
  'min-p': text,
  'repetition-penalty': text,
  stop: text,
  seed: text,
  json: flag,
  help: flag,
} as const

interface ChatArguments {
  readonly model: ModelArguments
  readonly adapter: string | null
  readonly system: string | null
  readonly prompt: string | null
  readonly json: boolean
  readonly options: GenerateOptions
}

export const chat: Command = {
  summary: 'talk with a model',
  usage: chatUsage,
  read(argv) {
    const args = readChatArguments(argv)
    return context => runChat(args, context)
  },
}

/** @throws {UsageError} naming the argument that is wrong */
export function readChatArguments(argv: readonly string[]): ChatArguments {
  const given = new Given(spec, argv)
  const [first] = given.operands
  if (first !== undefined) throw new UsageError(`'${first}' is no option of tabtune chat`)
  const stop = given.text('stop')
  if (stop === '') throw new UsageError("--stop is '', expected some text")
  const atLeastZero = (n: number) => n >= 0 && Number.isFinite(n)
  return {
    model: readModelArguments(given),
    adapter: given.text('adapter'),
    system: given.text('system'),
    prompt: given.text('prompt'),
    json: given.flag('json'),
    options: {
      maxTokens: given.count('max-tokens', MAX_TOKENS),
      temperature: given.number('temperature', 0, '0 or a number above', atLeastZero),
      topK: given.count('top-k', 0, 0),
      topP: given.within('top-p', 1, 0, 1),
      minP: given.within('min-p', 0, 0, 1),
      repetitionPenalty: given.positive('repetition-penalty', 1),
      seed: given.count('seed', 0, 0),
      stop: stop === null ? [] : [stop],
    },
  }
}

async function runChat(args: ChatArguments, context: Context): Promise<boolean> {
  const { progress, signal } = context
  const prompt = args.prompt === '-' ? await textOf(process.stdin) : args.prompt
  if (prompt !== null && prompt.trim() === '')
    throw new UsageError('there is nothing to answer: the prompt is empty')
  const peft = args.adapter === null ? null : await readAdapter(args.adapter)
  using machine = new Machine(args.model, context)
  const model = await machine.model()
  using adapter = peft && LoraAdapter.fromPeft(model.network, peft)
  progress.done()
  const conversation = new Conversation(model, args.system, {
    ...args.options,
    adapter: adapter?.map ?? null,
  })
  const say = (line: string) => sayLine(conversation, line, args.json, signal)
  try {
    if (prompt !== null) await say(prompt)
    else if (process.stdin.isTTY && !args.json) {
      const { stdin: input, stderr: output } = process
      return await terminalChat(conversation, { input, output, write: toStandardOutput }, signal)
    } else await answerLines(conversation, createInterface({ input: process.stdin }), say)
    return true
  } catch (error) {
    if (!signal.aborted) throw error
    return false
  }
}

/** @throws {UsageError} if there is no line to answer */
async function answerLines(
  conversation: Conversation,
  lines: AsyncIterable<string>,
  say: (line: string) => Promise<void>,
): Promise<void> {
  let empty = true
  for await (const given of lines) {
    const line = given.trim()
    if (line === '') continue
    empty = false
    if (line === '/exit') break
    if (line === '/reset') conversation.reset()
    else await say(line)
  }
  if (empty) throw new UsageError('there is nothing to answer: standard input has no line of text')
}

/** Writes the answer to a line: as it comes, or as JSON when it is there. */
async function sayLine(
  conversation: Conversation,
  line: string,
  json: boolean,
  signal: AbortSignal,
): Promise<void> {
  const pieces = keepingResult(conversation.answer(line, signal))
  for await (const piece of pieces) if (!json) await toStandardOutput(piece)
  await toStandardOutput(json ? `${JSON.stringify(pieces.result())}\n` : '\n')
}
