// Writes the declarations of the public surface to dist/types. TypeScript leaves import paths as they are in the
// sources, where a bundler resolves them; Node's resolution, which users may have chosen, wants the file's full name.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = 'dist/types'

rmSync(folder, { recursive: true, force: true })
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
})
for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue
  const path = join(entry.parentPath, entry.name)
  const text = readFileSync(path, 'utf8')
  const full = text.replaceAll(/(\bfrom |\bimport\()(['"])(\.[^'"]*)\2/g, '$1$2$3.js$2')
  writeFileSync(path, full)
}
