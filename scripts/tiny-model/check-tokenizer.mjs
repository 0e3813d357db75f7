// Compares the ids that @huggingface/transformers gives with those of a fixture file written by fixtures.py:
// node scripts/tiny-model/check-tokenizer.mjs demo/public/model test/fixtures/tiny-tokenizer.json
import { readFileSync } from 'node:fs'
import { argv, exit } from 'node:process'
import { PreTrainedTokenizer } from '@huggingface/transformers'

const [folder, fixture] = argv.slice(2)
const readJson = path => JSON.parse(readFileSync(path, 'utf8'))
const tokenizer = new PreTrainedTokenizer(
  readJson(`${folder}/tokenizer.json`),
  readJson(`${folder}/tokenizer_config.json`),
)
const cases = readJson(fixture)
// Decoding loses a byte order mark, which TextDecoder drops, and takes a real U+2581 for a space.
const readable = text => text.replaceAll('\ufeff', '').replaceAll('▁', ' ')
const differing = cases.filter(({ text, ids }) => {
  if (tokenizer.encode(text).join() !== ids.join()) return true
  return ids.length > 0 && readable(tokenizer.decode(ids)) !== readable(text)
})
for (const { text, ids } of differing) {
  console.log(JSON.stringify(text), 'got', tokenizer.encode(text).join(), 'wanted', ids.join())
}
console.log(`${cases.length - differing.length} of ${cases.length} strings agree`)
exit(differing.length > 0 ? 1 : 0)
