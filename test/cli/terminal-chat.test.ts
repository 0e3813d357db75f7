import { Interface } from 'node:readline'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, vi } from 'vitest'
import { Conversation } from '../../src/cli/conversation'
import { terminalChat } from '../../src/cli/terminal-chat'
import type { Model } from '../../src/index'
import { test } from '../bundled-model'

const CTRL_C = '\x03'
const CTRL_D = '\x04'
const ENTER = '\r'

/** A conversation at a terminal whose keys the test presses. */
function sitDown(model: Model, maxTokens = 8) {
  const input = new PassThrough()
  const output = new PassThrough()
  const stop = new AbortController()
  const seen = { screen: '', answers: '' }
  const waiting: { readonly ready: () => boolean; readonly resolve: () => void }[] = []
  const look = () => {
    for (const { ready, resolve } of waiting) if (ready()) resolve()
  }
  output.on('data', text => {
    seen.screen += text
    look()
  })
  const write = async (text: string) => {
    seen.answers += text
    look()
  }
  const conversation = new Conversation(model, null, { maxTokens })
  const ended = terminalChat(conversation, { input, output, write }, stop.signal)
  return {
    seen,
    ended,
    stop,
    press: (keys: string) => input.write(keys),
    until: (ready: () => boolean) =>
      new Promise<void>(resolve => {
        waiting.push({ ready, resolve })
        look()
      }),
  }
}

/** How often it asked for a line, as the terminal redraws its prompt. */
const asked = (screen: string) => screen.split('> ').length - 1

/** As Node does from 22.17 and 24.2 on. */
beforeEach(() => {
  const { prompt } = Interface.prototype
  vi.spyOn(Interface.prototype, 'prompt').mockImplementation(function (
    this: Interface & { closed?: boolean },
  ) {
    if (this.closed) throw new Error('readline was closed')
    prompt.call(this)
  })
})
afterEach(() => vi.restoreAllMocks())

describe('a chat on a terminal', () => {
  test('answers lines until Ctrl-D', async ({ model }) => {
    const { seen, ended, press, until } = sitDown(model)
    press(`Name a tree.${ENTER}`)
    await until(() => seen.answers.endsWith('\n'))
    const first = seen.answers
    expect(first.trim()).not.toBe('')
    press(`/reset${ENTER}Name a tree.${ENTER}`)
    await until(() => seen.answers.length > first.length && seen.answers.endsWith('\n'))
    expect(seen.answers).toBe(first + first)
    press(CTRL_D)
    expect(await ended).toBe(true)
    expect(asked(seen.screen)).toBeGreaterThanOrEqual(3)
  })

  test('stops an answer at Ctrl-C, goes on with the next line, and ends at /exit', async ({ model }) => {
    const { seen, ended, press, until } = sitDown(model, 900)
    press(`Name a tree.${ENTER}`)
    await until(() => seen.answers.length > 3)
    press(CTRL_C)
    await until(() => seen.screen.includes('(stopped)'))
    const stopped = seen.answers
    expect(stopped.endsWith('\n')).toBe(true)
    press(`Another.${ENTER}`)
    await until(() => seen.answers.length > stopped.length + 3)
    press(CTRL_C)
    await until(() => seen.screen.split('(stopped)').length === 3)
    press(`/exit${ENTER}`)
    expect(await ended).toBe(true)
  })

  test('ends at a second Ctrl-C, during an answer or before one', async ({ model }) => {
    const during = sitDown(model, 900)
    during.press(`Name a tree.${ENTER}`)
    await during.until(() => during.seen.answers.length > 3)
    during.press(CTRL_C)
    during.press(CTRL_C)
    expect(await during.ended).toBe(false)

    const before = sitDown(model)
    before.press(CTRL_C)
    await before.until(() => before.seen.screen.includes('(again to end; '))
    before.press(CTRL_C)
    expect(await before.ended).toBe(false)
  })

  test('ends when it is told to', async ({ model }) => {
    const { seen, ended, press, until, stop } = sitDown(model, 900)
    press(`Name a tree.${ENTER}`)
    await until(() => seen.answers.length > 3)
    stop.abort(new Error('stopped'))
    expect(await ended).toBe(false)
  })

  test('says when the context is full, and goes on after /reset', async ({ model }) => {
    const { seen, ended, press, until } = sitDown(model)
    press(`${'tree '.repeat(2000)}${ENTER}`)
    await until(() => seen.screen.includes("the model's context is 1024"))
    expect(seen.answers.trim()).toBe('')
    press(`/reset${ENTER}Name a tree.${ENTER}`)
    await until(() => seen.answers.trim() !== '' && seen.answers.endsWith('\n'))
    press(CTRL_D)
    expect(await ended).toBe(true)
  })
})
