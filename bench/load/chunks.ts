/** Recorders: chunks put over HTTP, so many in flight, each on a connection that stays. */
import http from 'node:http'
import { seededRandom } from '@chronicle/base'

export type ChunkLoad = {
  readonly session: string
  /** Index of the first chunk. */
  readonly first: number
  readonly inFlight: number
  /** Ends after so long, or after so many chunks, whichever comes first. */
  readonly seconds?: number
  readonly chunks?: number
  /** The payload of a chunk. */
  payload(index: number): Uint8Array
}

/** `next`: index of the chunk after the last one; `milliseconds`: of each chunk, from the request to the whole receipt. */
export type ChunksPut = { readonly next: number; readonly seconds: number; readonly milliseconds: number[] }

export async function putChunks(port: number, load: ChunkLoad): Promise<ChunksPut> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: load.inFlight })
  const started = performance.now()
  const elapsed = (): number => (performance.now() - started) / 1000
  const { seconds = Number.POSITIVE_INFINITY, chunks = Number.POSITIVE_INFINITY } = load
  const milliseconds: number[] = []
  let next = load.first
  const recorder = async (): Promise<void> => {
    while (elapsed() < seconds && next < load.first + chunks) {
      const index = next++
      const body = load.payload(index)
      const sent = performance.now()
      const path = `/api/v1/sessions/${load.session}/chunks/${index}`
      const { status, text } = await request(agent, { port, path, method: 'PUT' }, body)
      if (status !== 201) throw new Error(`chunk ${index} was answered with ${status}: ${text.slice(0, 300)}`)
      milliseconds.push(performance.now() - sent)
    }
  }
  try {
    await Promise.all(Array.from({ length: load.inFlight }, recorder))
    return { next, seconds: elapsed(), milliseconds }
  } finally {
    agent.destroy()
  }
}

/** Milliseconds of each of `count` GETs, one after the other on one connection. */
export async function getTimes(port: number, path: string, count: number): Promise<number[]> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  const milliseconds: number[] = []
  try {
    for (let done = 0; done < count; done++) {
      const sent = performance.now()
      const { status, text } = await request(agent, { port, path, method: 'GET' })
      if (status !== 200) throw new Error(`${path} was answered with ${status}: ${text.slice(0, 300)}`)
      milliseconds.push(performance.now() - sent)
    }
    return milliseconds
  } finally {
    agent.destroy()
  }
}

type Target = { readonly port: number; readonly path: string; readonly method: 'PUT' | 'GET' }

function request(agent: http.Agent, target: Target, body?: Uint8Array): Promise<{ status: number; text: string }> {
  const headers = body && { 'content-type': 'application/octet-stream', 'content-length': body.length }
  return new Promise((resolve, reject) => {
    const asked = http.request({ host: '127.0.0.1', agent, ...target, ...(headers && { headers }) }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text })).on('error', reject)
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

/** Events of a recorder as lines of JSON, the same each time: text that zstd takes to about a fifth. */
export function jsonLines(bytes: number): Buffer {
  const content = Buffer.alloc(bytes)
  const random = seededRandom(1)
  for (let filled = 0, sequence = 0; filled < bytes; sequence++) {
    const event = {
      ts: 1_763_728_875_123 + sequence * 37,
      sequence,
      kind: ['click', 'move', 'scroll', 'key'][random.int(4)],
      user: `u${random.int(10_000)}`,
      x: random.int(1920),
      y: random.int(1080),
      token: Buffer.from(random.bytes(9)).toString('base64'),
    }
    filled += content.write(`${JSON.stringify(event)}\n`, filled)
  }
  return content
}
