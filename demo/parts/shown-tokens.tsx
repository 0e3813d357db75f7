import type { ShownExample, ShownSequence, ShownToken } from '../../src/index'
import { counted } from './format'

const titles: Readonly<Record<ShownSequence['name'], string>> = {
  conversation: 'Conversation',
  chosen: 'Chosen',
  rejected: 'Rejected',
  desirable: 'A good answer',
  undesirable: 'A bad answer',
}

/** An example token by token: what is trained is marked. */
export function ShownTokens({ example: { index, sequences } }: { readonly example: ShownExample }) {
  const prompt = sequences[0]!.prompt.map(({ text }) => text).join('')
  return (
    <div class="example">
      <p class="muted">
        Number {index} of the file. Only the marked tokens are trained on; the rest is read.
      </p>
      <h4>Prompt</h4>
      <p class="text tokens">{prompt}</p>
      <div class="columns">
        {sequences.map(({ name, answer }) => (
          <div key={name}>
            <h4>
              {titles[name]}, {counted(answer.filter(({ trained }) => trained).length, 'trained token')}
            </h4>
            <p class={`text tokens ${['rejected', 'undesirable'].includes(name) ? 'invalid' : 'kept'}`}>
              {answer.map(shown)}
            </p>
          </div>
        ))}
      </div>
    </div>
  )
}

const shown = ({ text, trained }: ShownToken, n: number) =>
  trained ? <mark key={n}>{text}</mark> : <span key={n}>{text}</span>
