import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'

const chromium = {
  ...(process.env.CHROME_PATH ? { executablePath: process.env.CHROME_PATH } : {}),
  args: ['--no-sandbox', '--enable-unsafe-webgpu', '--disable-background-networking'],
}

/** What runs without a GPU or a page; everything else in test/ runs in both projects. */
const nodeOnly = ['test/contract/**', 'test/cli/**', 'test/demo/**', 'test/node/**']

/** `vite` serves demo/; `vite build` builds the library, `--mode cli` the command, `--mode demo` the page. */
export default defineConfig(({ mode }) => ({
  ...(mode === 'demo' ? { base: './' } : {}),
  build:
    mode === 'demo'
      ? { outDir: '../dist-demo', emptyOutDir: true, target: 'es2022' }
      : mode === 'cli'
        ? {
            ssr: 'src/cli/main.ts',
            target: 'node20',
            emptyOutDir: false,
            rolldownOptions: { output: { entryFileNames: 'cli.js', banner: '#!/usr/bin/env node' } },
          }
        : {
            target: 'es2022',
            minify: false,
            lib: { entry: { index: 'src/index.ts' }, formats: ['es' as const] },
            rolldownOptions: { external: [/^@huggingface\//] },
          },
  ...(mode === 'demo' ? { root: 'demo' } : {}),
  worker: { format: 'es' as const },
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { name: 'node', include: ['test/**/*.test.ts'] } },
      {
        extends: true,
        optimizeDeps: { exclude: ['webgpu'] },
        test: {
          name: 'chromium',
          include: ['test/**/*.test.ts'],
          exclude: nodeOnly,
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            instances: [{ browser: 'chromium' }],
            provider: playwright({ launchOptions: chromium }),
          },
        },
      },
    ],
  },
}))
