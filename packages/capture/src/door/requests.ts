/** What each path of the door answers. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { ChronicleError, type Clock, messageOf } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import { captureErrors, ResourceLimitError } from '../errors.ts'
import { uuidOf } from '../event/uuid.ts'
import type { CaptureStatus, DoorLimits } from './contract.ts'
import { sendImage } from './send-image.ts'
import { Turns } from './turns.ts'

/** The capture behind the door. */
export type Inside = {
  status(): CaptureStatus
  /** Prometheus' text format. */
  metrics(): Promise<string>
  /** Rejects with a `ScreenshotError`. */
  screenshot(id: string): Promise<Buffer>
  /** png, jpeg, …; undefined where it was not recognised. */
  imageFormat(id: string): string | undefined
  isDeleted(id: string): boolean
  /** Resolves when their bytes are gone. */
  analysed(ids: readonly string[]): Promise<void>
}

export type RequestOptions = {
  readonly inside: Inside
  readonly clock: Clock
  readonly logger: Logger
  readonly limits: DoorLimits
}

/** By code; 400 for what was asked wrongly, 500 for all else. */
const statuses: Readonly<Record<string, number>> = {
  'capture.screenshot-unknown': 404,
  'capture.screenshot-deleted': 410,
  'capture.door-no-such-page': 404,
  'capture.door-request': 400,
  'capture.limit-door-request': 413,
}

type Page = (request: IncomingMessage, response: ServerResponse) => Promise<void>

export class DoorRequests {
  readonly #options: RequestOptions
  readonly #turns: Turns
  readonly #sending = new Set<{ readonly id: string; readonly socket: Socket; readonly sent: Promise<void> }>()
  readonly #pages: Readonly<Record<string, Page>> = {
    'GET /status': async (_, response) => answerJson(response, 200, this.#options.inside.status()),
    'GET /metrics': async (_, response) =>
      answer(response, 200, 'text/plain; version=0.0.4; charset=utf-8', await this.#options.inside.metrics()),
    'POST /analysed': (request, response) => this.#analysed(request, response),
  }

  constructor(options: RequestOptions) {
    this.#options = options
    this.#turns = new Turns(options.limits.sendingMax)
  }

  /** Never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const path = request.url ?? ''
      const page = this.#pages[`${request.method} ${path}`]
      const id = request.method === 'GET' ? /^\/screenshots\/([^/?#]+)$/.exec(path)?.[1] : undefined
      if (page) await page(request, response)
      else if (id !== undefined) await this.#screenshot(id, request, response)
      else throw captureErrors.create('capture.door-no-such-page')
    } catch (error) {
      this.#refuse(response, error)
    }
  }

  async #screenshot(given: string, { socket }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { inside, clock, limits } = this.#options
    const id = uuidOf(given)
    if (id === undefined) throw refused('the id is no UUID')
    await this.#turns.run(async () => {
      if (socket.destroyed) return
      const image = await inside.screenshot(id)
      const format = inside.imageFormat(id)
      const type = format === undefined ? 'application/octet-stream' : `image/${format}`
      response.writeHead(200, { 'content-type': type, 'content-length': image.length, 'cache-control': 'no-store' })
      const isGone = () => inside.isDeleted(id)
      const sent = sendImage(image, { response, socket, clock, sendMsMax: limits.sendMsMax, isGone })
      const sending = { id, socket, sent }
      this.#sending.add(sending)
      await sent
      this.#sending.delete(sending)
    })
  }

  async #analysed(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { inside, limits } = this.#options
    const ids = idsOf(await bodyOf(request, limits.bodyBytesMax), limits.idsMax)
    await inside.analysed(ids)
    await this.#breakOff()
    response.writeHead(204).end()
  }

  /** Copies of what is deleted are overwritten before anybody is told that it is gone (CD2). */
  async #breakOff(): Promise<void> {
    for (const { id, socket, sent } of this.#sending) {
      if (!this.#options.inside.isDeleted(id)) continue
      socket.destroy()
      await sent
    }
  }

  #refuse(response: ServerResponse, error: unknown): void {
    if (response.headersSent || response.destroyed) {
      response.destroy()
      return
    }
    const isKnown = error instanceof ChronicleError
    const { code, summary, remedy, details } = isKnown
      ? error
      : captureErrors.create('capture.door-failed', { reason: messageOf(error) })
    const status = statuses[code] ?? 500
    if (status === 500) this.#options.logger.warn({ error }, 'a request at the door of capture failed')
    // What is left of the request is not read.
    response.shouldKeepAlive = false
    answerJson(response, status, { code, summary, remedy, details })
  }
}

/** The ids of `{"screenshots":[…]}` in lower case. */
function idsOf(body: string, idsMax: number): string[] {
  let given: unknown
  try {
    given = (JSON.parse(body) as { screenshots?: unknown } | null)?.screenshots
  } catch {
    throw refused('the body is no JSON')
  }
  if (!Array.isArray(given)) throw refused('the body is no object with a list `screenshots`')
  if (given.length > idsMax) throw refused(`there are ${given.length} ids, and ${idsMax} are accepted`)
  return given.map((value, place) => {
    const id = uuidOf(value)
    if (id === undefined) throw refused(`id ${place} of the list is no UUID`)
    return id
  })
}

async function bodyOf(request: IncomingMessage, bytesMax: number): Promise<string> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of request.iterator({ destroyOnReturn: false })) {
    bytes += (piece as Buffer).length
    if (bytes > bytesMax)
      throw new ResourceLimitError('capture.limit-door-request', 'bytes of a request', bytes, bytesMax)
    pieces.push(piece as Buffer)
  }
  return Buffer.concat(pieces).toString()
}

function refused(reason: string): ChronicleError {
  return captureErrors.create('capture.door-request', { reason })
}

function answerJson(response: ServerResponse, status: number, value: object): void {
  answer(response, status, 'application/json', `${JSON.stringify(value)}\n`)
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body)
}
