import { describe, expect, test } from 'vitest'
import { unpair } from '../../src/data/labelled'
import type { Pair, Row, Turn } from '../../src/data/row'
import { chatml, llama3, vicuna } from '../../src/io/named-templates'
import type { EncodedAnswer } from '../../src/models/answer-batch'
import { encodeLabelled } from '../../src/training/encode-labelled'
import { encodePairs } from '../../src/training/encode-pairs'
import { encodeRows } from '../../src/training/encode-rows'
import { keepEnd, keepStart, proportional } from '../../src/training/truncation'
import fixture from '../fixtures/encoding.json'
import templates from '../fixtures/templates.json'
import { fixtureTokenizer, loadFixtureTokenizer } from '../io/template-fixture'

const conversations = templates.conversations as readonly (readonly Turn[])[]
const everything = { maxLength: 1 << 20, splitSpecialTokens: false }

const origin = (index: number) => ({ index, id: `${index}`, raw: {} })
const given = fixture.given as [conversation: number, chosen: string, rejected: string][]
const pairs: readonly Pair[] = given.map(([conversation, chosen, rejected], i) => {
  return { ...origin(i), prompt: conversations[conversation]!.slice(0, -1), chosen, rejected }
})
const rows: readonly Row[] = pairs.map(({ prompt, chosen, ...rest }) => {
  return { ...rest, turns: [...prompt, { role: 'assistant', content: chosen }] }
})

const idsOf = ({ ids }: EncodedAnswer) => [...ids]
const ones = (mask: Uint8Array) => mask.reduce((a, b) => a + b, 0)

function maskOf(length: number, spans: readonly (readonly number[])[]): Uint8Array {
  const mask = new Uint8Array(length)
  for (const [begin, end] of spans) mask.fill(1, begin, end)
  return mask
}

const names = ['qwen2_5', 'qwen3', 'llama3', 'gemma3'] as const

/** The model's own template in Jinja; for Llama 3 there is a named one too. */
const loaded = (name: (typeof names)[number], training?: string) =>
  loadFixtureTokenizer(fixture.trl[name].tokenizer, {
    chat_template:
      training ?? (name === 'llama3' ? fixture.llama3 : templates.jinja[name as 'qwen3'].template),
  })

/** A sequence that was cut: where it begins in the whole, its length, and how many of its tokens are no answer's. */
type Cut = readonly [begin: number, length: number, prompt: number]

/** As TRL prepares them; `cuts` by mode and limit, `fits` by limit. */
interface Prepared {
  readonly pairs: readonly {
    readonly prompt: readonly number[]
    readonly chosen: readonly number[]
    readonly rejected: readonly number[]
    readonly cuts: Readonly<Record<string, readonly [Cut, Cut]>>
    readonly fits?: Readonly<Record<string, boolean>>
  }[]
  readonly labelled: readonly {
    readonly row: number
    readonly label: boolean
    readonly prompt: number
    readonly cuts: Readonly<Record<string, Cut>>
  }[]
}

const known = new Map<string, ReturnType<typeof prepare>>()
function setUp(name: (typeof names)[number]) {
  if (!known.has(name)) known.set(name, prepare(name))
  return known.get(name)!
}

async function prepare(name: (typeof names)[number]) {
  const expected = fixture.trl[name] as unknown as Prepared
  const tokenizer = await loaded(name)
  const whole = encodePairs(tokenizer, pairs, everything).pairs
  /** Where TRL leaves the prompt's last token out because the answer's first characters would join it. */
  const joined = (i: number) => expected.pairs[i]!.prompt.length < whole[i]!.chosen.answerBegin
  return { tokenizer, expected, whole, joined }
}

