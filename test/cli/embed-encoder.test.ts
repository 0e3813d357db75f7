import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mini } from '../models/bert-fixture'
import { run, temporaryFolder } from './command'

const folder = temporaryFolder({ keep: true })
const at = (name: string) => join(folder, name)
const linesOf = (jsonl: string) =>
  jsonl
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))

for (const [path, content] of Object.entries(mini.files)) {
  mkdirSync(dirname(at(path)), { recursive: true })
  writeFileSync(at(path), content, path.endsWith('.safetensors') ? 'base64' : 'utf8')
}
const rows = ['An oak.', 'A stone that rolls.', 'An oak.'].map(output => ({
  instruction: 'Name one.',
  output,
}))
writeFileSync(at('rows.jsonl'), rows.map(row => `${JSON.stringify(row)}\n`).join(''))

const encoder = ['--embedder', 'encoder', '--model', folder]

describe('--embedder encoder', () => {
  it('gives every row its vector, and names the files that decide it', async () => {
    const out = at('vectors.jsonl')
    expect(await run(['embed', at('rows.jsonl'), ...encoder, '--out', out])).toMatchObject({ code: 0 })
    const vectors = linesOf(readFileSync(out, 'utf8')).map(({ embedding }) => embedding as number[])
    expect(vectors.map(({ length }) => length)).toEqual([64, 64, 64])
    const [oak, stone, again] = vectors as [number[], number[], number[]]
    expect(again).toEqual(oak)
    expect(stone).not.toEqual(oak)
    expect(oak.reduce((sum, value) => sum + value ** 2, 0)).toBeCloseTo(1, 5)
    const { model, options } = JSON.parse(readFileSync(`${out}.manifest.json`, 'utf8'))
    expect(options.embedder).toBe('encoder')
    expect(model.files.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(['modules.json', '1_Pooling/config.json', 'sentence_bert_config.json']),
    )
  })

  it('tells select which rows repeat others', async () => {
    const args = [
      'select',
      at('rows.jsonl'),
      '--strategy',
      'near-duplicates',
      ...encoder,
      '--threshold',
      '0.999',
    ]
    const { stdout, code } = await run(args)
    expect(code).toBe(0)
    expect(linesOf(stdout).map(({ output }) => output)).toEqual(['An oak.', 'A stone that rolls.'])
  })

  it('refuses a model that is none', async () => {
    const { code, stderr } = await run(['embed', at('rows.jsonl'), '--embedder', 'encoder'])
    expect(code).toBe(1)
    expect(stderr.at(-1)).toMatch(/model_type is "llama", known are: bert$/)
    const causal = ['--embedder', 'mean-hidden-state', '--model', folder]
    const refused = await run(['embed', at('rows.jsonl'), ...causal])
    expect(refused.code).toBe(1)
    expect(refused.stderr.at(-1)).toMatch(/model_type is "bert", known are: llama, /)
    expect(await run(['embed', at('rows.jsonl'), '--embedder', 'mean-hidden-state'])).toMatchObject({
      code: 0,
    })
  })
})
