import type { ChatTurn } from '../../src/io/chat-template'
import { filesFromList } from '../../src/io/model-files'
import { loadTokenizer, type Tokenizer } from '../../src/io/tokenizer'
import fixture from '../fixtures/templates.json'

/** One conversation in one template, as another library has it. */
export interface TemplateCase {
  readonly turns: readonly ChatTurn[]
  readonly text: string
  /** The text before the last answer: that of the turns before it, where generation would begin. */
  readonly prompt: string
  readonly ids: readonly number[]
  /** Spans of trained tokens, or null where the other library does not have them for these ids. */
  readonly trained: readonly (readonly [number, number])[] | null
  /** The ids where special tokens that the turns spell are text, if they spell any. */
  readonly literal: readonly number[] | null
}

interface StoredCases {
  readonly tokenizer: string
  readonly cases: readonly {
    conversation: number
    text: string
    prompt: number
    ids: number[]
    trained: number[][] | null
    literal?: number[]
  }[]
}

const casesOf = ({ cases }: StoredCases): TemplateCase[] =>
  cases.map(({ conversation, text, prompt, ids, trained, literal }) => ({
    text,
    // Python counts code points.
    prompt: [...text].slice(0, prompt).join(''),
    ids,
    turns: fixture.conversations[conversation]!,
    trained: trained as [number, number][] | null,
    literal: literal ?? null,
  }))

/** The fixture's tokenizer, of files that may be changed. */
export function loadFixtureTokenizer(
  name: string,
  config: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
): Promise<Tokenizer> {
  const files = fixture.tokenizers[name as keyof typeof fixture.tokenizers]
  const contents = {
    ...files,
    'tokenizer_config.json': { ...files['tokenizer_config.json'], ...config },
    ...more,
  }
  const blobs = Object.entries(contents).map(
    ([path, json]) => [path, new Blob([JSON.stringify(json)])] as const,
  )
  return loadTokenizer(filesFromList(new Map(blobs), name))
}

const loaded = new Map<string, Promise<Tokenizer>>()
export function fixtureTokenizer(name: string): Promise<Tokenizer> {
  if (!loaded.has(name)) loaded.set(name, loadFixtureTokenizer(name))
  return loaded.get(name)!
}

export const namedCases = (name: keyof typeof fixture.named) => ({
  tokenizer: fixture.named[name].tokenizer,
  cases: casesOf(fixture.named[name] as StoredCases),
})

export const jinjaCases = (name: keyof typeof fixture.jinja) => ({
  tokenizer: fixture.jinja[name].tokenizer,
  template: fixture.jinja[name].template,
  cases: casesOf(fixture.jinja[name] as StoredCases),
})
