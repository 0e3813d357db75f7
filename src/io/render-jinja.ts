import { type ChatTurn, wellFormed } from './chat-template'
import { unusedName } from './special-texts'
import type { InnerTokenizer } from './tokenizer-library'

/**
 * A conversation as a Jinja template writes it, as in Python but for white space that `trim` cuts: JavaScript counts
 * U+FEFF among it, and U+0085 and U+001C to U+001F not.
 */
export function renderJinja(
  tokenizer: InnerTokenizer,
  source: string,
  turns: readonly ChatTurn[],
  addGenerationPrompt: boolean,
): string {
  const name = unusedName()
  const hidden: string[] = []
  // The library takes lstrip('\n') for lstrip(): of white space, it may see no more than the line breaks.
  const hide = (text: string) => text.replace(/[^\S\n]/g, space => `${name}${hidden.push(space) - 1};`)
  const some = stripsLineBreaks(source)
    ? turns.map(turn => ({ ...turn, content: hide(wellFormed(turn.content)) }))
    : turns.map(turn => ({ ...turn, content: wellFormed(turn.content) }))
  const text = tokenizer.apply_chat_template(some, {
    tokenize: false,
    add_generation_prompt: addGenerationPrompt,
    chat_template: source,
  })
  return text.replace(new RegExp(`${name}(\\d+);`, 'g'), (_, i) => hidden[Number(i)]!)
}

/** Whether a template cuts line breaks and no other white space, as those of Qwen 3. */
const stripsLineBreaks = (source: string) =>
  /strip\(\s*(['"])(?:\\n)+\1\s*\)/.test(source) && !/\|\s*trim\b|strip\(\s*\)/.test(source)