describe.each(names)('TRL, %s', name => {
  test('pairs have the ids and masks of DPOTrainer', async () => {
    const { tokenizer, expected, whole, joined } = await setUp(name)
    expect(whole).toHaveLength(pairs.length)
    for (const [i, { chosen, rejected }] of whole.entries()) {
      const { prompt, ...answers } = expected.pairs[i]!
      expect(rejected.answerBegin).toBe(chosen.answerBegin)
      if (joined(i)) {
        // Here the prompt is whole, as for generation; the text is the same.
        expect(idsOf(chosen).slice(0, prompt.length)).toEqual(prompt)
        expect(tokenizer.decode(idsOf(chosen))).toBe(tokenizer.decode([...prompt, ...answers.chosen]))
        expect(tokenizer.decode(idsOf(rejected))).toBe(tokenizer.decode([...prompt, ...answers.rejected]))
        continue
      }
      expect(chosen.answerBegin).toBe(prompt.length)
      expect(idsOf(chosen)).toEqual([...prompt, ...answers.chosen])
      expect(idsOf(rejected)).toEqual([...prompt, ...answers.rejected])
    }
    expect(whole.filter((_, i) => !joined(i)).length).toBeGreaterThanOrEqual(40)
  })

  test('labelled answers have the ids and masks of KTOTrainer, pairs those of its unpairing', async () => {
    const { tokenizer, expected } = await setUp(name)
    const { answers, dropped } = encodeLabelled(tokenizer, unpair(pairs), everything)
    expect(dropped).toEqual([])
    expect(answers.map(({ index, desirable }) => [index, desirable])).toEqual(
      expected.labelled.map(({ row, label }) => [row, label]),
    )
    let same = 0
    for (const [i, { index, answer, desirable }] of answers.entries()) {
      const { prompt, chosen, rejected } = expected.pairs[index]!
      if (expected.labelled[i]!.prompt < answer.answerBegin) continue
      same++
      expect(answer.answerBegin).toBe(expected.labelled[i]!.prompt)
      expect(idsOf(answer)).toEqual([...prompt, ...(desirable ? chosen : rejected)])
    }
    expect(same).toBeGreaterThanOrEqual(80)
  })

  test('the last answer alone has the ids and the mask of SFTTrainer’s completions', async () => {
    const { completion } = fixture.trl[name]
    const { tokenizer, expected } = await setUp(name)
    const { sequences, dropped } = encodeRows(tokenizer, rows, { ...everything, train: 'last' })
    expect(dropped).toEqual([])
    for (const [i, { ids, mask }] of sequences.entries()) {
      const { prompt, chosen } = expected.pairs[i]!
      expect([...ids]).toEqual([...prompt, ...chosen])
      expect(mask.indexOf(1)).toBe(completion[i])
      expect(ones(mask)).toBe(ids.length - completion[i]!)
    }
  })
})

describe.each(['qwen3', 'gemma3'] as const)('TRL, %s', name => {
  test.each([
    ['keep_start', keepStart()],
    ['keep_end', keepEnd()],
  ] as const)('long pairs keep what TRL keeps with %s', async (mode, truncation) => {
    const { tokenizer, expected, whole, joined } = await setUp(name)
    for (const maxLength of fixture.limits) {
      const options = { maxLength, truncation, splitSpecialTokens: false }
      const { pairs: encoded, dropped } = encodePairs(tokenizer, pairs, options)
      expect(encoded.length + dropped.length).toBe(pairs.length)
      for (const { index, cause } of dropped) {
        if (joined(index)) continue
        // TRL drops those whose prompt leaves no room, and trains on answers that are the same.
        const [chosen, rejected] = expected.pairs[index]!.cuts[`${mode} ${maxLength}`]!
        const fits = mode === 'keep_end' || expected.pairs[index]!.fits![maxLength]
        expect(cause).toBe(fits ? 'same answers' : 'prompt too long')
        if (fits) expect(chosen[1]).toBe(rejected[1])
      }
      for (const { index, truncated, ...sides } of encoded) {
        if (joined(index)) continue
        const { cuts, ...lengths } = expected.pairs[index]!
        for (const [s, name] of (['chosen', 'rejected'] as const).entries()) {
          const [begin, length, prompt] = cuts[`${mode} ${maxLength}`]![s]!
          expect(idsOf(sides[name])).toEqual(idsOf(whole[index]![name]).slice(begin, begin + length))
          // TRL's mask holds the first token too, but its loss cannot.
          expect(sides[name].answerBegin).toBe(Math.max(1, prompt))
        }
        const longest = Math.max(lengths.chosen.length, lengths.rejected.length)
        expect(truncated).toBe(lengths.prompt.length + longest > maxLength)
      }
    }
  })

  test('long labelled answers keep what TRL keeps', async () => {
    const { tokenizer, expected, joined } = await setUp(name)
    for (const maxLength of fixture.limits) {
      const options = { maxLength, splitSpecialTokens: false }
      for (const { index, answer, desirable } of encodeLabelled(tokenizer, unpair(pairs), options).answers) {
        if (joined(index)) continue
        const { cuts } = expected.labelled[index + (desirable ? 0 : pairs.length)]!
        expect([0, answer.ids.length, answer.answerBegin]).toEqual(cuts[`keep_start ${maxLength}`])
      }
    }
  })
})

