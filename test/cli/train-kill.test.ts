import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { run, temporaryFolder } from './command'

const checkpointsOf = (out: string) => {
  const folder = join(out, 'checkpoints')
  return existsSync(folder) ? readdirSync(folder).filter(name => name.startsWith('checkpoint-')) : []
}
const stepOf = (name: string) => Number(/\d+/.exec(name))

test('tabtune train, killed again and again, ends with the bytes of a run that was left alone', async () => {
  const folder = temporaryFolder()
  const pairs = join(folder, 'pairs.json')
  const colours = ['red', 'green', 'blue', 'white']
  const answers = colours.map(colour => ({ chosen: `It is ${colour}.`, rejected: `${colour}, I do think.` }))
  writeFileSync(pairs, JSON.stringify(answers.map(sides => ({ prompt: 'What colour?', ...sides }))))
  const trainTo = (out: string, ...more: string[]) => [
    ...['train', '--pairs', pairs, '--out', out, '--loss', 'sampo', '--rank', '4', '--dropout', '0.1'],
    ...['--batch-size', '1', '--accumulation', '1', '--epochs', '4', '--max-length', '64'],
    ...[
      '--eval-split',
      '0',
      '--eval-answers',
      '0',
      '--eval-examples',
      '1',
      '--checkpoint-steps',
      '2',
      ...more,
    ],
  ]
  const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')]
  expect(await run(trainTo(whole))).toMatchObject({ code: 0, stderr: [] })
  expect(checkpointsOf(whole).map(stepOf)).toEqual([14, 16])

  let kills = 0
  for (let last = 0, code: number | null = null; code !== 0; ) {
    const ended = await run(trainTo(killed, ...(last > 0 ? ['--resume'] : [])), {
      whileRunning: async child => {
        const isRunning = () => child.exitCode === null && child.signalCode === null
        const hasMoved = () => checkpointsOf(killed).some(name => stepOf(name) > last)
        if (kills === 4) return
        while (isRunning() && !hasMoved()) await pause(1)
        await pause(Math.random() * 60)
        if (isRunning() && child.kill('SIGKILL')) kills++
      },
    })
    code = ended.code
    expect([0, null]).toContain(code)
    const steps = checkpointsOf(killed).map(stepOf)
    expect(Math.max(...steps)).toBeGreaterThan(last === 16 ? 15 : last)
    last = Math.max(...steps)
  }
  expect(kills).toBeGreaterThanOrEqual(3)
  const names = ['metrics.jsonl', 'training.json', 'adapter/adapter_model.safetensors']
  for (const name of [...names, ...checkpointsOf(whole).map(name => join('checkpoints', name))])
    expect(readFileSync(join(killed, name)).equals(readFileSync(join(whole, name))), name).toBe(true)
}, 120_000)
