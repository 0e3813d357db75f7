import { version } from '../index'
import { chat } from './chat'
import type { Command } from './command'
import { compare } from './compare'
import { embed } from './embed'
import { evaluate } from './eval'
import { exportAdapter } from './export'
import { merge } from './merge'
import { models } from './models'
import { UsageError } from './options'
import { Progress } from './progress'
import { recipes } from './recipe-list'
import { run } from './run'
import { score } from './score'
import { select } from './select'
import { endWithoutReader } from './standard-output'
import { train } from './train'

const commands: Readonly<Record<string, Command>> = {
  run,
  score,
  embed,
  select,
  compare,
  train,
  recipes,
  eval: evaluate,
  merge,
  export: exportAdapter,
  chat,
  models,
}

const usage = `tabtune: scores and selects training rows, and tunes a small language model, on this machine's GPU

Usage: tabtune COMMAND [options]

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  .join('\n')}

  tabtune COMMAND --help says more; --version says which this is. Nothing leaves this machine.`

/** @throws {UsageError} if there is no such command */
function commandOf(name: string): Command {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command) return command
  const known = `one of ${Object.keys(commands).join(', ')}`
  throw new UsageError(
    name.startsWith('-')
      ? `there is no command before ${name}, expected ${known}`
      : `unknown command '${name}', expected ${known}`,
  )
}

const progress = new Progress(process.stderr)
const stop = new AbortController()
process.once('SIGINT', () => {
  progress.note('stopping after this step; again to stop at once')
  stop.abort(new Error('stopped'))
  process.once('SIGINT', () => process.exit(130))
})
endWithoutReader()

try {
  const [name = '--help', ...argv] = process.argv.slice(2)
  if (name === '--help') console.log(usage)
  else if (name === '--version') console.log(version)
  else {
    const command = commandOf(name)
    if (argv.includes('--help')) console.log(command.usage)
    else if (!(await command.read(argv)({ progress, signal: stop.signal }))) process.exitCode = 130
  }
} catch (error) {
  progress.done()
  console.error(`tabtune: ${(error as Error).message.replaceAll('\n', ' ')}`)
  process.exitCode = stop.signal.aborted ? 130 : error instanceof UsageError ? 2 : 1
}
// Dawn's threads would keep the process alive.
process.exit()
