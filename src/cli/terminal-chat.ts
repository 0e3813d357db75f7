import { createInterface } from 'node:readline'
import { GenerationError, TokenizerError } from '../index'
import type { Conversation } from './conversation'

export interface Terminal {
  /** Keys. */
  readonly input: NodeJS.ReadableStream
  /** Where the line that is being typed is shown. */
  readonly output: NodeJS.WritableStream
  /** Takes an answer's text. */
  write(text: string): Promise<void>
}

const WAYS_OUT = '/reset begins anew, /exit or Ctrl-D ends'

/**
 * Talks on a terminal: asks for a line, writes the answer, and again. Ctrl-C stops an answer; twice without a line in
 * between, it ends.
 *
 * @returns whether it was ended by /exit or Ctrl-D, not by an interrupt or `signal`
 */
export async function terminalChat(
  conversation: Conversation,
  { input, output, write }: Terminal,
  signal: AbortSignal,
): Promise<boolean> {
  const lines = createInterface({ input, output, terminal: true, prompt: '> ' })
  let answering: AbortController | null = null
  /** Since the last line. */
  let interrupted = false
  let closed = false
  lines.once('close', () => {
    closed = true
  })
  const stop = () => {
    answering?.abort(new Error('stopped'))
    lines.close()
  }
  signal.addEventListener('abort', stop)
  lines.on('SIGINT', () => {
    if (interrupted) return stop()
    interrupted = true
    if (answering) return answering.abort(new Error('stopped'))
    output.write(`\n(again to end; ${WAYS_OUT})\n`)
    lines.prompt()
  })
  output.write(`${WAYS_OUT}; Ctrl-C stops an answer\n`)
  lines.prompt()
  try {
    for await (const typed of lines) {
      const line = typed.trim()
      interrupted = false
      if (line === '/exit') return true
      if (line === '/reset') conversation.reset()
      else if (line !== '') {
        answering = new AbortController()
        const note = await answerLine(line, answering.signal)
        answering = null
        if (note !== null) output.write(`${note}\n`)
      }
      // Closed during the answer it may still give lines that were typed before, but Node 24 lets nobody ask for more.
      if (!closed) lines.prompt()
    }
    return !interrupted && !signal.aborted
  } finally {
    signal.removeEventListener('abort', stop)
    lines.close()
  }

  /** @returns what there is to say about the answer, if anything */
  async function answerLine(line: string, stopped: AbortSignal): Promise<string | null> {
    try {
      for await (const piece of conversation.answer(line, stopped)) await write(piece)
      return null
    } catch (error) {
      if (stopped.aborted) return '(stopped)'
      if (error instanceof GenerationError || error instanceof TokenizerError)
        return `${error.message} (${WAYS_OUT})`
      throw error
    } finally {
      await write('\n')
    }
  }
}
