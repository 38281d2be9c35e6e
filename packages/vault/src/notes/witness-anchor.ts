import type { Clock, ErrorDetails } from '@chronicle/base'
import { vaultErrors } from '../errors.ts'
import type { Hash } from '../merkle/index.ts'
import type { Anchor } from './anchor.ts'
import { parseCheckpoint } from './checkpoint.ts'
import { parseNote, parseSignatures, type SignedNote, verifySignatures } from './note.ts'
import { formatSignature } from './signature-line.ts'
import { parseDecimal, strictText } from './text.ts'
import { parseVkey } from './vkey.ts'
import { sizeContentType } from './witness.ts'
import { formatWitnessRequest } from './witness-request.ts'

export type WitnessAnchorOptions = {
  /** The submission prefix: https, or http to this machine. */
  readonly url: string
  /** The witness's verifier key (0x04). */
  readonly vkey: string
  readonly fetch: typeof globalThis.fetch
  readonly clock: Clock
  /** For each request, its answer included. */
  readonly timeoutMs?: number | undefined
}

const defaultTimeoutMs = 10_000
/** Enough for the cosignatures of some keys, post-quantum ones too. */
const answerBytesMax = 65_536
/** A witness names its size once; it names another when somebody offered it a checkpoint in between. */
const attemptsMax = 4

type Answer = { readonly status: number; readonly contentType: string; readonly body: Uint8Array }

/**
 * The client's half of C2SP tlog-witness, add-checkpoint. It keeps nothing: it asks with size 0, and when the witness answers that it knows a
 * larger tree (409), again with the proof from there. What is not the witness's own verified cosignature is ignored (VN6).
 */
export function witnessAnchor(options: WitnessAnchorOptions): Anchor {
  return new WitnessAnchor(options)
}

class WitnessAnchor implements Anchor {
  readonly name: string
  readonly #url: string
  readonly #options: WitnessAnchorOptions

  constructor(options: WitnessAnchorOptions) {
    const { name, type } = parseVkey(options.vkey)
    if (type !== 'cosignature')
      throw vaultErrors.create('vault.invalid-argument', { argument: 'vkey', accepted: 'a cosigner key (0x04)' })
    this.name = name
    this.#url = submissionUrl(options.url)
    this.#options = options
  }

  async anchor(checkpoint: string, consistency: (from: number) => Promise<readonly Hash[]>): Promise<string[]> {
    const note = parseNote(checkpoint)
    const { size } = parseCheckpoint(note.text)
    let oldSize = 0
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const proof = oldSize === 0 || oldSize === size ? [] : await consistency(oldSize)
      const answer = await this.#post(formatWitnessRequest(oldSize, proof, checkpoint))
      if (answer.status === 200) return this.#cosignaturesIn(answer, note)
      if (answer.status !== 409) throw this.#refused(problemOf(answer.status), { status: answer.status })
      oldSize = this.#sizeIn(answer)
      if (oldSize > size) throw this.#refused('it knows a larger tree', { status: 409, size, witnessed: oldSize })
    }
    throw this.#refused('its size kept changing', { status: 409, attempts: attemptsMax })
  }

  async #post(body: string): Promise<Answer> {
    const { fetch, clock, timeoutMs = defaultTimeoutMs } = this.#options
    const abort = new AbortController()
    const timer = clock.after(timeoutMs, () => abort.abort())
    try {
      const headers = { 'content-type': 'text/plain; charset=utf-8' }
      // A redirect could lead anywhere: it is an answer like any other that is not 200.
      const init = { method: 'POST', body, headers, redirect: 'manual', signal: abort.signal } as const
      const response = await fetch(this.#url, init)
      const contentType = response.headers.get('content-type') ?? ''
      return { status: response.status, contentType, body: await this.#bodyOf(response) }
    } catch (cause) {
      if (vaultErrors.is(cause)) throw cause
      throw this.#refused(abort.signal.aborted ? 'it did not answer in time' : 'it cannot be reached', {}, cause)
    } finally {
      timer.cancel()
    }
  }

  async #bodyOf(response: Response): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    let bytes = 0
    for await (const piece of response.body ?? []) {
      bytes += piece.length
      if (bytes > answerBytesMax)
        throw this.#refused(`its answer is longer than ${answerBytesMax} bytes`, { status: response.status })
      pieces.push(piece)
    }
    return Buffer.concat(pieces)
  }

  /** The size that a 409 names. */
  #sizeIn({ contentType, body }: Answer): number {
    const text = Buffer.from(body).toString('latin1')
    if (contentType.split(';')[0] !== sizeContentType || !text.endsWith('\n'))
      throw this.#refused('its answer names no size', { status: 409 })
    return this.#understood(409, () => parseDecimal(text.slice(0, -1), 'size of the witness', 1))
  }

  /** The lines of a 200 that its key signed, each once. */
  #cosignaturesIn({ body }: Answer, { text }: SignedNote): string[] {
    const byItsKey = this.#understood(200, () => {
      const signatures = parseSignatures(strictText(body, 'answer of the witness', answerBytesMax), 1)
      return signatures.filter(line => verifySignatures({ text, signatures: [line] }, [this.#options.vkey]).length > 0)
    })
    if (byItsKey.length === 0) throw this.#refused('its answer holds no cosignature by its key', { status: 200 })
    return [...new Set(byItsKey.map(formatSignature))]
  }

  #understood<T>(status: number, read: () => T): T {
    try {
      return read()
    } catch (cause) {
      if (!vaultErrors.is(cause)) throw cause
      throw this.#refused(`its answer is not understood: ${cause.message}`, { status }, cause)
    }
  }

  #refused(problem: string, details: ErrorDetails = {}, cause?: unknown): Error {
    return vaultErrors.create('vault.witness-refused', { witness: this.name, problem, ...details }, cause)
  }
}

/** What the statuses of the specification mean for a log. */
function problemOf(status: number): string {
  const problems: Readonly<Record<number, string>> = {
    400: 'it does not understand the request',
    403: 'it knows no key that signed the checkpoint',
    404: 'it does not know this log',
    422: 'the tree does not follow from the one it knows',
  }
  return problems[status] ?? 'it answered with another status than the specification has'
}

/** The URL to post to. Nothing in it is secret, so that it may be logged. */
function submissionUrl(prefix: string): string {
  const url = URL.canParse(prefix) ? new URL(prefix) : undefined
  const plain = url && url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  const safe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))
  if (!url || !plain || !safe)
    throw vaultErrors.create('vault.invalid-argument', {
      argument: 'url of a witness',
      accepted: 'https, or http to this machine; without user, password, query and fragment',
    })
  return `${url.href.replace(/\/$/, '')}/add-checkpoint`
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}