describe.each(['qwen2_5', 'llama3'] as const)('TRL, %s', name => {
  test('all answers have the mask of SFTTrainer’s assistant_only_loss', async () => {
    const { assistant, pairs: expected } = fixture.trl[name]
    const plain = await loaded(name)
    const training = name === 'qwen2_5' ? templates.jinja.qwen2_5_training.template : fixture.llama3Training
    const tokenizer = await loaded(name, training)
    const template = name === 'llama3' ? { template: llama3() } : {}
    for (const [encoder, options] of [
      [tokenizer, {}],
      [name === 'llama3' ? plain : tokenizer, template],
    ] as const) {
      const { sequences } = encodeRows(encoder, rows, { ...everything, ...options })
      expect(sequences).toHaveLength(56)
      for (const [i, { ids, mask }] of sequences.entries()) {
        expect([...ids]).toEqual([...expected[i]!.prompt, ...expected[i]!.chosen])
        expect(mask).toEqual(maskOf(ids.length, assistant[i]!))
      }
    }
  })
})

describe('LLaMA-Factory, chatml', () => {
  const options = { template: chatml(), splitSpecialTokens: false }

  test('pairs and labelled answers have its ids and masks, and keep what it keeps of long ones', async () => {
    const tokenizer = await fixtureTokenizer('qwen')
    const whole = encodePairs(tokenizer, pairs, { ...options, maxLength: 1 << 20 }).pairs
    // It tokenizes each turn by itself, which makes a difference where one begins with white space.
    const same = whole.filter(({ chosen, rejected }, i) => {
      const { prompt, ...answers } = fixture.llamafactory[i]!
      return (
        idsOf(chosen).join() === [...prompt, ...answers.chosen].join() &&
        idsOf(rejected).join() === [...prompt, ...answers.rejected].join()
      )
    })
    expect(same.length).toBeGreaterThanOrEqual(40)
    for (const { index, chosen } of same)
      expect(chosen.answerBegin).toBe(fixture.llamafactory[index]!.prompt.length)
    const known = new Set(same.map(({ index }) => index))
    // The rows are tokenized as a whole, line breaks of a header and an answer in one token too.
    const { sequences } = encodeRows(tokenizer, rows, { ...options, ...everything })
    const alike = sequences.filter(({ index }) => known.has(index) && !/^\s/.test(pairs[index]!.chosen))
    expect(alike.length).toBeGreaterThanOrEqual(40)
    for (const { index, ids, mask } of alike) {
      const { prompt, chosen, trained } = fixture.llamafactory[index]!
      expect([...ids]).toEqual([...prompt, ...chosen])
      expect(mask).toEqual(maskOf(ids.length, trained))
    }
    for (const maxLength of fixture.limits) {
      const cut = { ...options, maxLength, truncation: proportional() }
      const encoded = encodePairs(tokenizer, pairs, cut).pairs.filter(({ index }) => known.has(index))
      const answers = encodeLabelled(tokenizer, unpair(pairs), cut).answers
      const single = new Map(answers.flatMap(one => (one.desirable ? [] : [[one.index, one.answer]])))
      expect(encoded.length).toBeGreaterThan(0)
      for (const { index, chosen, rejected } of encoded) {
        const cuts = fixture.llamafactory[index]!.cuts[`${maxLength}` as '8']
        const kept = (side: EncodedAnswer) => [side.answerBegin, side.ids.length - side.answerBegin]
        expect([chosen, rejected].map(kept)).toEqual(cuts.slice(0, 2))
        const one = single.get(index)
        // Where it leaves an answer no token, it keeps the prompt.
        if (one) expect(kept(one)).toEqual(cuts[2])
        else expect(cuts[2]![1]).toBe(0)
        const begin = chosen.answerBegin
        expect(idsOf(chosen).slice(begin)).toEqual(
          fixture.llamafactory[index]!.chosen.slice(0, chosen.ids.length - begin),
        )
      }
    }
  })
})

test('FastChat, vicuna: rows have its ids and masks', async () => {
  const tokenizer = await fixtureTokenizer('llama')
  const rows = fixture.fastchat.map(({ turns }, i): Row => ({ ...origin(i), turns: turns as Turn[] }))
  const { sequences } = encodeRows(tokenizer, rows, { template: vicuna() })
  expect(sequences.length).toBeGreaterThanOrEqual(40)
  expect(sequences).toHaveLength(rows.length)
  for (const { index, ids, mask } of sequences) {
    expect([...ids]).toEqual(fixture.fastchat[index]!.ids)
    expect(mask).toEqual(maskOf(ids.length, fixture.fastchat[index]!.trained))
  }
})
