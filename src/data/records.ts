import type { ContainerName } from './container'
import type { Content, Source } from './content'
import { FormatCounts, openRecords, type ReadOptions, type RecordKind } from './record-stream'
import type { Origin, Problem } from './row'

/** What is known of a file besides its records. */
export interface RecordFile<Name extends string> {
  readonly container: ContainerName
  /** Whether it is packed with gzip. */
  readonly gzip: boolean
  /** The format that most records have. */
  readonly format: Name
  readonly problems: readonly Problem[]
  /** records + problems */
  readonly total: number
  /** The file itself, from which records are written as they stood. */
  readonly content: Content
}

/** An opened file: what it is, and its records or problems in file order, any number of times. */
export interface EventStream<Name extends string, Event> extends AsyncIterable<Event> {
  readonly container: ContainerName
  /** Whether it is packed with gzip. */
  readonly gzip: boolean
  /** The format that most of the first 64 records have; the others are still read each by its own shape. */
  readonly format: Name
  /** Of the file as it lies on disk. */
  readonly totalBytes: number
}

/**
 * Reads every record of a file. What cannot be read becomes a problem: `records` and `problems` add up to `total`.
 * `format` is the one most records have, the first met where two are equally frequent.
 *
 * @throws {DataError} when the file cannot be read at all, or has no record of a known shape
 */
export async function readRecords<Name extends string, T>(
  source: Source,
  kind: RecordKind<Name, T>,
  options: ReadOptions<Name>,
): Promise<RecordFile<Name> & { readonly records: readonly (T & Origin)[] }> {
  const { container, gzip, content, events } = await openRecords(source, kind, options)
  const records: (T & Origin)[] = []
  const problems: Problem[] = []
  const counts = new FormatCounts<Name>()
  for await (const event of events()) {
    counts.add(event.format)
    if ('record' in event) records.push(event.record)
    else problems.push(event.problem)
  }
  const total = records.length + problems.length
  // Without a known shape the events end with an error.
  return { container, gzip, format: counts.most!, content, records, problems, total }
}

/** Opens a file whose records come out one by one, each as `toEvent` makes it. */
export async function openEvents<Name extends string, T, Event>(
  source: Source,
  kind: RecordKind<Name, T>,
  options: ReadOptions<Name>,
  toEvent: (record: T & Origin, end: number) => Event,
): Promise<
  EventStream<Name, Event | { readonly kind: 'problem'; readonly problem: Problem; readonly end: number }>
> {
  const { container, gzip, totalBytes, detectFormat, events } = await openRecords(source, kind, options)
  return {
    container,
    gzip,
    format: await detectFormat(),
    totalBytes,
    async *[Symbol.asyncIterator]() {
      for await (const event of events()) {
        const { end } = event
        yield 'record' in event
          ? toEvent(event.record, end)
          : { kind: 'problem', problem: event.problem, end }
      }
    },
  }
}
