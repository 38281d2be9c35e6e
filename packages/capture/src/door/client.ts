import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { ChronicleError, type ErrorDetails, messageOf } from '@chronicle/base'
import type { EventBatch } from '../contract.ts'
import { captureErrors, ScreenshotError } from '../errors.ts'
import { pathsBeside } from '../paths.ts'
import { defaultDatabasePath } from '../settings.ts'
import { type CaptureStatus, checkDoorPath, doorLimits } from './contract.ts'
import { request } from './node-http.ts'

/** Without a word from the other side. It may hand screenshots on before it says that they are gone. */
const silenceMsMax = 30_000
/** Of the largest screenshot that any setting allows. */
const imageBytesMax = 2 ** 30
const textBytesMax = 16 * 2 ** 20

/** A capture that runs in another process. Every call rejects with 'capture.not-open' where none does, and 'capture.door-failed' where it goes away meanwhile. */
export type OpenCapture = {
  /** The bytes of a screenshot as they came, while they live. Rejects with a `ScreenshotError`. */
  screenshot(id: string): Promise<Buffer>
  /** The analysis needs the screenshots of this batch, or those with these ids, no more. Resolves when their bytes are gone. */
  analysed(what: EventBatch | readonly string[]): Promise<void>
  status(): Promise<CaptureStatus>
  /** In Prometheus' text format. */
  metrics(): Promise<string>
}

export type OpenCaptureOptions = {
  /** Where the door is, if a setting has moved it (`storage.socket`). */
  readonly socket?: string | undefined
}

/** The capture that works on a database of this machine. Nothing is connected before something is asked. Throws 'capture.door-path-too-long'. */
export function openCapture(databasePath = defaultDatabasePath(), { socket }: OpenCaptureOptions = {}): OpenCapture {
  const path = socket ?? pathsBeside(databasePath).socket
  checkDoorPath(path)
  const get = (page: string, bytesMax: number) => ask(path, { method: 'GET', page, bytesMax })
  return {
    screenshot: id => get(`/screenshots/${encodeURIComponent(id)}`, imageBytesMax),
    status: async () => JSON.parse((await get('/status', textBytesMax)).toString()) as CaptureStatus,
    metrics: async () => (await get('/metrics', textBytesMax)).toString(),
    async analysed(what) {
      const ids = 'screenshots' in what ? what.screenshots.map(({ screenshot_id: id }) => id) : what
      for (let at = 0; at < ids.length; at += doorLimits.idsMax) {
        const body = JSON.stringify({ screenshots: ids.slice(at, at + doorLimits.idsMax) })
        await ask(path, { method: 'POST', page: '/analysed', body, bytesMax: textBytesMax })
      }
    },
  }
}

type Asked = {
  readonly method: 'GET' | 'POST'
  readonly page: string
  readonly body?: string
  readonly bytesMax: number
}

async function ask(socketPath: string, asked: Asked): Promise<Buffer> {
  try {
    const { method, page, body, bytesMax } = asked
    const outgoing = request({ socketPath, method, path: page, agent: false, timeout: silenceMsMax })
    outgoing.on('timeout', () => outgoing.destroy(new Error(`it has not answered for ${silenceMsMax} ms`)))
    outgoing.end(body)
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
    const isRefusal = (response.statusCode ?? 500) >= 300
    const answer = await bodyOf(response, isRefusal ? textBytesMax : bytesMax)
    if (isRefusal) throw refusalOf(answer, response.statusCode)
    return answer
  } catch (error) {
    throw explained(error, socketPath)
  }
}

async function bodyOf(response: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let bytes = 0
  // As they come: the stream's iterator puts several together, and leaves those behind.
  response.on('data', (piece: Buffer) => {
    bytes += piece.length
    pieces.push(piece)
    if (bytes > bytesMax) response.destroy(new Error(`its answer is larger than ${bytesMax} bytes`))
  })
  try {
    await once(response, 'end')
    return Buffer.concat(pieces)
  } finally {
    // Whoever asked for a screenshot can destroy what he gets, and not these.
    for (const piece of pieces) piece.fill(0)
  }
}

type Refusal = { code: string; summary: string; remedy: string; details: ErrorDetails }

/** The error as it would have been in the same process. */
function refusalOf(answer: Buffer, status: number | undefined): Error {
  const { code, summary, remedy, details = {} } = parsed(answer) ?? {}
  if (code === undefined || summary === undefined || remedy === undefined)
    return new Error(`it answered with ${status}`)
  if (isScreenshotCode(code)) return new ScreenshotError(code, details)
  return new ChronicleError(code, { summary, remedy }, details)
}

function isScreenshotCode(code: string): code is ScreenshotError['code'] {
  return code.startsWith('capture.screenshot') && Object.hasOwn(captureErrors.specs, code)
}

function parsed(answer: Buffer): Partial<Refusal> | undefined {
  try {
    return JSON.parse(answer.toString()) as Refusal
  } catch {
    // Node's own refusals have no body of ours.
    return undefined
  }
}

function explained(error: unknown, socket: string): ChronicleError {
  if (error instanceof ChronicleError) return error
  const { code } = error as NodeJS.ErrnoException
  const isNobody = code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTSOCK'
  if (isNobody) return captureErrors.create('capture.not-open', { socket }, error)
  return captureErrors.create('capture.door-failed', { socket, reason: messageOf(error) }, error)
}
