import { chmodSync } from 'node:fs'
import { playwright } from '@vitest/browser-playwright'
import { defaultClientConditions, type Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const chromium = {
  ...(process.env.CHROME_PATH ? { executablePath: process.env.CHROME_PATH } : {}),
  args: ['--no-sandbox', '--enable-unsafe-webgpu', '--disable-background-networking'],
}

/** What needs Node, or no page; what needs a page is in test/browser; everything else runs in both projects. */
const nodeOnly = ['test/contract/**', 'test/cli/**', 'test/demo/**', 'test/node/**']

/**
 * Where the page gets models from: the Hub, or a mirror of it that `TABTUNE_HUB` names, with further hosts behind it that
 * its files come from. The Hub leads to cdn-lfs*, *.xethub and *.cdn of hf.co, and for old files of huggingface.co; see
 * https://huggingface.co/.well-known/meta.json.
 */
const [hub = '', ...hubHosts] = (
  process.env.TABTUNE_HUB ?? 'https://huggingface.co https://*.huggingface.co https://*.hf.co'
).split(' ')

/**
 * What the built page may load: its own files, and models from the Hub. The worker is started from a blob so that it
 * inherits this, and the browser itself sees to it that the visitor's data goes nowhere else. Vite's dev server needs
 * inline styles and a socket, so only builds have it.
 */
const contentSecurityPolicy: Plugin = {
  name: 'content-security-policy',
  apply: 'build',
  transformIndexHtml: () => [
    {
      tag: 'meta',
      attrs: {
        'http-equiv': 'Content-Security-Policy',
        content: [
          "default-src 'self'",
          `connect-src 'self' ${[new URL(hub).origin, ...hubHosts].join(' ')}`,
          "img-src 'self' data:",
          "worker-src 'self' blob:",
          "object-src 'none'",
          "base-uri 'none'",
          "form-action 'none'",
        ].join('; '),
      },
      injectTo: 'head-prepend',
    },
  ],
}

/** npm sets the bit when it installs a package; in the repository, npx starts the file as it was built. */
const executableCommand: Plugin = {
  name: 'executable-command',
  writeBundle: ({ dir }) => chmodSync(`${dir}/cli.js`, 0o755),
}

/** `vite --mode demo` serves the page; `vite build` builds the library, `--mode cli` the command, `--mode demo` the page. */
export default defineConfig(({ mode }) => ({
  ...(mode === 'demo'
    ? {
        root: 'demo',
        base: './',
        plugins: [contentSecurityPolicy],
        define: { HUB_ENDPOINT: JSON.stringify(hub) },
        // The page only tokenizes: 27 MB of ONNX Runtime's WebAssembly need not come along.
        resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
        server: { fs: { allow: ['..'] } },
        // A dependency that is found late makes Vite reload the page, and the visitor's results with it.
        optimizeDeps: { entries: ['index.html', 'worker.ts'] },
      }
    : { plugins: mode === 'cli' ? [executableCommand] : [] }),
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
            rolldownOptions: { external: [/^@huggingface\//, /^onnxruntime-web/] },
          },
  worker: { format: 'es' as const },
  test: {
    // Browsers get it too, which do not see the environment.
    env: {
      VITE_TABTUNE_FEATURES: process.env.TABTUNE_FEATURES ?? 'adapter',
      VITE_TABTUNE_PROFILE: process.env.TABTUNE_PROFILE ?? '',
    },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: { name: 'node', include: ['test/**/*.test.ts'], exclude: ['test/browser/**'] },
      },
      {
        extends: true,
        optimizeDeps: {
          exclude: ['webgpu'],
          // What is found only once a test runs makes Vite reload the page under it.
          include: ['d3-array', 'd3-scale', 'd3-shape', 'preact/jsx-dev-runtime', 'preact-render-to-string'],
        },
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
