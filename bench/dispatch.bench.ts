import type { Gpu } from '../src/gpu/gpu'
import { defineKernel, read, write } from '../src/gpu/kernel'
import { openGpu } from '../src/gpu/open-gpu'
import type { Elapsed, Place } from './harness/place'
import { median, significant } from './harness/statistics'
import type { Subject } from './harness/subject'

const defaults = {
  dispatches: 2000,
  /** Replays of the recording in one submit: long enough for a page's clock. */
  replays: 4,
  rounds: 30,
}

/** Microseconds a dispatch that encoding should take at most. */
const TARGETS = { node: 3, chromium: 1 } as const

/** y += factor·x + w, of few elements: all that such a dispatch costs is the call. */
const kernels = Array.from({ length: 6 }, (_, i) =>
  defineKernel({
    name: `tiny-${i}`,
    code: [
      `struct Params { N: u32, factor: u32, one: u32, two: u32, three: u32, four: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read> w: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<u32>;
@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) n: u32) {
  if (n < params.N) { y[n] += params.factor * x[n] + w[n] + ${i}u * params.four; }
}`,
    ],
    params: { N: 'u32', factor: 'u32', one: 'u32', two: 'u32', three: 'u32', four: 'u32' },
    bindings: { x: read('u32', 'N'), w: read('u32', 'N'), y: write('u32', 'N') },
    workgroups: () => [1],
  }),
)

/** Of five in a row the last is the one before again: 0 1 2 3 3, 4 5 0 1 1, … */
const kernelOf = (n: number) => (n - Math.floor((n + 1) / 5)) % kernels.length

/**
 * Microseconds a dispatch, a value a round. Encode and submit are the processor's time where the place tells it (nothing
 * else runs in the process then), so that other programs do not count; else what went by.
 */
interface Times {
  /** Commands given to the encoder, and the encoder finished. */
  readonly encode: number[]
  /** `queue.submit`: what remains to be checked, and the driver's own encoding where it is in this process. */
  readonly submit: number[]
  /** From the replay to the GPU's last dispatch. */
  readonly done: number[]
}

const spent = ({ milliseconds, cpuSeconds }: Elapsed) =>
  cpuSeconds === null ? milliseconds : 1000 * cpuSeconds

interface Contender {
  readonly name: string
  readonly gpu: Gpu
  readonly times: Times
  round(): Promise<void>
  /** Whether every dispatch did its part. */
  right(): Promise<boolean>
}

async function contender(
  name: string,
  place: Place,
  features: 'adapter' | 'none',
  { dispatches, replays }: { readonly dispatches: number; readonly replays: number },
): Promise<Contender> {
  const gpu = await openGpu({ entry: await place.gpu(), features })
  const times: Times = { encode: [], submit: [], done: [] }
  const inputs = Array.from({ length: 16 }, (_, i) => gpu.tensor([4], Uint32Array.of(i, i + 1, i + 2, i + 3)))
  const outputs = Array.from({ length: 8 }, () => gpu.zeros([4], 'u32'))
  // As in a training step with LoRA, where 245 of 302 dispatches change the pipeline, and all of them the tensors.
  const recording = gpu.record(() => {
    for (let n = 0; n < dispatches; n++) {
      const [x, w] = [inputs[(7 * n) % 16]!, inputs[(5 * n + 3) % 16]!]
      const params = { factor: n, one: 1, two: 2, three: 3, four: 4 }
      gpu.run(kernels[kernelOf(n)]!, { x, w, y: outputs[(3 * n) % 8]! }, params)
    }
  })
  const { queue } = gpu.device
  const submit = queue.submit.bind(queue)
  let stop = place.stopwatch()
  let encoded = stop()
  let submitted = encoded
  queue.submit = buffers => {
    encoded = stop()
    submit(buffers)
    submitted = stop()
  }
  let rounds = 0
  return {
    name,
    gpu,
    times,
    async round() {
      await gpu.idle()
      stop = place.stopwatch()
      for (let n = 0; n < replays; n++) gpu.replay(recording)
      gpu.submit()
      await gpu.idle()
      const done = stop().milliseconds
      const scale = 1000 / (dispatches * replays)
      // The first compiles.
      if (rounds++ === 0) return
      times.encode.push(spent(encoded) * scale)
      times.submit.push((spent(submitted) - spent(encoded)) * scale)
      times.done.push(done * scale)
    },
    async right() {
      const sums = outputs.map(() => new Uint32Array(4))
      for (let n = 0; n < dispatches; n++) {
        const sum = sums[(3 * n) % 8]!
        for (let e = 0; e < 4; e++)
          sum[e]! += n * (((7 * n) % 16) + e) + ((5 * n + 3) % 16) + e + 4 * kernelOf(n)
      }
      const got = await Promise.all(outputs.map(y => gpu.readU32(y)))
      return got.every((y, i) =>
        y.every((value, e) => value === Math.imul(sums[i]![e]!, rounds * replays) >>> 0),
      )
    },
  }
}

/** What the processor pays for a dispatch that is replayed. */
export const dispatchBench: Subject<typeof defaults> = {
  name: 'dispatch',
  what: 'the processor’s time for a replayed dispatch, with parameters in a buffer and in the commands',
  defaults,
  async run({ dispatches, replays, rounds }, place) {
    const size = { dispatches, replays }
    const contenders = [await contender('uniform buffer', place, 'none', size)]
    const immediate = await contender('immediates', place, 'adapter', size)
    if (immediate.gpu.features.has('immediates')) contenders.push(immediate)
    for (let round = 0; round <= rounds; round++) {
      place.progress(`dispatch: round ${round} of ${rounds}`)
      for (const one of contenders) await one.round()
    }
    const failures: string[] = []
    for (const { name, right } of contenders) {
      if (!(await right())) failures.push(`${name}: the sums are wrong, so some dispatch did not run`)
    }
    const target = TARGETS[place.name]
    const table = contenders.map(({ name, times: { encode, submit, done } }) => ({
      parameters: name,
      'encode µs': significant(median(encode)),
      'least µs': significant(Math.min(...encode)),
      'target µs': target,
      'submit µs': significant(median(submit)),
      'least submit µs': significant(Math.min(...submit)),
      'to the end µs': significant(median(done)),
    }))
    const { adapterName } = immediate.gpu
    for (const { gpu } of [...contenders, immediate]) gpu[Symbol.dispose]()
    return {
      adapter: adapterName,
      versions: place.versions,
      notes: [
        `${replays} replays of ${dispatches} dispatches a submit, four of five with another pipeline than the one before, all with another bind group; medians of ${rounds}`,
      ],
      table,
      results: { target, contenders: contenders.map(({ name, times }) => ({ name, ...times })) },
      failures,
    }
  },
}
