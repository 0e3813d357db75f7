import { mkdirSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { dirname } from 'node:path'
import { readOptions } from './harness/options'
import type { Subject } from './harness/subject'
import { markdownTable } from './harness/table'
import { liveSelectionBench } from './live-selection.bench'
import { scoringBench } from './scoring.bench'
import { selectionBench } from './selection.bench'

const subjects: readonly Subject[] = [selectionBench, liveSelectionBench, scoringBench]

const [name, ...words] = process.argv.slice(2)
const subject = subjects.find(one => one.name === name)
if (!subject) {
  const list = subjects.map(one => `  ${one.name}  ${one.what}`).join('\n')
  console.error(`npm run bench -- SUBJECT [--option value …] [--json] [--out FILE]\n${list}`)
  process.exit(1)
}

/** Processes that wanted the CPU in the last minute. With a software adapter, others than this one spoil the times. */
const load = () => Number(loadavg()[0]!.toFixed(2))

const before = load()
const { json, out, ...options } = readOptions(words, subject.defaults)
const { adapter, versions, notes, table, results, failures } = await subject.run(options)
// Where the results were written changes nothing about them.
const settings = words.filter((word, i) => !['--json', '--out'].includes(word) && words[i - 1] !== '--out')
const command = ['npm run bench --', name, ...settings].join(' ')
const record = JSON.stringify(
  {
    subject: name,
    command,
    date: new Date().toISOString(),
    adapter,
    versions,
    load: { before, after: load() },
    options,
    ...results,
    failures,
  },
  null,
  2,
)
if (json) {
  console.log(record)
} else {
  console.log(
    `\n${command}\n${adapter}\n${Object.entries(versions)
      .map(pair => pair.join(' '))
      .join(' · ')}\n`,
  )
  for (const note of [...notes, `load before ${before}, after ${load()}`]) console.log(note)
  console.log(`\n${markdownTable(table)}\n`)
}
if (out) {
  mkdirSync(dirname(out), { recursive: true })
  writeFileSync(out, `${record}\n`)
}
for (const failure of failures) console.error(failure)
// Dawn's threads keep Node alive.
process.exit(failures.length > 0 ? 1 : 0)
