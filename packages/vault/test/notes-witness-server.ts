import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Witness, type WitnessAnswer, type WitnessedTree } from '../src/notes/witness.ts'
import { witnessRequestBytesMax } from '../src/notes/witness-request.ts'
import { keyNamed } from './notes-support.ts'

export type WitnessServer = {
  readonly witness: Witness
  readonly url: string
  /** What it has witnessed, by origin. */
  readonly trees: Map<string, WitnessedTree>
  close(): Promise<void>
}

/** A witness behind HTTP on this machine, whose memory is all that it keeps. */
export async function serveWitness(options: {
  name: string
  logKeys: readonly string[]
  nowSeconds?: () => number
}): Promise<WitnessServer> {
  const witness = new Witness({ name: options.name, privateKey: keyNamed(options.name), logKeys: options.logKeys })
  const trees = new Map<string, WitnessedTree>()
  const nowSeconds = options.nowSeconds ?? (() => 1_700_000_000)
  const close = await serve(async (request, response) => {
    const answer = answerTo(witness, trees, await bodyOf(request), nowSeconds())
    response.writeHead(answer.status, { 'content-type': answer.contentType }).end(answer.body)
  })
  return { witness, url: close.url, trees, close: close.close }
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

/** An HTTP server on a free port of this machine that posts to `/add-checkpoint` are handed to. */
export async function serve(
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
    if (bytes > witnessRequestBytesMax) break
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}
