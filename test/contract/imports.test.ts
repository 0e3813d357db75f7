import { expect, it } from 'vitest'

/** Each folder of src/ may import itself and the folders named here; nothing else. */
const layers: Record<string, readonly string[]> = {
  gpu: [],
  data: [],
  io: [],
  ops: ['gpu'],
  nn: ['gpu', 'ops'],
  models: ['gpu', 'io', 'ops', 'nn'],
  similarity: ['gpu', 'ops'],
  embedding: ['gpu', 'io', 'data', 'models'],
  scoring: ['gpu', 'io', 'data', 'ops', 'models'],
  selection: ['gpu', 'data', 'similarity', 'scoring', 'embedding'],
  losses: ['gpu', 'ops'],
  training: ['gpu', 'io', 'data', 'ops', 'nn', 'models', 'losses'],
  evaluation: ['gpu', 'io', 'data', 'ops', 'nn', 'models', 'scoring', 'losses', 'training'],
  job: [
    'gpu',
    'data',
    'io',
    'models',
    'embedding',
    'scoring',
    'selection',
    'losses',
    'training',
    'evaluation',
  ],
  cli: [],
}

const sources = import.meta.glob<string>('../../src/**/*.{ts,tsx}', {
  eager: true,
  query: '?raw',
  import: 'default',
})
const pages = import.meta.glob<string>('../../demo/**/*.{ts,tsx}', {
  eager: true,
  query: '?raw',
  import: 'default',
})

/** Every module a file imports, exports from or loads, types included. */
const imports = (code: string) =>
  [...code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g)].map(match => match[1]!)

/** The path below the project of what a relative import names: `src/gpu/tensor`. */
const resolve = (file: string, target: string) =>
  new URL(target, `file:///${file.replace('../../', '')}`).pathname.slice(1)

const relative = (file: string, code: string) =>
  imports(code)
    .filter(target => target.startsWith('.'))
    .map(target => resolve(file, target))

const inLayers = Object.entries(sources).filter(([file]) => file.split('/').length > 4)

it.each(inLayers)('%s imports only lower layers', (file, code) => {
  const layer = file.split('/')[3]!
  expect(Object.keys(layers), `src/${layer} has a place in the table`).toContain(layer)
  const allowed = [layer, ...layers[layer]!]
  const wrong = relative(file, code).filter(target => {
    const [root, folder] = target.split('/')
    if (root === 'src' && allowed.includes(folder!)) return false
    // Manifests and checkpoints name the version that made them.
    if (['job', 'training'].includes(layer) && target === 'package.json') return false
    // The command uses the library as anyone would.
    return layer !== 'cli' || target !== 'src/index'
  })
  expect(wrong).toEqual([])
})

it.each(inLayers)('%s imports nothing of Node but in the command', (file, code) => {
  if (file.includes('/src/cli/')) return
  const wrong = imports(code).filter(target => target.startsWith('node:'))
  expect(wrong).toEqual([])
})

it('src holds folders and index.ts, which only re-exports', () => {
  const files = Object.entries(sources).filter(([file]) => file.split('/').length === 4)
  for (const [file, code] of files) {
    expect(file).toBe('../../src/index.ts')
    const comments = /\/\*[\s\S]*?\*\/|\/\/.*$/gm
    const rest = code.replace(comments, '').replace(/export (?:type )?(?:\{[^}]*\}|\*) from '[^']+'/g, '')
    expect(rest.trim()).toBe('')
  }
})

it('the page imports the library by its index', () => {
  const wrong = Object.entries(pages).flatMap(([file, code]) =>
    relative(file, code)
      .filter(target => !target.startsWith('demo/') && target !== 'src/index')
      .map(target => `${file}: ${target}`),
  )
  expect(wrong).toEqual([])
})
