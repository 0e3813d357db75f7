import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readChatArguments } from '../../src/cli/chat'
import { UsageError } from '../../src/cli/options'
import { writePeftAdapter } from '../../src/index'
import { noise } from '../numbers'
import { inTurns, run, temporaryFolder } from './command'

const question = 'Name a tree.'
const chat = (args: readonly string[], stdin = '') => run(['chat', '--max-tokens', '12', ...args], { stdin })
const jsonLines = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))

/** An adapter of the bundled model that changes it beyond recognition. */
function adapterFolder(): string {
  const folder = temporaryFolder()
  const tensors = new Map<string, { shape: number[]; data: Float32Array }>()
  for (let l = 0; l < 5; l++) {
    const at = `base_model.model.model.layers.${l}.mlp.down_proj`
    tensors.set(`${at}.lora_A.weight`, { shape: [2, 344], data: noise(2 * 344, l) })
    tensors.set(`${at}.lora_B.weight`, { shape: [128, 2], data: noise(128 * 2, l + 9) })
  }
  const config = {
    r: 2,
    loraAlpha: 2,
    targetModules: ['down_proj'],
    useRslora: false,
    useDora: false,
    loraDropout: 0,
    rankPattern: {},
    alphaPattern: {},
    baseModel: null,
  }
  for (const [name, content] of Object.entries(writePeftAdapter({ config, tensors })))
    writeFileSync(join(folder, name), content)
  return folder
}

describe('tabtune chat', () => {
  it('answers a prompt, and says how in JSON', async () => {
    const [plain, json, piped] = await inTurns(
      [
        { args: ['--prompt', question] },
        { args: ['--prompt', question, '--json'] },
        { args: ['--prompt', '-'], stdin: question },
      ],
      ({ args, stdin = '' }) => chat(args, stdin),
    )
    expect(plain).toMatchObject({ code: 0, stderr: [] })
    expect(plain!.stdout).toMatch(/\S.*\n$/)
    expect(piped).toEqual(plain)
    const [told, ...more] = jsonLines(json!.stdout)
    expect(more).toEqual([])
    expect(told).toEqual({
      answer: plain!.stdout.slice(0, -1),
      reason: expect.stringMatching(/^(end|length)$/),
      promptTokens: expect.any(Number),
      answerTokens: expect.any(Number),
    })
    expect(told.answerTokens).toBeLessThanOrEqual(12)
  })

  it('talks line by line, remembering what was said until /reset', async () => {
    const lines = `${question}\n\nAnd another?\n/reset\n${question}\n/exit\nNever answered.\n`
    const { code, stdout, stderr } = await chat(['--json'], lines)
    expect({ code, stderr }).toEqual({ code: 0, stderr: [] })
    const [first, second, again, ...more] = jsonLines(stdout)
    expect(more).toEqual([])
    expect(second.promptTokens).toBeGreaterThan(first.promptTokens + first.answerTokens)
    expect(again).toEqual(first)
  })

  it('is changed by its options', async () => {
    const variants = [
      [],
      ['--temperature', '1'],
      ['--temperature', '1', '--seed', '1'],
      ['--adapter', adapterFolder()],
      ['--system', 'Speak in riddles.'],
    ]
    const given = ['--prompt', question, '--json']
    const answers = (await inTurns(variants, args => chat([...given, ...args]))).map(
      ({ stdout }) => jsonLines(stdout)[0],
    )
    const [plain, drawn, seeded, adapted, system] = answers
    expect(new Set([plain, drawn, seeded, adapted].map(({ answer }) => answer)).size).toBe(4)
    expect(system.promptTokens).toBeGreaterThan(plain.promptTokens)
    const stop = plain.answer.slice(3, 6)
    const [stopped] = jsonLines((await chat([...given, '--stop', stop])).stdout)
    expect(stopped).toMatchObject({
      reason: 'stop',
      answer: plain.answer.slice(0, plain.answer.indexOf(stop)),
    })
  })

  it('stops at an interrupt', async () => {
    const ended = await run(['chat', '--max-tokens', '900', '--temperature', '3', '--prompt', question], {
      async whileRunning(child) {
        await new Promise(resolve => child.stdout.once('data', resolve))
        child.kill('SIGINT')
      },
    })
    expect(ended).toMatchObject({ code: 130, stderr: [] })
    expect(ended.stdout.length).toBeGreaterThan(0)
  })

  it('says what there is not, and what cannot be used', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'empty'))
    const cases = [
      [['--model', join(folder, 'absent'), '--prompt', 'x'], 2, 'there is no such model folder'],
      [['--adapter', join(folder, 'absent'), '--prompt', 'x'], 2, 'absent: there is no such adapter folder'],
      [['--adapter', join(folder, 'empty'), '--prompt', 'x'], 1, 'adapter_config.json'],
      [['--prompt', ' '], 2, 'there is nothing to answer: the prompt is empty'],
      [[], 2, 'there is nothing to answer: standard input has no line of text'],
      [['--prompt', 'tree '.repeat(2000)], 1, "the model's context is 1024"],
    ] as const
    const results = await inTurns(cases, ([args]) => chat(args))
    results.forEach(({ code, stdout, stderr }, i) => {
      const [, wanted, said] = cases[i]!
      expect({ code, stdout, lines: stderr.length }).toEqual({ code: wanted, stdout: '', lines: 1 })
      expect(stderr[0]).toContain(said)
    })
  })
})

describe('arguments of tabtune chat', () => {
  it.each([
    ['max-tokens', '0', '1.5', 'many'],
    ['temperature', '-1', 'hot', 'Infinity'],
    ['top-k', '-1', '0.5'],
    ['top-p', '1.1', '-0.1', 'x'],
    ['min-p', '2', '-1'],
    ['repetition-penalty', '0', '-1', 'x'],
    ['seed', '-1', '0.5'],
    ['stop', ''],
  ])('refuse what --%s does not take', (option, ...values) => {
    for (const value of values) {
      const parse = () => readChatArguments([`--${option}=${value}`])
      expect(parse).toThrow(UsageError)
      expect(parse).toThrow(`--${option} is '${value}', expected `)
    }
  })

  it('become options of the generation', () => {
    expect(readChatArguments([]).options).toEqual({
      maxTokens: 512,
      temperature: 0,
      topK: 0,
      topP: 1,
      minP: 0,
      repetitionPenalty: 1,
      seed: 0,
      stop: [],
    })
    const given = {
      'max-tokens': 7,
      temperature: 0.7,
      'top-k': 40,
      'top-p': 0.9,
      'min-p': 0.05,
      'repetition-penalty': 1.1,
      seed: 3,
      stop: 'User:',
    }
    const args = Object.entries(given).map(([name, value]) => `--${name}=${value}`)
    expect(readChatArguments(args).options).toEqual({
      maxTokens: 7,
      temperature: 0.7,
      topK: 40,
      topP: 0.9,
      minP: 0.05,
      repetitionPenalty: 1.1,
      seed: 3,
      stop: ['User:'],
    })
  })

  it('are options only', () => {
    expect(() => readChatArguments(['hello'])).toThrow("'hello' is no option of tabtune chat")
    expect(() => readChatArguments(['--loud'])).toThrow("Unknown option '--loud'")
  })
})
