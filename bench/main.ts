import { mkdirSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { dirname, join } from 'node:path'
import { type BenchPage, openBenchPage } from './harness/chromium'
import { nodePlace } from './harness/node-place'
import { type CommonOptions, commonDefaults, placesNamed, readOptions } from './harness/options'
import type { PlaceName } from './harness/place'
import type { Options, Report, Subject } from './harness/subject'
import { adapterSlug, markdownTable } from './harness/table'
import { nodeSubjects } from './node-subjects'
import { subjects } from './subjects'

const all: readonly Subject[] = [...subjects, ...nodeSubjects]

const [name, ...words] = process.argv.slice(2)
const chosen = name === 'all' ? all : all.filter(one => one.name === name)
if (chosen.length === 0) {
  const width = Math.max(...all.map(one => one.name.length))
  const list = all.map(one => {
    const [place, ...others] = one.places ?? []
    return `  ${one.name.padEnd(width)}  ${one.what}${place && others.length === 0 ? ` (in ${place} alone)` : ''}`
  })
  console.error(
    [
      'npm run bench -- SUBJECT [--in node|chromium|both] [--option value …] [--json] [--out FILE.json|FOLDER]',
      'npm run bench -- all [--in node|chromium|both] [--json] [--out FOLDER]',
      'npm run bench -- SUBJECT --help',
      ...list,
    ].join('\n'),
  )
  process.exit(1)
}

if (words.includes('--help')) {
  for (const { name, what, defaults } of chosen) {
    const options = Object.entries({ ...defaults, ...commonDefaults })
    console.log(`${name}: ${what}`)
    for (const [option, value] of options) console.log(`  --${option}  ${JSON.stringify(value)} by default`)
  }
  process.exit(0)
}

/** Processes that wanted the CPU in the last minute. With a software adapter, others than this one spoil the times. */
const load = () => Number(loadavg()[0]!.toFixed(2))

let page: BenchPage | null = null

async function runIn(place: PlaceName, subject: Subject, options: Options, dawn: string): Promise<Report> {
  if (place === 'node') return subject.run(options, nodePlace(dawn.split(' ').filter(Boolean)))
  page ??= await openBenchPage(text => console.error(text))
  return page.run(subject.name, options)
}

async function measure(subject: Subject, place: PlaceName, options: Options, common: CommonOptions) {
  const before = load()
  const report = await runIn(place, subject, options, common.dawn)
  // Where the results were written changes nothing about them.
  const settings = words.filter((word, i) => !['--json', '--out'].includes(word) && words[i - 1] !== '--out')
  const command = ['npm run bench --', subject.name, ...settings].join(' ')
  const { adapter, versions, notes, table, results, failures } = report
  const record = {
    subject: subject.name,
    command,
    place,
    date: new Date().toISOString(),
    adapter,
    versions,
    load: { before, after: load() },
    options,
    notes,
    ...results,
    failures,
  }
  if (!common.json) {
    const what = Object.entries(versions).map(pair => pair.join(' '))
    console.log(`\n${command}\n${place}: ${adapter}\n${what.join(' · ')}\n`)
    for (const note of [...notes, `load before ${before}, after ${record.load.after}`]) console.log(note)
    console.log(`\n${markdownTable(table)}\n`)
  }
  if (common.out) {
    const file = common.out.endsWith('.json')
      ? common.out
      : join(common.out, `${subject.name}-${adapterSlug(adapter)}.json`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`)
  }
  for (const failure of failures) console.error(failure)
  return record
}

const records = []
for (const subject of chosen) {
  const { in: where, json, out, dawn, ...options } = readOptions(words, subject.defaults)
  const wanted = placesNamed(where)
  const places = wanted.filter(place => subject.places?.includes(place) ?? true)
  if (places.length < wanted.length && chosen.length === 1) {
    throw new Error(`${subject.name} runs in ${subject.places} alone, not in ${where}`)
  }
  if (out.endsWith('.json') && chosen.length * places.length > 1) {
    throw new Error(`--out is the file ${out}, expected a folder: there are several results`)
  }
  for (const place of places)
    records.push(await measure(subject, place, options, { in: where, json, out, dawn }))
}
if (words.includes('--json'))
  console.log(JSON.stringify(records.length === 1 ? records[0] : records, null, 2))
await (page as BenchPage | null)?.close()
// Dawn's threads keep Node alive.
process.exit(records.some(({ failures }) => failures.length > 0) ? 1 : 0)
