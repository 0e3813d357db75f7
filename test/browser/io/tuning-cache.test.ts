import { expect, test } from 'vitest'
import { opfsStore } from '../../../src/io/opfs-store'
import { tuningCache } from '../../../src/io/tuning-cache'

test("what was found is kept in the browser's own file system", async () => {
  const store = opfsStore('tuning-cache-test')
  try {
    await tuningCache(store)!.set('a|b', 'small')
    expect(await tuningCache(opfsStore('tuning-cache-test'))!.get('a|b')).toBe('small')
    expect(await tuningCache(store)!.get('a')).toBeUndefined()
  } finally {
    await (await navigator.storage.getDirectory()).removeEntry('tuning-cache-test', { recursive: true })
  }
  expect(await tuningCache()!.get('a|b')).toBeUndefined()
})
