import type { Gpu } from '../../src/gpu/gpu'
import { openGpu } from '../../src/gpu/open-gpu'
import { tuneGpu } from '../../src/ops/tune-products'
import { type JaxFunction, openJax } from '../peers/jax-library'
import { type OnnxGraph, openOnnxRuntime } from '../peers/onnxruntime-library'
import { openTfjs, type TfFunction } from '../peers/tfjs-library'
import type { Contender } from './contender'
import { type Case, type ContestOptions, contest, fastest, type Measured } from './contest'
import { namesIn } from './lists'
import { lines, type Result, resultOf } from './results'
import { significant } from './statistics'
import type { Options, Subject } from './subject'
import { openTorch, type TorchCase } from './torch'

/** Ways of one peer to compute a case, by what to call them: the fastest takes part. */
export type Ways<T> = Readonly<Record<string, T>>

/** An operator with the ways that each peer has for it. A way that is left out is one the peer has not. */
export interface Operator<O extends Options, C extends Case> {
  readonly name: string
  readonly what: string
  readonly defaults: O
  readonly notes?: (options: O) => readonly string[]
  cases(options: O): readonly C[]
  /** Ours, prepared. Several where there are several: the first is what is compared. */
  ours(gpu: Gpu, test: C): Contender
  tfjs?(test: C): Ways<TfFunction>
  jax?(test: C): Ways<JaxFunction>
  onnx?(test: C): Ways<OnnxGraph>
  torch?(test: C): TorchCase
}

export const contestDefaults = {
  /** Names joined by commas, `all` that are installed, or `none`. */
  peers: 'all',
  rounds: 5,
  /** Milliseconds that a measurement takes at least. */
  minimum: 50,
  seed: 1,
  /** Python with PyTorch; `auto` for python3 where the adapter is NVIDIA's, `none` for never. */
  torch: 'auto',
  'torch-device': 'cuda',
}

/** The peers' ways, whatever the options. */
type Peers<C extends Case> = Pick<Operator<Options, C>, 'tfjs' | 'jax' | 'onnx'>
type Prepare<C> = (test: C) => readonly Contender[]

/** The peers by name, each opened when it is asked for. */
function peersOf<C extends Case>(operator: Peers<C>): Readonly<Record<string, () => Promise<Prepare<C>>>> {
  const { tfjs, jax, onnx } = operator
  const each = <W>(library: { contender(how: string, way: W): Contender }, ways: (test: C) => Ways<W>) => {
    return (test: C) => Object.entries(ways(test)).map(([how, way]) => library.contender(how, way))
  }
  return {
    ...(onnx && { ort: async () => each(await openOnnxRuntime(), test => onnx.call(operator, test)) }),
    ...(tfjs && { tfjs: async () => each(await openTfjs(), test => tfjs.call(operator, test)) }),
    ...(jax && { jax: async () => each(await openJax(), test => jax.call(operator, test)) }),
  }
}

/** Opens the peers that `--peers` names; of `all`, those that are there. */
async function open<C extends Case>(
  operator: Peers<C>,
  named: string,
  notes: string[],
): Promise<Prepare<C>[]> {
  if (named === 'none') return []
  const peers = peersOf(operator)
  const opened: Prepare<C>[] = []
  for (const name of namesIn('peers', named, Object.keys(peers))) {
    try {
      opened.push(await peers[name]!())
    } catch (cause) {
      if (named !== 'all') throw new Error(`--peers has ${name}, which does not open`, { cause })
      notes.push(`without ${name}: ${firstLine(cause)}`)
    }
  }
  return opened
}

/** The subject that measures an operator: ours and the peers, on one adapter, in turn. */
export function operatorSubject<O extends Options, C extends Case>(
  operator: Operator<O, C>,
): Subject<O & typeof contestDefaults> {
  return {
    name: operator.name,
    what: operator.what,
    defaults: { ...operator.defaults, ...contestDefaults },
    async run(options, place) {
      const { peers, rounds, minimum, seed } = options
      const settings: ContestOptions = { rounds, minimum, seed }
      const cases = operator.cases(options)
      const entry = await place.gpu()
      using gpu = await openGpu({ entry })
      await tuneGpu(gpu)
      const notes = [...(operator.notes?.(options) ?? [])]
      const libraries = await open(operator, peers, notes)
      const torch = operator.torch ? await openTorch(place, gpu.adapter.vendor, options, notes) : null
      const results: Result[] = []
      const failures: string[] = []
      try {
        for (const test of cases) {
          const contenders: Contender[] = []
          try {
            contenders.push(operator.ours(gpu, test))
            for (const prepare of libraries) {
              const ways = prepare(test)
              place.progress(`${test.title}: ways of ${ways[0]?.name ?? 'a peer without one'}`)
              const peer = await fastest(test, ways, settings, ({ name, how }, error) => {
                notes.push(`${test.title}: ${name} cannot do ${how}: ${firstLine(error)}`)
              })
              if (peer) contenders.push(peer)
            }
            if (torch && operator.torch) contenders.push(...(await torch.contenders(operator.torch(test))))
            failures.push(...otherAdapters(contenders, gpu.adapterName))
            const measured = await contest(test, contenders, settings, place.progress)
            results.push(resultOf(test, measured))
            failures.push(...wrong(test, measured))
          } finally {
            for (const contender of contenders) await contender.close()
          }
        }
      } finally {
        torch?.close()
      }
      return {
        adapter: gpu.adapterName,
        versions: { ...place.versions, ...versionsOf(results), ...torch?.versions },
        notes,
        table: results.flatMap(lines),
        results: { cases: results },
        failures: [...new Set(failures)],
      }
    },
  }
}

const firstLine = (error: unknown) =>
  String(error instanceof Error ? error.message : error)
    .split('\n')[0]!
    .slice(0, 300)

const versionsOf = (results: readonly Result[]) =>
  Object.fromEntries(
    results.flatMap(({ contenders }) => contenders.slice(1).map(({ name, version }) => [name, version])),
  )

const wrong = ({ title }: Case, measured: readonly Measured[]) =>
  measured
    .filter(({ error }) => !(error <= 1))
    .map(
      ({ name, how, error }) => `${title}: ${name} (${how}) errs by ${significant(error)} of what is allowed`,
    )

const otherAdapters = (contenders: readonly Contender[], wanted: string) =>
  contenders
    .filter(({ adapter }) => adapter !== null && adapter !== wanted)
    .map(({ name, adapter }) => `${name} runs on ${adapter}, expected ${wanted}`)
