import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { version } from '../../package.json'
import { UsageError } from '../../src/cli/options'
import { readRunArguments } from '../../src/cli/run-arguments'
import { inTurns, run, temporaryFolder } from './command'

const sample = 'demo/public/sample/rows.json'
const commands = [
  ...['run', 'score', 'embed', 'select', 'compare', 'train', 'recipes', 'eval', 'merge', 'export'],
  ...['chat', 'models'],
]

/** Options with what they do not take. */
const wrongValues: readonly (readonly [option: string, ...values: string[]])[] = [
  ['budget', '-1', '2.5', 'many', ''],
  ['threshold', '1.1', '-2', 'high'],
  ['beta', '0', '-0.1', 'NaN', 'Infinity'],
  ['rank', '0', '1.5'],
  ['learning-rate', '0', 'fast'],
  ['epochs', '0', '0.5'],
  ['steps', '0', '1e99'],
  ['batch-size', '0', 'x'],
  ['accumulation', '0', 'x'],
  ['warmup-ratio', '-0.1', '1.5'],
  ['max-length', '1', 'long'],
  ['seed', '-1', '0.5', '4294967296'],
  ['optimizer', 'adam', 'constructor'],
  ['truncation', 'keep', ''],
]

describe('tabtune', () => {
  it('explains itself with --help, and with no arguments', async () => {
    const [help, nothing] = [await run(['--help']), await run([])]
    expect(help).toMatchObject({ code: 0, stderr: [] })
    for (const name of commands) expect(help.stdout).toMatch(new RegExp(`^  ${name} +[a-z]`, 'm'))
    expect(nothing).toEqual(help)
  })

  it.each(commands)('explains %s', async name => {
    const { stdout, ...rest } = await run([name, '--help'])
    expect(rest).toEqual({ code: 0, stderr: [] })
    expect(stdout).toMatch(new RegExp(`^Usage: tabtune ${name} `))
    if (name !== 'run') return
    for (const [option] of wrongValues) expect(stdout).toContain(`--${option} `)
  })

  it("says its version, the package's", async () => {
    expect(await run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: [] })
  })

  it.each([
    [['tune'], "unknown command 'tune', expected one of run, score"],
    [['constructor'], "unknown command 'constructor'"],
    [['run', 'again', '--rows', 'a', '--out', 'b'], "'again' is no option of tabtune run"],
    [['--out', 'b', '--rows', 'a'], 'there is no command before --out, expected one of run, score'],
    [['score'], 'INPUT is missing'],
    [['score', 'a', 'b'], "'b' is one too many, expected a single INPUT"],
    [['score', 'a', '--scorer', 'luck'], "--scorer is 'luck', expected"],
    [['score', 'absent.json'], 'absent.json: there is no such file'],
    [['score', 'a', '--shard', '2/2'], "--shard is '2/2', expected I/N with I from 0 to N - 1"],
    [
      ['embed', 'a', '--embedder', 'x'],
      "--embedder is 'x', expected one of hashed-ngrams, last-hidden-state, ",
    ],
    [['score', 'a', '--container', 'xml'], "--container is 'xml', expected one of json, jsonl"],
    [['select', 'a', '--out-container', 'xml'], "--out-container is 'xml', expected one of json, jsonl"],
    [['select', 'a', '--out-format', 'foo'], "--out-format is 'foo', expected one of alpaca, sharegpt"],
    [
      ['select', 'a', '--strategy', 'random', '--combine', 'rank'],
      '--combine is of no use: the strategy random goes by no scores',
    ],
    [
      ['select', 'a', '--strategy', 'top-score', '--embedder', 'hashed-ngrams'],
      '--embedder is of no use: the strategy top-score compares no rows',
    ],
    [
      ['select', sample, '--strategy', 'random', '--out-container', 'parquet', '--gzip'],
      '--gzip is for text',
    ],
    [['run', '--pairs', 'a', '--out', 'b', '--loss', 'sampoo'], 'which is no loss; did you mean sampo?'],
    [['run', '--pairs', 'a', '--out', 'b', '--loss', 'kto'], 'loss is kto, which is for the method labelled'],
    [['run', '--pairs', 'a', '--out', 'b', '--gamma', '1'], 'gamma does not apply: it is for loss simpo'],
    [['run', '--pairs', 'a', '--out', 'b', '--reference', 'model'], 'is for tabtune train'],
    [['run', '--row', 'a', '--out', 'b'], "Unknown option '--row'"],
    [['run', '--rows'], "'--rows <value>' argument missing"],
    [['run', '--rows', 'a'], '--out DIR is missing'],
    [['run', '--out', 'b'], 'there is nothing to do: give --rows FILE, --pairs FILE, or both'],
  ])('refuses %j', async (args, reason) => {
    const { code, stdout, stderr } = await run(args)
    expect({ code, stdout, lines: stderr.length }).toEqual({ code: 2, stdout: '', lines: 1 })
    expect(stderr[0]).toContain(reason)
    expect(stderr[0]).toMatch(/^tabtune: /)
  })

  const line = ([option, value]: readonly [string, string]) =>
    ['--rows', 'absent.json', '--out', 'absent', `--${option}=${value}`] as const
  const refusal = ([option, value]: readonly [string, string]) => `--${option} is '${value}', expected `

  it.each(wrongValues)('refuses what --%s does not take', (option, ...values) => {
    for (const value of values) {
      const parse = () => readRunArguments(line([option, value]))
      expect(parse).toThrow(UsageError)
      expect(parse).toThrow(refusal([option, value]))
    }
  })

  it('says so in one line, before it reads a file', async () => {
    const cases = wrongValues.map(([option, value]) => [option, value!] as const)
    const results = await inTurns(cases, one => run(['run', ...line(one)]))
    for (const [i, { code, stdout, stderr }] of results.entries()) {
      expect({ code, stdout, lines: stderr.length }).toEqual({ code: 2, stdout: '', lines: 1 })
      expect(stderr[0]).toContain(refusal(cases[i]!))
    }
  })

  it('refuses a file without a row that can be used, before it writes', async () => {
    const folder = temporaryFolder()
    const [rows, out] = [join(folder, 'rows.jsonl'), join(folder, 'out')]
    writeFileSync(rows, '{"instruction":"Name a tree."}\n'.repeat(2))
    for (const command of [
      ['score', rows, '--scorer', 'length'],
      ['select', rows, '--strategy', 'random'],
    ]) {
      const { code, stderr } = await run([...command, '--out', out])
      const said = `${rows}: there is no row that can be used: row 0 "output" is missing, wanted text`
      expect({ code, stderr }).toEqual({ code: 2, stderr: [`tabtune: ${said}`] })
    }
    expect(readdirSync(folder)).toEqual(['rows.jsonl'])
  })

  it('names the file or folder that is not there', async () => {
    const folder = temporaryFolder()
    const rows = join(folder, 'rows.json')
    writeFileSync(rows, JSON.stringify([{ instruction: 'Name a tree.', output: 'An oak.' }]))
    const out = join(folder, 'out')
    const absent = join(folder, 'absent')
    for (const [args, reason] of [
      [['--rows', absent], `${absent}: there is no such file`],
      [['--rows', rows, '--pairs', absent], `${absent}: there is no such file`],
      [['--rows', folder], `${folder}: EISDIR`],
      [['--rows', rows, '--model', absent], `${absent}: there is no such model folder`],
    ] as const) {
      const { code, stdout, stderr } = await run(['run', '--out', out, ...args])
      expect({ code, stdout, lines: stderr.length }).toEqual({ code: 2, stdout: '', lines: 1 })
      expect(stderr[0]).toContain(reason)
    }
  })
})
