import { execFileSync } from 'node:child_process'
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

/**
 * Builds all benches to one plain file that needs Node and the package `webgpu`, and the packages of those peers
 * that it is asked for: dist-bench/bench.js can be copied to a machine without this repository.
 */
export default defineConfig({
  define: { __COMMIT__: JSON.stringify(commit()) },
  ssr: {
    noExternal: true,
    external: ['webgpu', '@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-webgpu', 'onnxruntime-web'],
  },
  build: {
    ssr: 'bench/main.ts',
    outDir: 'dist-bench',
    emptyOutDir: true,
    target: 'node20',
    minify: false,
    rolldownOptions: { output: { entryFileNames: 'bench.js', codeSplitting: false } },
  },
})
