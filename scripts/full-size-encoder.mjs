// Vectors of an encoder of full size beside PyTorch's, with the time and the memory that they took.
//
//     python test/fixtures/full_size_encoder.py FOLDER
//     node scripts/full-size-encoder.mjs FOLDER [f32 | f16 | int8 | int4]

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mebibytes, seconds, storageOf, withSource } from './source.mjs'

const [folder, storage = 'f32'] = process.argv.slice(2)
if (!folder) {
  console.error('usage: node scripts/full-size-encoder.mjs FOLDER [f32 | f16 | int8 | int4]')
  process.exit(2)
}

const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0)

/** How far unit vectors are from others: the smallest cosine, and the largest difference of two values. */
function report(name, got, want) {
  const cosines = want.map((row, i) => dot(got[i], row) / Math.sqrt(dot(got[i], got[i]) * dot(row, row)))
  const differences = want.map((row, i) => Math.max(...row.map((value, k) => Math.abs(got[i][k] - value))))
  const away = Math.max(...cosines.map(cosine => 1 - cosine))
  console.log(
    `${name}: smallest cosine 1 - ${away.toExponential(1)}, largest difference ${Math.max(...differences).toExponential(1)}`,
  )
}

async function run(load) {
  const { openGpu } = await load('gpu/open-gpu')
  const { encoderEmbedder } = await load('embedding/encoder-embedder')
  const { startOfText } = await load('embedding/start-of-text')
  const { loadEncoder } = await load('models/load-encoder')

  const { texts, ids, single, double } = JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8'))
  const gpu = await openGpu()
  const began = performance.now()
  const encoder = await loadEncoder(gpu, folder, { storage: await storageOf(load, storage) })
  console.log(
    `${gpu.adapterName}, weights in ${storage}: loaded in ${seconds(began)}, GPU ${mebibytes(gpu.memory.allocated)}`,
  )
  const { tokenizer, modules, network } = encoder
  const most = Math.min(modules.maxTokens ?? network.maxPositions, network.maxPositions)
  const same = texts.filter((text, i) => startOfText(tokenizer, text, most).join() === ids[i].join())
  console.log(`${same.length} of ${texts.length} texts have PyTorch's tokens`)

  const embedder = encoderEmbedder(encoder, { pooling: 'mean', normalize: true })
  for (const turn of ['first', 'second']) {
    const start = performance.now()
    const vectors = await embedder.embed(texts)
    const values = await gpu.read(vectors)
    vectors[Symbol.dispose]()
    console.log(`${turn} pass over ${ids.flat().length} tokens in ${seconds(start)}`)
    if (turn === 'first') continue
    const got = texts.map((_, i) => [...values.subarray(i * network.hidden, (i + 1) * network.hidden)])
    report("PyTorch's float32 beside double", single, double)
    report('ours beside double', got, double)
  }
  console.log(`GPU at most ${mebibytes(gpu.memory.peak)}`)
}

await withSource(run)
