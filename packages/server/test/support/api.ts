/** The HTTP interface of a real server, as the tests of sessions use it. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import type { ChronicleProcess } from '@chronicle/testing'

export type Json = Record<string, unknown>

export class Api {
  readonly port: number

  constructor({ httpPort }: Pick<ChronicleProcess, 'httpPort'>) {
    this.port = httpPort
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`, init)
  }

  /** The body of an answer that is JSON, with `status`. */
  async json(path: string, init?: RequestInit, status = 200): Promise<Json> {
    const response = await this.fetch(path, init)
    const text = await response.text()
    assert.equal(response.status, status, text)
    assert.match(response.headers.get('content-type') ?? '', /^application\/json/)
    return JSON.parse(text)
  }

  async text(path: string, contentType = /^text\/plain/): Promise<string> {
    const response = await this.fetch(path)
    const text = await response.text()
    assert.equal(response.status, 200, text)
    assert.match(response.headers.get('content-type') ?? '', contentType)
    return text
  }

  /** A refusal with `status`: always application/problem+json, and complete. */
  async problem(status: number, path: string, init?: RequestInit): Promise<Json> {
    return checkProblem(status, await this.fetch(path, init))
  }

  put(sessionId: string, index: number | string, bytes: Uint8Array | string, headers: Record<string, string> = {}) {
    return this.fetch(`/api/v1/sessions/${sessionId}/chunks/${index}`, raw(bytes, headers))
  }

  /** A connection over which `bytes` are sent as they are; resolves with all that came back when it ends. */
  exchange(bytes: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let said = ''
      const socket = connect(this.port, '127.0.0.1', () => socket.write(bytes))
      socket.setEncoding('utf8')
      socket.on('data', piece => {
        said += piece
      })
      socket.on('end', () => {
        socket.end()
        resolve(said)
      })
      socket.on('error', reject)
    })
  }
}

export async function checkProblem(status: number, response: Response): Promise<Json> {
  const text = await response.text()
  assert.equal(response.status, status, text)
  assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/)
  const body = JSON.parse(text) as Json
  assert.deepEqual(Object.keys(body).sort(), ['code', 'detail', 'remedy', 'status', 'title', 'type'])
  assert.equal(body.status, status)
  assert.equal(body.type, `urn:chronicle:${body.code}`)
  assert.doesNotMatch(text, /\bat .*\.ts:\d+|node:internal/, 'no stack')
  return body
}

export function raw(bytes: Uint8Array | string, headers: Record<string, string> = {}): RequestInit {
  return {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream', ...headers },
    body: bytes as NonNullable<RequestInit['body']>,
  }
}

export function posted(body: unknown): RequestInit {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: text }
}

/** A chunk as process takes it. */
export function chunk(sessionId: string, index: unknown, bytes: Uint8Array | string, more: Json = {}): Json {
  return { session_id: sessionId, chunk_index: index, data: Buffer.from(bytes as string).toString('base64'), ...more }
}

export function sha256(bytes: Uint8Array | string): Buffer {
  return createHash('sha256').update(bytes).digest()
}
