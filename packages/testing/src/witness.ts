import type { KeyObject } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Witness, type WitnessAnswer, type WitnessedTree, witnessRequestBytesMax } from '@chronicle/vault'

export type RunningWitness = {
  readonly name: string
  /** The verifier key of its cosignatures. */
  readonly vkey: string
  /** The prefix to submit to. */
  readonly url: string
  /** What it has witnessed, by origin. */
  readonly trees: ReadonlyMap<string, WitnessedTree>
  close(): Promise<void>
}

export type WitnessOptions = {
  readonly name: string
  readonly privateKey: KeyObject
  readonly logKeys: readonly string[]
  readonly nowSeconds?: (() => number) | undefined
}

/** A witness behind HTTP on this machine. It keeps what it has seen in memory only: good for tests, not for the world. */
export async function startWitness(options: WitnessOptions): Promise<RunningWitness> {
  const witness = new Witness(options)
  const trees = new Map<string, WitnessedTree>()
  const nowSeconds = options.nowSeconds ?? (() => Math.floor(Date.now() / 1000))
  const { url, close } = await serveAddCheckpoint(async (request, response) => {
    const answer = answerTo(witness, trees, await bodyOf(request), nowSeconds())
    response.writeHead(answer.status, { 'content-type': answer.contentType }).end(answer.body)
  })
  return { name: witness.name, vkey: witness.vkey, url, trees, close }
}

/** Nothing is awaited between reading the latest tree and keeping the next: that is the lock. */
export function answerTo(
  witness: Witness,
  trees: Map<string, WitnessedTree>,
  body: Uint8Array,
  timeSeconds: number,
): WitnessAnswer {
  const admitted = witness.admit(body)
  if ('answer' in admitted) return admitted.answer
  const { origin } = admitted.request.checkpoint
  const { answer, next } = witness.judge(admitted.request, trees.get(origin), timeSeconds)
  if (next) trees.set(origin, next)
  return answer
}

/** A server on a free port of this machine; `url` is a witness's submission prefix, and `handle` gets what is posted to it. */
export async function serveAddCheckpoint(
  handle: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    if (request.method === 'POST' && request.url === '/witness/add-checkpoint') void handle(request, response)
    else response.writeHead(500).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const close = async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/witness/`, close }
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of request) {
    bytes += piece.length
    // One byte too many is enough for the witness to refuse it.
    if (bytes > witnessRequestBytesMax + 65_536) break
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}
