import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { SelectionRecord } from '../../src/index'
import { root, run, temporaryFolder } from './command'

const good = '{"instruction":"Name a tree.","output":"An oak."}'
const goodPair = '{"prompt":"Name a tree.","chosen":"An oak.","rejected":"A stone."}'
const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))))

/** Exactly one line, no trace of a stack, the code 2 of what is typed (of what is wrong in a model's files 1), and nothing that looks like a result. */
async function refused(args: readonly string[], ...reasons: string[]) {
  const { code, stdout, stderr } = await run(['run', '--out', join(temporaryFolder(), 'out'), ...args])
  expect({ stdout, lines: stderr }).toEqual({ stdout: '', lines: [expect.stringMatching(/^tabtune: /)] })
  expect(args.includes('--model') ? [1, 2] : [2]).toContain(code)
  for (const reason of reasons) expect(stderr[0]).toContain(reason)
  expect(stderr[0]).not.toMatch(/\bat .+:\d+:\d+|\[object|undefined/)
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(temporaryFolder(), name)
  writeFileSync(path, content)
  return path
}

describe('a file of rows or pairs that cannot be used', () => {
  it.each([
    ['is not JSON', 'rows.json', 'Dear diary,\ntoday\n', 'is neither JSON nor JSON lines'],
    ['is cut off', 'rows.json', `[${good},\n{"instruction":"Na`, 'breaks off in row 2 (line 2'],
    [
      'is of the wrong shape',
      'rows.json',
      '{"weather":{"today":"rain"}}',
      'is an object without a list of rows',
    ],
    [
      'holds other records',
      'rows.json',
      '[{"city":"Bern"},{"city":"Rom"}]',
      'has the fields "city"; wanted "messages"',
    ],
    ['is empty', 'rows.json', '', 'is empty'],
    ['is blank', 'rows.json', ' \n\n', 'it holds only white space'],
    ['is an empty list', 'rows.json', '[]', 'is an empty list'],
    ['has rows without text only', 'rows.json', '[{"instruction":"Name a tree."}]', '"output" is missing'],
    [
      'is not UTF-8',
      'rows.json',
      bytes('[{"instruction":"', [0xff], '"}]'),
      'is not UTF-8: the byte 0xff at offset 17',
    ],
    ['is a spreadsheet', 'rows.xlsx', bytes('PK', [3, 4], 'rest'), 'is a ZIP archive or an office document'],
    [
      'holds pairs',
      'rows.jsonl',
      `${goodPair}\n${goodPair}`,
      'is a preference pair (it has "chosen" and "rejected")',
    ],
  ])('rows: %s', async (_, name, content, reason) => {
    await refused(['--rows', file(name, content)], name, reason)
  })

  it.each([
    ['holds rows', `[${good}]`, 'it is an instruction row, not a preference pair'],
    [
      'has an empty answer only',
      '[{"prompt":"Name a tree.","chosen":"An oak.","rejected":""}]',
      '"rejected" is empty',
    ],
    ['has equal answers only', '[{"prompt":"Hi","chosen":"Ho","rejected":"Ho"}]', 'there is no preference'],
  ])('pairs: %s', async (_, content, reason) => {
    await refused(['--pairs', file('pairs.json', content)], 'pairs.json', reason)
  })

  it('pairs: prompts that fill the context leave nothing to train on', async () => {
    await refused(
      ['--pairs', file('pairs.jsonl', goodPair), '--max-length', '4'],
      'none of 1 examples can be trained on',
      'the limit is 4',
    )
  })
})

describe('a file with some that cannot be used', () => {
  it('tells of every row what became of it, and keeps the rest', async () => {
    const lines: [Buffer, SelectionRecord['decision'], RegExp][] = [
      [bytes(good), 'kept', /^kept as number \d$/],
      [bytes('{"instruction":"Name a tree.","output":""}'), 'unreadable', /^"output" is empty$/],
      [bytes('{"instruction":"Name a tree."}'), 'unreadable', /^"output" is missing, wanted text$/],
      [bytes('{"instruction":5,"output":"x"}'), 'unreadable', /^"instruction" is a number, wanted text$/],
      [bytes('{"instruction":"', [0xc3, 0x28], '","output":"x"}'), 'unreadable', /^is not UTF-8: byte 0xc3/],
      [bytes('{"instruction":"cut'), 'unreadable', /^breaks off at position \d+/],
      [bytes('not JSON'), 'unreadable', /^is not JSON at position 1: got 'o'/],
      [bytes('[1]'), 'unreadable', /^is a list, wanted an object$/],
      [bytes(goodPair), 'unreadable', /^is a preference pair/],
      [
        bytes(`{"instruction":"Repeat after me.","output":"${'word and word '.repeat(75_000)}"}`),
        'kept',
        /^kept/,
      ],
      [bytes('{"instruction":"Name a tree.","output":"An oak."}'), 'duplicate', /^the same text as row 0$/],
    ]
    expect(lines[9]![0].length).toBeGreaterThan(2 ** 20)
    const folder = temporaryFolder()
    const rows = join(folder, 'rows.jsonl')
    writeFileSync(rows, Buffer.concat(lines.flatMap(([line]) => [line, Buffer.from('\n')])))
    const out = join(folder, 'out')
    expect(await run(['run', '--rows', rows, '--out', out, '--budget', '5'])).toEqual({
      code: 0,
      stdout: '',
      stderr: [],
    })
    const records = readFileSync(join(out, 'selection.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as SelectionRecord)
    expect(records.map(({ row, decision }) => [row, decision])).toEqual(
      lines.map(([, decision], i) => [i, decision]),
    )
    for (const [i, { reason, rank }] of records.entries()) {
      expect(reason).toMatch(lines[i]![2])
      expect(rank === null).toBe(records[i]!.decision !== 'kept')
    }
    expect(records[9]!.truncated).toBe(true)
    // Every kept row is there, byte for byte as its line was.
    const kept = records.filter(({ decision }) => decision === 'kept').sort((a, b) => a.rank! - b.rank!)
    const selected = readFileSync(join(out, 'selected.jsonl'), 'utf8')
    expect(selected).toBe(kept.map(({ row }) => `${lines[row]![0].toString()}\n`).join(''))
  }, 120_000)
})

describe('a model that cannot be used', () => {
  const bundled = join(root, 'demo/public/model')

  /** A copy of the bundled model, changed. */
  function model(change: (folder: string) => void): string {
    const folder = join(temporaryFolder(), 'my-model')
    mkdirSync(folder)
    for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors'])
      cpSync(join(bundled, name), join(folder, name))
    change(folder)
    return folder
  }

  const weights =
    (header: string, { length = header.length, data = 16 } = {}) =>
    (folder: string) => {
      const size = Buffer.alloc(8)
      size.writeBigUInt64LE(BigInt(length))
      writeFileSync(
        join(folder, 'model.safetensors'),
        Buffer.concat([size, Buffer.from(header), Buffer.alloc(data)]),
      )
    }
  const config = (change: object) => (folder: string) => {
    const path = join(folder, 'config.json')
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...change }))
  }
  const f32 = (begin: number, end: number) => `{"dtype":"F32","shape":[2],"data_offsets":[${begin},${end}]}`

  it.each([
    [
      'a header length past its end',
      weights('{}', { length: 4000 }),
      'model.safetensors: the header length is 4000, but the file has 26 bytes',
    ],
    [
      'a header length that is absurd',
      weights('{}', { length: 2 ** 50 }),
      'model.safetensors: the header length is 1125899906842624',
    ],
    [
      'overlapping tensors',
      weights(`{"a":${f32(0, 8)},"b":${f32(4, 12)}}`, { data: 12 }),
      "model.safetensors: tensor 'b' overlaps",
    ],
    [
      'too few bytes',
      (folder: string) => writeFileSync(join(folder, 'model.safetensors'), 'abc'),
      'model.safetensors: 3 bytes are too few',
    ],
    [
      'the weights of another model',
      weights(`{"a":${f32(0, 8)}}`, { data: 8 }),
      'the weights lack model.embed_tokens.weight',
    ],
    [
      'an architecture that is not known',
      config({ model_type: 'mamba' }),
      'config.json: model_type is "mamba", known are: llama',
    ],
    ['a part that is not supported', config({ hidden_act: 'gelu' }), 'config.json: hidden_act is "gelu"'],
    [
      'a config that is not JSON',
      (folder: string) => writeFileSync(join(folder, 'config.json'), '{'),
      'config.json is not JSON',
    ],
    ['no config', () => {}, 'there is no config.json'],
  ])('%s', async (name, change, reason) => {
    const folder = name === 'no config' ? temporaryFolder() : model(change)
    await refused(['--rows', file('rows.jsonl', good), '--model', folder], basename(folder), reason)
  })
})
