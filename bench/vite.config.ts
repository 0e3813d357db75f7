import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { defineConfig } from 'vite'

/** The commit that is measured, with a mark if files differ from it; '' outside a repository. */
function commit(): string {
  try {
    const git = (...words: string[]) =>
      execFileSync('git', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
    return (
      git('rev-parse', '--short', 'HEAD') +
      (git('status', '--porcelain', 'src', 'shaders', 'bench') ? '+' : '')
    )
  } catch {
    return ''
  }
}

/** Packages whose versions the bench tells. */
const peers = [
  '@huggingface/transformers',
  '@jax-js/jax',
  '@tensorflow/tfjs-backend-webgpu',
  '@tensorflow/tfjs-core',
  'onnxruntime-web',
]

function versions(): Readonly<Record<string, string>> {
  const version = (name: string) => {
    const manifest: { version: string } = JSON.parse(
      readFileSync(`node_modules/${name}/package.json`, 'utf8'),
    )
    return manifest.version
  }
  return Object.fromEntries(peers.map(name => [name, version(name)]))
}

/** Imported only when they are asked for: they bring WebAssembly, or start a browser. */
const external = ['@huggingface/transformers', 'onnxruntime-web', 'playwright-core', 'vite', 'webgpu']

/**
 * Builds all benches to one plain file that needs Node and the package `webgpu`, and the packages of those peers
 * that it is asked for: dist-bench/bench.js can be copied to a machine without this repository. tfjs and jax-js are in
 * it. With `--mode page`, those that run in a browser to a page, all peers included: dist-bench/page.
 */
export default defineConfig(({ mode }) => ({
  define: { __COMMIT__: JSON.stringify(commit()), __PEERS__: JSON.stringify(versions()) },
  ...(mode === 'page'
    ? {
        root: 'bench/page',
        base: './',
        build: { outDir: '../../dist-bench/page', emptyOutDir: true, target: 'esnext', minify: false },
      }
    : {
        ssr: { noExternal: true, external },
        build: {
          ssr: 'bench/main.ts',
          outDir: 'dist-bench',
          emptyOutDir: true,
          target: 'node20',
          minify: false,
          rolldownOptions: { output: { entryFileNames: 'bench.js', codeSplitting: false } },
        },
      }),
}))
