import { describe, expect, it } from 'vitest'
import { run } from './command'

describe('tabtune recipes', () => {
  it('lists them', async () => {
    const { code, stdout, stderr } = await run(['recipes'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: [] })
    expect(stdout).toMatch(/^sampo +SamPO/m)
  })

  it('writes options as a config has them, and beside them where they come from and what is scaled', async () => {
    const scaled = await run(['recipes', 'sampo'])
    expect(scaled.code).toBe(0)
    expect(JSON.parse(scaled.stdout)).toMatchObject({ method: 'preference', learningRate: 4e-6 })
    expect(scaled.stderr).toEqual(
      expect.arrayContaining([
        expect.stringContaining('https://arxiv.org/abs/2406.10957'),
        '  learningRate: 4e-7 → 4e-6. LoRA learns at about ten times the rate of full training.',
      ]),
    )
    const published = await run(['recipes', 'sampo', '--published'])
    expect(JSON.parse(published.stdout)).toMatchObject({ learningRate: 4e-7, trained: 'full' })
    expect(published.stderr.join()).toContain('https://arxiv.org/abs/2406.10957')
    expect(published.stderr.join()).not.toContain('learningRate')
  })

  it('writes nothing else with --json', async () => {
    const { code, stdout, stderr } = await run(['recipes', 'sampo', '--json'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: [] })
    expect(JSON.parse(stdout)).toMatchObject({ learningRate: 4e-6 })
  })

  it.each([
    [['recipes', 'sampoo'], "there is no recipe 'sampoo', expected one of "],
    [['recipes', 'sampoo'], '; did you mean sampo?'],
    [['train', '--recipe', 'sampoo', '--pairs', 'a', '--out', 'b'], "--recipe is 'sampoo', expected one of "],
    [['train', '--recipe', 'sampoo', '--pairs', 'a', '--out', 'b'], '; did you mean sampo?'],
    [['recipes', '--json'], '--json is of no use without NAME'],
    [['recipes', 'sampo', '--scaled', '--published'], '--published and --scaled are both given'],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await run(args)
    expect({ code, stdout, lines: stderr.length }).toEqual({ code: 2, stdout: '', lines: 1 })
    expect(stderr[0]).toContain(message)
  })
})
