import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { dependencies, version } from '../../package.json'
import { root, run, temporaryFolder } from './command'

// npm and npx are scripts that only a shell can start on Windows.
const shell = process.platform === 'win32'
const sh = (program: string, args: readonly string[], cwd: string) =>
  execFileSync(program, args, { cwd, shell, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** A project that has installed the packed package, and from this repository what it depends on. */
const project = temporaryFolder({ keep: true })
const modules = join(project, 'node_modules')
const installed = join(modules, 'tabtune')
mkdirSync(installed, { recursive: true })
writeFileSync(join(project, 'package.json'), '{"name":"consumer","private":true,"type":"module"}')
sh('npm', ['pack', '--silent', '--pack-destination', project], root)
sh('tar', ['-xzf', `tabtune-${version}.tgz`, '-C', installed, '--strip-components=1'], project)
const link = (name: string) => symlinkSync(join(root, 'node_modules', name), join(modules, name), 'junction')
for (const scope of new Set(Object.keys(dependencies).map(name => name.split('/')[0]!))) link(scope)

const rows = join(project, 'rows.json')
const pairs = join(project, 'pairs.json')
writeFileSync(rows, JSON.stringify([{ instruction: 'Name a tree.', output: 'An oak.' }]))
writeFileSync(pairs, JSON.stringify([{ prompt: 'Name a tree.', chosen: 'An oak.', rejected: 'A stone.' }]))
const job = ['run', '--rows', rows, '--pairs', pairs, '--out', join(project, 'out')]

it('holds what it needs, and nothing of the repository besides', () => {
  expect(readdirSync(installed).sort()).toEqual([
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'LICENSE',
    'README.md',
    'demo',
    'dist',
    'docs',
    'package.json',
  ])
  expect(readdirSync(join(installed, 'demo'), { recursive: true })).toContain(
    'public/model/model.safetensors'.replaceAll('/', shell ? '\\' : '/'),
  )
  for (const place of readFileSync(join(installed, 'README.md'), 'utf8').matchAll(
    /\]\(((?!https?:)[^)#]+)\)/g,
  )) {
    // The sample is the page's, which is not packed.
    if (!place[1]!.startsWith('demo/public/sample'))
      expect(existsSync(join(installed, place[1]!)), place[1]).toBe(true)
  }
})

it('asks for webgpu where there is none, and runs the bundled model where there is', async () => {
  const script = join(installed, 'dist/cli.js')
  const without = await run(job, { script, cwd: project })
  expect(without).toMatchObject({
    code: 1,
    stdout: '',
    stderr: [expect.stringContaining('npm install webgpu')],
  })
  link('webgpu')
  expect(await run(job, { script, cwd: project })).toEqual({ code: 0, stdout: '', stderr: [] })
  expect(existsSync(join(project, 'out/adapter/adapter_model.safetensors'))).toBe(true)
}, 120_000)

it('is found by npx in its own repository', () => {
  // npm sets the bit where it makes a link, but not when a later build replaces the file behind it.
  if (!shell) expect(statSync(join(root, 'dist/cli.js')).mode & 0o111).toBe(0o111)
  // With a cache of its own: npm would leave a link to the repository in the user's.
  const env = { ...process.env, npm_config_cache: temporaryFolder(), npm_config_offline: 'true' }
  const said = execFileSync('npx', ['tabtune', '--version'], { cwd: root, shell, encoding: 'utf8', env })
  expect(said).toBe(`${version}\n`)
}, 120_000)

/** Compiles a module of the project, which must have no type error, and gives the errors. */
function compile(name: string, code: string, resolution: 'bundler' | 'nodenext'): string {
  writeFileSync(join(project, name), code)
  const module = resolution === 'bundler' ? 'esnext' : 'nodenext'
  const lib = 'es2023,dom,dom.iterable,esnext.disposable'
  const args = [
    '--strict',
    '--target',
    'es2022',
    '--lib',
    lib,
    '--module',
    module,
    '--moduleResolution',
    resolution,
  ]
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  try {
    return sh(process.execPath, [tsc, ...args, '--types', '', name], project)
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

it.each(['bundler', 'nodenext'] as const)(
  'has types under %s resolution, its own checked too',
  resolution => {
    const code = (budget: string) => `
    import { deita, type Selection, select, type Pool } from 'tabtune'
    export const pick = (pool: Pool): Promise<Selection> => select(pool, deita({ budget: ${budget} }))`
    expect(compile('good.ts', code('6'), resolution)).toBe('')
    expect(compile('wrong.ts', code("'six'"), resolution)).toContain(
      "Type 'string' is not assignable to type 'Budget'",
    )
  },
)

it('has no declaration that names a shader or a path of the sources', () => {
  const folder = join(installed, 'dist/types')
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.d.ts')) continue
    const imports = readFileSync(join(folder, name), 'utf8').matchAll(
      /(?:\bfrom |\bimport\()['"]([^'"]+)['"]/g,
    )
    // Besides itself, the package may name the types of what it depends on.
    for (const [, target] of imports)
      expect(target, name).toMatch(/^(\.\.?\/.*\.js|hyparquet(\/src\/types\.js)?|preact)$/)
  }
})

/** The example of a document: its one block of TypeScript. */
function example(document: string): string {
  const blocks = [...readFileSync(join(installed, document), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```/gm)]
  expect(blocks).toHaveLength(1)
  return blocks[0]![1]!
}

it.each([
  ['README.md', /^1 0\.693\d* 0$/m],
  ['docs/adapters.md', /^merged: 47 weights in 6 files$[\s\S]*^GGUF: 73216 bytes$/m],
  ['docs/architecture.md', /^\[ 2, 384 \] 768 /m],
  ['docs/checkpoints.md', /^resumed after step (\d)\n[\s\S]*^written after step 6$/m],
  ['docs/data.md', /^An oak\. 9 A stone\. 2\nAn oak\. A stone\. row 2: no undesirable answer/m],
  ['docs/embeddings.md', /^384 values: 1\.00 and \d\.\d\d\n\d+ values: 1\.00 and /m],
  ['docs/evaluation.md', /^piqa \d \d$[\s\S]*^eval_loss 0\.693\d* 0\.[\s\S]*^a report of \d{5} characters$/m],
  ['docs/generation.md', /^(end|stop|length) after \d+ tokens: .[\s\S]*^Once upon a time./m],
  [
    'docs/losses.md',
    /^dpo 0\.6931 \nhinge 1\.0000 \n[\s\S]*^orpo \d[\s\S]*^nca-pair: divergence is none of its options/m,
  ],
  ['docs/models.md', /^model \d+\.\d MB\n0 models are kept$/m],
  [
    'docs/onnx.md',
    /: there is no onnx\/model\.onnx, model\.onnx, .* for fp32; there is no other ONNX file$/m,
  ],
  ['docs/performance.md', /^(direct|broadcast-[48]|small|medium|large) (default|cache|measured) \[/m],
  ['docs/profiling.md', /^kernel +calls +ms [\s\S]*^peaks: [\d.]+ GFLOP\/s, [\d.]+ GB\/s$/m],
  ['docs/scoring.md', /^row 0: -?\d+\.\d{3}$/m],
  ['docs/selection.md', /^row 0: kept as number 1$/m],
  ['docs/similarity.md', /^0 is most like 2$[\s\S]*^search: How do I boil an egg\?$/m],
  ['docs/strategies.md', /^distinct: of 1 rows, as many random ones share 1, and the longest 1\. /m],
  ['docs/templates.md', /^trained: An apple\.<\|im_end\|>$/m],
  ['docs/training.md', /^after: ./m],
  [
    'docs/training-data.md',
    /^1 of 1 pairs, 0 cut, \d+ tokens$[\s\S]*^1 rows in 1 packs\n1 labels to learn$/m,
  ],
] as const)(
  'runs the example of %s as it stands',
  async (document, said) => {
    // Serves the bundled model as the page does, and small files in place of the sample.
    const server = createServer(({ url = '' }, response) => {
      const path = url.startsWith('/sample/') ? join(project, url.slice(8)) : join(root, 'demo/public', url)
      if (!existsSync(path)) response.writeHead(404).end()
      else response.end(readFileSync(path))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const code = example(document).replace('http://localhost:5173/', address)
    expect(compile('example.ts', code, 'nodenext')).toBe('')
    // A finished Dawn keeps Node alive, as the README says.
    writeFileSync(join(project, 'start.js'), "await import('./example.js')\nprocess.exit()\n")
    const ended = await run([], { script: join(project, 'start.js'), cwd: project })
    expect(ended).toMatchObject({ code: 0, stderr: [] })
    expect(ended.stdout).toMatch(said)
  },
  120_000,
)
