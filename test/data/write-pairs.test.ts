import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readPairs } from '../../src/data/read-pairs'
import { writePairs } from '../../src/data/write-pairs'

const containers = ['json', 'jsonl', 'csv', 'tsv', 'parquet'] as const
const formats = ['standard', 'conversational', 'alpaca', 'sharegpt'] as const
const json = async (blob: Promise<Blob>): Promise<unknown> => JSON.parse(await (await blob).text())

const system = { role: 'system', content: 's' }
const user = (content: string) => ({ role: 'user', content })
const assistant = (content: string) => ({ role: 'assistant', content })

describe('writePairs', () => {
  it('writes each format from each other, with rewards and further fields', async () => {
    const raw = {
      prompt: 'q',
      chosen: 'a',
      rejected: 'b',
      system: 's',
      score_chosen: 2,
      score_rejected: 1,
      source: 'web',
    }
    const rest = { score_chosen: 2, score_rejected: 1, source: 'web' }
    const answers = { chosen: 'a', rejected: 'b' }
    const wanted = {
      standard: raw,
      conversational: {
        prompt: [system, user('q')],
        chosen: [assistant('a')],
        rejected: [assistant('b')],
        ...rest,
      },
      alpaca: { instruction: 'q', input: '', ...answers, system: 's', ...rest },
      sharegpt: {
        conversations: [
          { from: 'system', value: 's' },
          { from: 'human', value: 'q' },
        ],
        chosen: { from: 'gpt', value: 'a' },
        rejected: { from: 'gpt', value: 'b' },
        ...rest,
      },
    }
    for (const from of formats) {
      const file = await readPairs(JSON.stringify([wanted[from]]))
      for (const format of formats)
        expect(await json(writePairs(file, [0], { format, container: 'json' }))).toEqual([wanted[format]])
    }
  })

  it('writes UltraFeedback as the pairs it became', async () => {
    const completion = (response: string, overall_score: number) => ({ response, overall_score, model: 'm' })
    const raw = { source: 'web', instruction: 'q', completions: [completion('a', 3), completion('b', 7)] }
    const file = await readPairs(JSON.stringify([raw]))
    expect(await json(writePairs(file, [0], { format: 'standard' }))).toEqual([
      { prompt: 'q', chosen: 'b', rejected: 'a', score_chosen: 7, score_rejected: 3, source: 'web' },
    ])
    expect(await json(writePairs(file, [0]))).toEqual([raw])
    const rated = {
      instruction: 'q',
      completions: [9, 1].map((overall_score, i) => ({
        response: `${i}`,
        overall_score,
        annotations: { a: { Rating: `${i}` } },
      })),
    }
    const byAspects = await readPairs(JSON.stringify([rated]), { binarize: { by: 'aspects' } })
    expect(await json(writePairs(byAspects, [0], { format: 'standard' }))).toMatchObject([
      { chosen: '1', score_chosen: 1 },
    ])
    const pair = await readPairs('{"prompt":"q","chosen":"a","rejected":"b"}\n')
    await expect(writePairs(pair, [0], { format: 'ultrafeedback' })).rejects.toThrow(
      'pair 1 cannot be written as ultrafeedback: one pair is not all of its scored answers',
    )
  })

  it('names what a format has no place for', async () => {
    const turns = [user('a'), assistant('b'), user('c')]
    const file = await readPairs(
      [
        { prompt: turns, chosen: [assistant('d')], rejected: [assistant('e')] },
        { prompt: 'a', chosen: 'b', rejected: 'c', instruction: null, conversations: 'mine' },
      ]
        .map(raw => JSON.stringify(raw))
        .join('\n'),
    )
    await expect(writePairs(file, [0], { format: 'standard' })).rejects.toThrow(
      'pair 1 cannot be written as standard: its prompt has 3 turns',
    )
    expect(await json(writePairs(file, [0], { format: 'alpaca' }))).toMatchObject({ history: [['a', 'b']] })
    expect(file.problems).toMatchObject([{ index: 1 }])
    const clash = await readPairs('{"prompt":"a","chosen":"b","rejected":"c","input":"mine"}\n')
    await expect(writePairs(clash, [0], { format: 'alpaca' })).rejects.toThrow(
      'its "input" has a name that the format needs',
    )
  })

  it('is read back as the same pairs from every format and container', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 8 }).map(one => `x${one}`)
    const pair = fc.record({
      prompt: text,
      chosen: text,
      rejected: text,
      reward: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          pair.filter(({ chosen, rejected }) => chosen !== rejected),
          { minLength: 1, maxLength: 4 },
        ),
        fc.constantFrom(...containers),
        fc.constantFrom(...formats),
        async (list, container, format) => {
          const raws = list.map(({ reward, ...one }) => ({
            ...one,
            ...(reward === null ? {} : { chosen_score: reward, rejected_score: 0.5 }),
          }))
          const file = await readPairs(JSON.stringify(raws))
          const positions = file.pairs.map((_, i) => i)
          const again = await readPairs(await writePairs(file, positions, { container, format }))
          expect(again).toMatchObject({ format, problems: [] })
          const content = ({
            prompt,
            chosen,
            rejected,
            chosenReward,
            rejectedReward,
          }: (typeof file.pairs)[number]) =>
            JSON.stringify([prompt, chosen, rejected, chosenReward, rejectedReward])
          expect(again.pairs.map(content)).toEqual(file.pairs.map(content))
        },
      ),
      { numRuns: 100 },
    )
  })
})
