import { createRequire } from 'node:module'
import { storedVectors, type Vectors } from '../src/embedding/vectors'
import { openGpu } from '../src/gpu/open-gpu'
import { deita } from '../src/selection/deita'
import type { Pool } from '../src/selection/pool'
import { select } from '../src/selection/selector'
import { type GpuWatch, watchGpu } from './harness/gpu-watch'
import { median } from './harness/statistics'
import { stopwatch } from './harness/stopwatch'
import type { Line, Subject } from './harness/subject'
import { onnxruntime } from './peers/onnxruntime'
import { plainLoop, unrolledLoop } from './peers/plain-loop'
import { type Reference, reference } from './peers/reference'
import type { SelectionPeer, SelectionSettings } from './peers/selection-peer'
import { tfjs } from './peers/tfjs'
import { type Rows, selectionRows } from './selection-rows'

const defaults = {
  rows: 100_000,
  dimensions: 384,
  budget: 10_000,
  threshold: 0.9,
  /** About the cosine of unrelated rows. */
  common: 0,
  seed: 1,
  /** Rows of a block of ours; 0 for `deita`'s own choice. */
  block: 0,
  /** Rows of a peer's block. */
  'peer-block': 512,
  /** Names joined by commas, `all` or `none`. */
  peers: 'all',
  /** Times that ours is run; the median counts. Peers run once. */
  repeat: 1,
  /** Compare the sets with a double loop on the host. */
  check: true,
}

interface Opener {
  /** Packages that must be there. */
  readonly packages: readonly string[]
  open(blockSize: number): SelectionPeer | Promise<SelectionPeer>
}

const openers: Readonly<Record<string, Opener>> = {
  js: { packages: [], open: plainLoop },
  'js-unrolled': { packages: [], open: unrolledLoop },
  // Part of the build.
  tfjs: { packages: [], open: blockSize => tfjs({ blockSize }) },
  ort: { packages: ['onnxruntime-web/webgpu'], open: blockSize => onnxruntime({ blockSize }) },
}

/** Enough for every pipeline to be compiled and every function to be optimized. */
const WARM_UP_ROWS = 4000

interface Run {
  readonly name: string
  readonly version: string
  readonly adapter: string | null
  readonly how: string
  readonly milliseconds: readonly number[]
  /** Of all threads, one run; where the adapter is software, its work too. */
  readonly cpuSeconds: number
  readonly kept: readonly number[]
}

/** Deita's selection of stored vectors, beside what else could be used for it. */
export const selectionBench: Subject<typeof defaults> = {
  name: 'selection',
  what: "Deita's selection of stored vectors, beside a plain loop, tfjs and onnxruntime-web",
  defaults,
  places: ['node'],
  async run(options, place) {
    const { threshold, dimensions, budget, common } = options
    const settings: SelectionSettings = { budget, threshold }
    const peers = peerNames(options.peers)
    const make = (count: number, seed: number) =>
      selectionRows({ count, dimensions, threshold, common, seed })
    const entry = await place.gpu()
    progress(`making ${options.rows} rows`)
    const rows = make(options.rows, options.seed)
    const warmUp = make(Math.min(options.rows, WARM_UP_ROWS), options.seed + 1)

    const ours = await runOurs(entry, rows, warmUp, settings, options)
    const runs: Run[] = []
    // One is opened when the one before has ended: compiling WebAssembly goes on in the background for a while.
    for (const name of peers) {
      const peer = await openers[name]!.open(options['peer-block'])
      runs.push(await runPeer(peer, rows, warmUp, settings))
    }
    let truth: Reference | null = null
    if (options.check) {
      progress('reference')
      truth = reference(rows, settings)
    }

    const visited = ours.visited
    const best = Math.min(...runs.map(({ milliseconds }) => median(milliseconds)))
    const time = median(ours.run.milliseconds)
    const bankBytes = ours.run.kept.length * Math.ceil(dimensions / 4) * 16
    const allowed = bankBytes + (64 << 20)
    return {
      adapter: ours.adapterName,
      versions: place.versions,
      notes: [
        `${visited} of ${rows.count} rows visited, ${ours.run.kept.length} kept; ${truth ? `${truth.pairs} pairs up to first blockers, none closer to ${threshold} than ${truth.closest.toExponential(1)}` : 'not compared with a double loop'}`,
        `GPU memory: bank ${mebibytes(bankBytes)}, peak ${mebibytes(ours.peakBytes)} with staging buffers, allowed ${mebibytes(allowed)}`,
        `ours: ${ours.takeMs.toFixed(0)} ms making tensors of vectors, ${ours.waitMs.toFixed(0)} ms waiting for the GPU, the rest on the host`,
        ...(runs.length > 0 ? [`ours is ${(best / time).toFixed(2)} times as fast as the best peer`] : []),
      ],
      table: [ours.run, ...runs].map(run => line(run, visited, best)),
      results: {
        visited,
        kept: ours.run.kept.length,
        pairs: truth?.pairs ?? null,
        closest: truth?.closest ?? null,
        ratioToBestPeer: runs.length > 0 ? best / time : null,
        memory: {
          bankBytes,
          peakBytes: ours.peakBytes,
          tensorPeakBytes: ours.tensorPeakBytes,
          allowedBytes: allowed,
        },
        profile: { takeMs: ours.takeMs, waitMs: ours.waitMs },
        runs: [ours.run, ...runs].map(({ kept: _, ...run }) => ({
          ...run,
          rowsPerSecond: (visited * 1000) / median(run.milliseconds),
        })),
      },
      failures: [
        ...[ours.run, ...runs].flatMap(run => difference(run, truth?.kept ?? ours.run.kept)),
        ...runs
          .filter(({ adapter }) => adapter !== null && adapter !== ours.run.adapter)
          .map(({ name, adapter }) => `${name} ran on ${adapter}, expected ${ours.run.adapter}`),
        ...(truth && truth.closest < 1e-4
          ? [
              `a cosine is ${truth.closest} from the threshold: f32 arithmetic may decide it either way; use another --seed`,
            ]
          : []),
        ...(ours.peakBytes > allowed ? [`peak GPU memory ${ours.peakBytes} exceeds ${allowed}`] : []),
      ],
    }
  },
}

