/**
 * Node's own modules, or null in a browser. They are asked for at run time and never imported: the library is one
 * build that runs in both, and a bundler for browsers follows imports, dynamic ones too, to modules that are not there.
 */
export function nodeModules() {
  const { process } = globalThis as { process?: NodeJS.Process }
  if (!process?.versions?.node) return null
  return {
    process,
    fs: process.getBuiltinModule('node:fs/promises'),
    path: process.getBuiltinModule('node:path'),
    os: process.getBuiltinModule('node:os'),
    crypto: process.getBuiltinModule('node:crypto'),
  }
}

export type NodeModules = NonNullable<ReturnType<typeof nodeModules>>
