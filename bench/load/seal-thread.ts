/** A worker thread that seals messages for a while, as often as it can, and says how many bytes it sealed. */
import { createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { systemRandom } from '@chronicle/base'
import { Sealer, type SealKey } from '@chronicle/vault'

export type SealOrder = { readonly messageBytes: number; readonly pieceBytes: number; readonly seconds: number }

const key: SealKey = { id: randomUUID(), epoch: 0, secret: createSecretKey(randomBytes(32)) }

parentPort!.on('message', ({ messageBytes, pieceBytes, seconds }: SealOrder) => {
  const piece = randomBytes(pieceBytes)
  const started = performance.now()
  let sealed = 0
  while (performance.now() - started < seconds * 1000) {
    const sealer = new Sealer(key, { kind: 'chunk', place: 'bench/0' }, systemRandom)
    sealer.begin()
    for (let at = 0; at < messageBytes; at += pieceBytes) sealer.push(piece)
    sealer.end()
    sealed += messageBytes
  }
  parentPort!.postMessage((sealed / (performance.now() - started)) * 1000)
})