/** @throws {Error} if there is no such peer, or its packages are not installed */
function peerNames(text: string): readonly string[] {
  const all = Object.keys(openers)
  const names = text === 'none' ? [] : text === 'all' ? all : text.split(',')
  const { resolve } = createRequire(import.meta.url)
  for (const name of names) {
    const opener = openers[name]
    if (!opener) throw new Error(`--peers has ${name}, expected all, none, or some of ${all}`)
    for (const wanted of opener.packages) {
      try {
        resolve(wanted)
      } catch (cause) {
        throw new Error(`--peers has ${name}, but ${wanted} is not installed: npm ci, or leave it out`, {
          cause,
        })
      }
    }
  }
  return names
}

interface OurRun {
  readonly run: Run
  readonly adapterName: string
  readonly visited: number
  readonly peakBytes: number
  readonly tensorPeakBytes: number
  readonly takeMs: number
  readonly waitMs: number
}

async function runOurs(
  entry: GPU,
  rows: Rows,
  warmUp: Rows,
  { budget, threshold }: SelectionSettings,
  { block, repeat }: typeof defaults,
): Promise<OurRun> {
  using gpu = await openGpu({ entry })
  const watch: GpuWatch = watchGpu(gpu.device)
  const selector = (limit: number) =>
    deita({ budget: limit, threshold, ...(block > 0 ? { blockSize: block } : {}) })
  let takeMs = 0
  const poolOf = (from: Rows): Pool => {
    const vectors = storedVectors(gpu, 'generated', new Map(indices(from).map(i => [i, rowOf(from, i)])))
    const timed: Vectors = {
      ...vectors,
      async take(items, settings) {
        const start = performance.now()
        const taken = await vectors.take(items, settings)
        takeMs += performance.now() - start
        return taken
      },
    }
    const items = indices(from).map(index => ({
      index,
      id: `${index}`,
      score: from.scores[index]!,
      text: `${index}`,
    }))
    return { items, vectors: timed }
  }
  progress('ours, warm-up')
  await select(poolOf(warmUp), selector(Math.ceil(warmUp.count / 4)))
  const pool = poolOf(rows)
  const milliseconds: number[] = []
  let kept: readonly number[] = []
  let visited = 0
  let time = { milliseconds: 0, cpuSeconds: 0 }
  for (let n = 0; n < repeat; n++) {
    progress(`ours, ${n + 1} of ${repeat}`)
    watch.reset()
    takeMs = 0
    const stop = stopwatch()
    const selection = await select(pool, selector(budget))
    time = stop()
    milliseconds.push(time.milliseconds)
    kept = selection.kept
    visited = selection.outcomes.filter(({ decision }) => decision.kind !== 'beyond budget').length
  }
  return {
    run: {
      name: 'tabtune',
      version: '',
      adapter: gpu.adapter.description,
      how: block > 0 ? `blocks of ${block}` : "deita's own blocks",
      milliseconds,
      cpuSeconds: time.cpuSeconds,
      kept,
    },
    adapterName: gpu.adapterName,
    visited,
    peakBytes: watch.peakBytes,
    tensorPeakBytes: gpu.memory.peak,
    takeMs,
    waitMs: watch.waited,
  }
}

async function runPeer(
  peer: SelectionPeer,
  rows: Rows,
  warmUp: Rows,
  settings: SelectionSettings,
): Promise<Run> {
  const { name, version, adapter, how } = peer
  progress(`${name}, warm-up`)
  await peer.select(warmUp, { ...settings, budget: Math.ceil(warmUp.count / 4) })
  progress(name)
  const stop = stopwatch()
  const kept = await peer.select(rows, settings)
  const { milliseconds, cpuSeconds } = stop()
  await peer.close()
  return { name, version, adapter, how, milliseconds: [milliseconds], cpuSeconds, kept }
}

function line({ name, version, how, milliseconds, cpuSeconds }: Run, visited: number, best: number): Line {
  const time = median(milliseconds)
  return {
    contender: version ? `${name} (${version})` : name,
    how,
    seconds: Number((time / 1000).toFixed(3)),
    'CPU seconds': Number(cpuSeconds.toFixed(2)),
    'rows/s': Math.round((visited * 1000) / time),
    ...(Number.isFinite(best) ? { 'of best peer': Number((best / time).toFixed(2)) } : {}),
  }
}

function difference({ name, kept }: Run, wanted: readonly number[]): string[] {
  const at = wanted.findIndex((row, rank) => kept[rank] !== row)
  if (at < 0 && kept.length === wanted.length) return []
  return [`${name} selects ${kept.length} rows, expected ${wanted.length}; rank ${at} differs`]
}

const indices = ({ count }: Rows) => Array.from({ length: count }, (_, i) => i)

const rowOf = ({ values, dimensions }: Rows, i: number) =>
  values.subarray(i * dimensions, (i + 1) * dimensions)

const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`

const progress = (text: string) => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`)
