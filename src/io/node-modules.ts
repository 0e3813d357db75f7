interface Stat {
  readonly size: number
  readonly mtimeMs: number
  isFile(): boolean
  isDirectory(): boolean
}

/** What is used of Node. Written out: the package's declarations must hold where Node's are not installed. */
export interface NodeModules {
  readonly fs: {
    readFile(path: string): Promise<Uint8Array>
    readFile(path: string, encoding: 'utf8'): Promise<string>
    writeFile(path: string, data: string | Uint8Array, options?: { flag: string }): Promise<void>
    mkdir(path: string, options: { recursive: true }): Promise<string | undefined>
    rename(from: string, to: string): Promise<void>
    rm(path: string, options: { force: true; recursive?: boolean }): Promise<void>
    readdir(path: string): Promise<string[]>
    stat(path: string): Promise<Stat>
    statfs(path: string): Promise<{ readonly bavail: number; readonly bsize: number }>
    utimes(path: string, accessed: Date, modified: Date): Promise<void>
    open(path: string, flags?: 'r' | 'wx'): Promise<OpenFile>
  }
  readonly path: {
    basename(path: string): string
    dirname(path: string): string
    isAbsolute(path: string): boolean
    join(...parts: string[]): string
    resolve(path: string): string
  }
  readonly os: { homedir(): string; hostname(): string }
  readonly url: { fileURLToPath(url: string): string }
  readonly crypto: { createHash(kind: string): { update(data: Uint8Array): unknown; digest(): Uint8Array } }
  readonly process: {
    readonly pid: number
    readonly env: Readonly<Record<string, string | undefined>>
    kill(pid: number, signal: number): unknown
  }
}

/** A file that Node has opened. */
export interface OpenFile {
  read(into: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>
  /** Writes all of `data` behind what was written before. */
  writeFile(data: Uint8Array): Promise<void>
  /** Waits until what was written is on the disk. */
  sync(): Promise<void>
  close(): Promise<void>
}

/**
 * Node's own modules, or null in a browser. They are asked for at run time and never imported: the library is one
 * build that runs in both, and a bundler for browsers follows imports, dynamic ones too, to modules that are not there.
 */
export function nodeModules(): NodeModules | null {
  const { process } = globalThis as { process?: NodeJS.Process }
  if (!process?.versions?.node) return null
  return {
    process,
    fs: process.getBuiltinModule('node:fs/promises'),
    path: process.getBuiltinModule('node:path'),
    os: process.getBuiltinModule('node:os'),
    url: process.getBuiltinModule('node:url'),
    crypto: process.getBuiltinModule('node:crypto'),
  }
}
