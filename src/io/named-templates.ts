import type { ChatTemplate } from './chat-template'
import { type FormatTokens, type TurnRole, turnTemplate } from './turn-template'

/** Tokens of Llama, Llama 2, Mistral and what was made of them. */
const LLAMA_TOKENS: FormatTokens = { bos: '<s>', eos: '</s>' }

export interface EosOptions {
  /** The token that ends an assistant's turn; the tokenizer's eos when left out. */
  readonly eos?: string
}

export interface SystemOptions {
  /** System text of conversations that have none. */
  readonly system?: string
}

const VICUNA_SYSTEM =
  'A chat between a curious user and an artificial intelligence assistant. ' +
  "The assistant gives helpful, detailed, and polite answers to the user's questions."

/**
 * FastChat's `vicuna_v1.1`, also Deita's: `{system} USER: {q} ASSISTANT: {a}{eos}`. The space before an answer belongs
 * to the answer, so that a prompt ends where FastChat's does and a tokenizer has one token for the space and a word.
 * System text takes the place of the usual one.
 */
export const vicuna = ({ system = VICUNA_SYSTEM, eos }: SystemOptions & EosOptions = {}): ChatTemplate =>
  turnTemplate(
    ({ eos }) => ({
      name: 'vicuna',
      begin: '',
      endOfTurn: eos,
      stop: [eos, 'USER:'],
      generationPrompt: 'ASSISTANT:',
      system,
      strict: true,
      turn(role, content) {
        if (role === 'system') return { header: '', content, end: ' ' }
        if (role === 'user') return { header: 'USER: ', content, end: ' ' }
        return { header: 'ASSISTANT:', content: ` ${content}`, end: eos }
      },
    }),
    LLAMA_TOKENS,
    eos,
  )

const marker = (role: TurnRole) => `<|${role}|>\n`

/**
 * open-instruct's `tulu`: `<|user|>\n{q}\n<|assistant|>\n{a}{eos}`, a line break between an answer and the next turn.
 * The markers are plain text.
 */
export const tulu = ({ eos }: EosOptions = {}): ChatTemplate =>
  turnTemplate(
    ({ eos }) => ({
      name: 'tulu',
      begin: '',
      endOfTurn: eos,
      stop: [eos, '<|user|>'],
      generationPrompt: marker('assistant'),
      system: null,
      strict: false,
      turn: (role, content) => ({
        header: marker(role),
        content,
        ...(role === 'assistant' ? { end: eos, separator: '\n' } : { end: '\n' }),
      }),
    }),
    LLAMA_TOKENS,
    eos,
  )

/** HuggingFaceH4's Zephyr: `<|user|>\n{q}{eos}\n<|assistant|>\n{a}{eos}\n`. The markers are plain text. */
export const zephyr = ({ eos }: EosOptions = {}): ChatTemplate =>
  turnTemplate(
    ({ eos }) => ({
      name: 'zephyr',
      begin: '',
      endOfTurn: eos,
      stop: [eos, '<|user|>'],
      generationPrompt: marker('assistant'),
      system: null,
      strict: false,
      turn: (role, content) => ({ header: marker(role), content, end: `${eos}\n` }),
    }),
    LLAMA_TOKENS,
    eos,
  )

const headerId = (role: TurnRole) => `<|start_header_id|>${role}<|end_header_id|>\n\n`

/**
 * Llama 3's: `{bos}`, then `<|start_header_id|>{role}<|end_header_id|>\n\n{content}<|eot_id|>`, white space around the
 * content left out. Llama 3.1 and later also write dates; that is their models' own template.
 */
export const llama3 = (): ChatTemplate =>
  turnTemplate(
    ({ bos }) => ({
      name: 'llama3',
      begin: bos,
      endOfTurn: '<|eot_id|>',
      stop: ['<|eot_id|>', '<|start_header_id|>'],
      generationPrompt: headerId('assistant'),
      system: null,
      strict: false,
      turn: (role, content) => ({ header: headerId(role), content: strip(content), end: '<|eot_id|>' }),
    }),
    { bos: '<|begin_of_text|>', eos: '<|eot_id|>' },
  )

/** ChatML, that of Qwen and SmolLM2 too: `<|im_start|>{role}\n{content}<|im_end|>\n`. */
export const chatml = ({ system }: SystemOptions = {}): ChatTemplate =>
  turnTemplate(
    () => ({
      name: 'chatml',
      begin: '',
      endOfTurn: '<|im_end|>',
      stop: ['<|im_end|>', '<|im_start|>'],
      generationPrompt: '<|im_start|>assistant\n',
      system: system ?? null,
      strict: false,
      turn: (role, content) => ({ header: `<|im_start|>${role}\n`, content, end: '<|im_end|>\n' }),
    }),
    { bos: '', eos: '<|im_end|>' },
  )

const ALPACA_SYSTEM =
  'Below is an instruction that describes a task. ' +
  'Write a response that appropriately completes the request.'

/**
 * Alpaca's, as LLaMA-Factory writes more than one exchange of it:
 * `{system}\n\n### Instruction:\n{q}\n\n### Response:\n{a}{eos}\n\n`. System text takes the place of the usual one;
 * `system: ''` leaves it out.
 */
export const alpaca = ({ system = ALPACA_SYSTEM, eos }: SystemOptions & EosOptions = {}): ChatTemplate =>
  turnTemplate(
    ({ eos }) => ({
      name: 'alpaca',
      begin: '',
      endOfTurn: eos,
      stop: [eos, '### Instruction:'],
      generationPrompt: '### Response:\n',
      system: system === '' ? null : system,
      strict: true,
      turn(role, content) {
        if (role === 'system') return { header: '', content, end: '\n\n' }
        if (role === 'user') return { header: '### Instruction:\n', content, end: '\n\n' }
        return { header: '### Response:\n', content, end: `${eos}\n\n` }
      },
    }),
    LLAMA_TOKENS,
    eos,
  )

/** The text without the white space around it that Python's `str.strip` takes for such, which JavaScript's `trim` does not. */
function strip(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are white space in Python
  const space = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/
  let begin = 0
  let end = text.length
  while (begin < end && space.test(text[begin]!)) begin++
  while (end > begin && space.test(text[end - 1]!)) end--
  return text.slice(begin, end)
}
