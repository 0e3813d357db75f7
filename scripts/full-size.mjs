// Logits of a model of full size beside PyTorch's, with the time and the memory that they took.
//
//     python test/fixtures/full_size.py MODEL FOLDER
//     node scripts/full-size.mjs FOLDER [f32 | f16 | int8 | int4]

import { mebibytes, seconds, storageOf, withSource } from './source.mjs'

const [folder, storage = 'f32'] = process.argv.slice(2)
if (!folder) {
  console.error('usage: node scripts/full-size.mjs FOLDER [f32 | f16 | int8 | int4]')
  process.exit(2)
}

/** How far logits are from others: the largest difference, also over their root mean square. */
function report(name, got, want) {
  let [most, squares, difference] = [0, 0, 0]
  for (let i = 0; i < want.length; i++) {
    const d = Math.abs(got[i] - want[i])
    if (!(d <= most)) most = d
    squares += want[i] ** 2
    difference += d ** 2
  }
  const rms = Math.sqrt(squares / want.length)
  const relative = Math.sqrt(difference / squares)
  console.log(
    `${name}: largest difference ${most.toExponential(2)}, ${(most / rms).toExponential(2)} of the RMS ${rms.toFixed(3)}; root mean square of all ${relative.toExponential(2)}`,
  )
}

async function expectedOf({ openSafetensors }, files) {
  const name = 'expected.safetensors'
  const file = await openSafetensors(await files.open(name), name)
  const read = async key => [key, await file.read(key)]
  return Object.fromEntries(await Promise.all([...file.tensors.keys()].map(read)))
}

async function run(load) {
  const { openGpu } = await load('gpu/open-gpu')
  const { filesFromFolder } = await load('io/folder-files')
  const { loadModel } = await load('models/load-model')
  const { pack, uploadPacked } = await load('nn/packed')
  const { linear } = await load('ops/linear')
  const { Tape } = await load('ops/tape')

  const files = filesFromFolder(folder)
  const want = await expectedOf(await load('io/safetensors'), files)
  const gpu = await openGpu()
  const limit = mebibytes(gpu.device.limits.maxStorageBufferBindingSize)
  console.log(`${gpu.adapterName}, bindings of at most ${limit}, weights in ${storage}`)
  const began = performance.now()
  const { network } = await loadModel(gpu, files, { storage: await storageOf(load, storage) })
  console.log(`loaded in ${seconds(began)}: GPU ${mebibytes(gpu.memory.allocated)}`)

  const arrays = pack(
    [...want.lengths].map((length, s) => {
      const begin = want.lengths.subarray(0, s).reduce((a, b) => a + b, 0)
      return want.ids.subarray(begin, begin + length)
    }),
  )
  const packed = uploadPacked(gpu, { ...arrays, positions: Uint32Array.from(want.positions) })
  for (const turn of ['first', 'second']) {
    const start = performance.now()
    const tape = new Tape(gpu, { grad: false })
    const logits = linear(tape, network.forward(tape, packed), network.head)
    const got = await gpu.read(logits)
    tape[Symbol.dispose]()
    console.log(`${turn} pass over ${want.ids.length} tokens in ${seconds(start)}`)
    if (turn === 'first') continue
    report("PyTorch's float32 beside double", want.logits, want.logits_double)
    report("ours beside PyTorch's float32", got, want.logits)
    report('ours beside double', got, want.logits_double)
  }
  console.log(`GPU at most ${mebibytes(gpu.memory.peak)}`)
}

await withSource(run)
