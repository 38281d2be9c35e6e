import { getHeapStatistics } from 'node:v8'
import { seededRandom } from '@chronicle/base'
import type { FuzzTarget } from './target.ts'

const progressEvery = 50_000
/** Longer than any input here may take, by far; a try that hangs is caught by the caller's time limit. */
const inputMsMax = 2000
/** Memory may grow by this much for each byte of input, and by a constant: what a value of small elements costs. */
const heapBytesPerInputByteMax = 400
const heapBytesMax = 2 * 1024 * 1024

/** What was found, and how to see it again. */
export type Find = { readonly target: string; readonly seed: number; readonly hex: string; readonly error: unknown }
export type Tally = { readonly read: number; readonly refused: number }

export class FuzzFinding extends Error {
  readonly find: Find

  constructor(find: Find) {
    super(`${find.target}, seed ${find.seed}: ${find.error instanceof Error ? find.error.stack : String(find.error)}`)
    this.name = 'FuzzFinding'
    this.find = find
  }
}

/** Feeds `targets`, each try from a seed of its own, so that any one can be replayed alone. Throws a FuzzFinding. */
export async function fuzz(
  targets: readonly FuzzTarget[],
  inputs: number,
  firstSeed: number,
  progress: (done: number, tally: Tally) => void = () => {},
): Promise<Tally> {
  const tally = { read: 0, refused: 0 }
  for (let i = 0; i < inputs; i++) {
    const refused = await tryOne(targets, firstSeed + i)
    if (refused) tally.refused++
    else tally.read++
    if (i % progressEvery === progressEvery - 1) progress(i + 1, tally)
  }
  return tally
}

/** One try. True when the input was refused. */
async function tryOne(targets: readonly FuzzTarget[], seed: number): Promise<boolean> {
  const random = seededRandom(seed)
  const target = targets[random.int(targets.length)]!
  const input = target.input(random)
  // Taken before the run, which may write to its input.
  const bytes = Buffer.from(input.bytes)
  const found = (error: unknown) => new FuzzFinding({ target: target.name, seed, hex: bytes.toString('hex'), error })
  const heapBefore = heapBytes()
  const startedAt = performance.now()
  let refused = false
  try {
    const running = target.run(input)
    if (running !== undefined) await running
  } catch (error) {
    if (input.intact || !target.isRefusal(error)) throw found(error)
    refused = true
  }
  const took = performance.now() - startedAt
  const grown = heapBytes() - heapBefore
  if (took > inputMsMax) throw found(new Error(`it took ${Math.round(took)} ms`))
  if (grown > heapBytesMax + heapBytesPerInputByteMax * bytes.length) {
    throw found(new Error(`memory grew by ${grown} bytes for an input of ${bytes.length}`))
  }
  return refused
}

function heapBytes(): number {
  const { used_heap_size, external_memory } = getHeapStatistics()
  return used_heap_size + external_memory
}
