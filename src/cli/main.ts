import { version } from '../index'
import { parseCommand, USAGE, UsageError } from './arguments'
import { Progress } from './progress'
import { run } from './run'

const progress = new Progress(process.stderr)
const stop = new AbortController()
process.once('SIGINT', () => {
  progress.note('stopping after this step; again to stop at once')
  stop.abort(new Error('stopped'))
  process.once('SIGINT', () => process.exit(130))
})

try {
  const command = parseCommand(process.argv.slice(2))
  if (command.kind === 'help') console.log(USAGE)
  else if (command.kind === 'version') console.log(version)
  else if (!(await run(command.run, progress, stop.signal))) process.exitCode = 130
} catch (error) {
  progress.done()
  console.error(`tabtune: ${(error as Error).message.replaceAll('\n', ' ')}`)
  process.exitCode = stop.signal.aborted ? 130 : error instanceof UsageError ? 2 : 1
}
// Dawn's threads would keep the process alive.
process.exit()
