import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contentOf } from '../../src/data/content'
import { readLines } from '../../src/data/json-lines'

/** A blob that streams in pieces of the given size. */
function pieces(text: string, size: number): Blob {
  const bytes = new TextEncoder().encode(text)
  const blob = new Blob([bytes])
  blob.stream = () =>
    new ReadableStream({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size))
        controller.close()
      },
    })
  return blob
}

async function lines(
  file: Blob,
  limit = 1000,
): Promise<[number: number, at: number, text: string, tooLong: boolean][]> {
  const all: [number, number, string, boolean][] = []
  for await (const { number, at, bytes, tooLong } of readLines(contentOf(file).chunks(), limit)) {
    all.push([number, at, new TextDecoder().decode(bytes), tooLong])
  }
  return all
}

describe('readLines', () => {
  it('gives the same lines however the stream is cut', async () => {
    const text = fc
      .array(fc.constantFrom('a', 'é', '\n', '\r\n', ' ', 'xyz'), { maxLength: 30 })
      .map(parts => parts.join(''))
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 7 }), async (content, size) => {
        const want = content
          .split('\n')
          .flatMap((line, i) => (line.trim() === '' ? [] : [[i + 1, line.replace(/\r$/, '')]]))
        const got = (await lines(pieces(content, size))).map(([number, , line]) => [number, line])
        expect(got).toEqual(want)
      }),
    )
  })

  it('counts offsets in bytes', async () => {
    expect(await lines(new Blob(['é\r\n\nb']))).toEqual([
      [1, 0, 'é', false],
      [3, 5, 'b', false],
    ])
  })

  it('passes over a line that is too long and goes on behind it', async () => {
    const long = 'x'.repeat(5000)
    expect(await lines(pieces(`a\n${long}\nb\n`, 64), 1000)).toEqual([
      [1, 0, 'a', false],
      [2, 2, 'x'.repeat(400), true],
      [3, 5003, 'b', false],
    ])
  })

  it('lets go of the stream when the reader stops early', async () => {
    let cancelled = false
    const blob = new Blob(['a'])
    blob.stream = () =>
      new ReadableStream({
        pull: controller => controller.enqueue(new TextEncoder().encode('a\n')),
        cancel: () => {
          cancelled = true
        },
      })
    for await (const _ of readLines(contentOf(blob).chunks(), 10)) break
    expect(cancelled).toBe(true)
  })
})
