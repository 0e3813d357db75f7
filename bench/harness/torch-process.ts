import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Arrays, Contender } from './contender'
import { type Precision, TORCH, type Torch, type TorchCase } from './torch'

/** The program, part of the built bench: it is written to a folder for the arrays that go to and fro. */
const sources = import.meta.glob<string>('../torch/*.py', { eager: true, query: '?raw', import: 'default' })

type Message = Readonly<Record<string, unknown>>

/** Errors of bf16, which keeps 8 bits, in units of those of f32, which keeps 24: half as much as could be. */
const BF16_SLACK = 2 ** 15

/**
 * Starts Python.
 *
 * @throws {Error} if it is not there, or has no PyTorch
 */
export async function startTorch(python: string, device: string): Promise<Torch> {
  const folder = mkdtempSync(join(tmpdir(), 'tabtune-torch-'))
  for (const [path, source] of Object.entries(sources)) {
    writeFileSync(join(folder, path.slice(path.lastIndexOf('/') + 1)), source)
  }
  const child = spawn(python, [join(folder, 'main.py'), device], { stdio: ['pipe', 'pipe', 'pipe'] })
  let complaint = ''
  child.stderr.on('data', (text: Buffer) => {
    complaint = `${complaint}${text}`.slice(-2000)
  })
  const ended = new Promise<never>((_, reject) => {
    child.on('error', reject)
    child.on('close', code => reject(new Error(`${python} ended (${code}): ${complaint.trim()}`)))
  })
  ended.catch(() => {})
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()

  /** One at a time: each is answered before the next is asked. */
  async function ask(message: Message): Promise<Message> {
    child.stdin.write(`${JSON.stringify(message)}\n`)
    const line = await Promise.race([answers.next().then(({ value }) => value ?? ended), ended])
    const answer: Message = JSON.parse(line)
    if (answer.error) throw new Error(`PyTorch: ${answer.error}`)
    return answer
  }

  const close = () => {
    child.stdin.end()
    child.kill()
    rmSync(folder, { recursive: true, force: true })
  }
  const about = await ask({ do: 'describe' }).catch(error => {
    close()
    throw error
  })
  let last = 0
  return {
    versions: {
      torch: String(about.torch),
      python: String(about.python),
      'torch device': String(about.device),
    },
    contender: (test, precision) => contender(ask, folder, ++last, String(about.torch), test, precision),
    close,
  }
}

function contender(
  ask: (message: Message) => Promise<Message>,
  folder: string,
  id: number,
  version: string,
  { op, settings = {} }: TorchCase,
  precision: Precision,
): Contender {
  const opened = ask({ do: 'open', id, op, settings, precision })
  opened.catch(() => {})
  return {
    name: TORCH,
    version,
    // It names adapters in another way than WebGPU does.
    adapter: null,
    how: precision,
    slack: precision === 'bf16' ? BF16_SLACK : 1,
    async load(arrays) {
      await opened
      const inputs = Object.entries(arrays).map(([name, { shape, data }]) => {
        const path = join(folder, `${name}.in`)
        writeFileSync(path, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
        return [name, { path, shape, type: data instanceof Float32Array ? 'float32' : 'int32' }]
      })
      await ask({ do: 'load', id, inputs: Object.fromEntries(inputs) })
    },
    async run(times) {
      await ask({ do: 'run', id, times })
    },
    async read() {
      const { outputs } = await ask({ do: 'read', id })
      const read = Object.entries(outputs as Record<string, { path: string; shape: readonly number[] }>).map(
        ([name, { path, shape }]): [string, Arrays[string]] => {
          const bytes = readFileSync(path)
          return [name, { shape, data: new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4) }]
        },
      )
      return Object.fromEntries(read)
    },
    async close() {
      await ask({ do: 'close', id })
    },
  }
}
