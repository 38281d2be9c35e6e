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
const responseBytesMax = 65_536
/** A witness names its size once; it names another when somebody offered it a checkpoint in between. */
const attemptsMax = 4

type Response = { readonly status: number; readonly contentType: string; readonly body: Uint8Array }

/**
 * The client's half of C2SP tlog-witness, add-checkpoint. It keeps nothing: it asks with size 0, and when the witness answers that it knows a
 * larger tree (409), again with the proof from there. What is not the witness's own verified cosignature is ignored (VN6).
 */
export function witnessAnchor(options: WitnessAnchorOptions): Anchor {
  const url = submissionUrl(options.url)
  const { name, type } = parseVkey(options.vkey)
  if (type !== 'cosignature')
    throw vaultErrors.create('vault.invalid-argument', { argument: 'vkey', accepted: 'a cosigner key (0x04)' })
  const refused = (problem: string, details: ErrorDetails = {}, cause?: unknown) =>
    vaultErrors.create('vault.witness-refused', { witness: name, problem, ...details }, cause)

  async function anchor(
    checkpoint: string,
    consistency: (from: number) => Promise<readonly Hash[]>,
  ): Promise<string[]> {
    const note = parseNote(checkpoint)
    const { size } = parseCheckpoint(note.text)
    let oldSize = 0
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const proof = oldSize === 0 || oldSize === size ? [] : await consistency(oldSize)
      const response = await post(formatWitnessRequest(oldSize, proof, checkpoint))
      if (response.status === 200) return cosignaturesIn(response.body, note)
      if (response.status !== 409) throw refused(problemOf(response.status), { status: response.status })
      oldSize = witnessedSize(response)
      if (oldSize > size) throw refused('it knows a larger tree', { status: 409, size, witnessed: oldSize })
    }
    throw refused('its size kept changing', { status: 409, attempts: attemptsMax })
  }

  async function post(body: string): Promise<Response> {
    const abort = new AbortController()
    const timer = options.clock.after(options.timeoutMs ?? defaultTimeoutMs, () => abort.abort())
    try {
      const headers = { 'content-type': 'text/plain; charset=utf-8' }
      // A redirect could lead anywhere: it is an answer like any other that is not 200.
      const response = await options.fetch(url, {
        method: 'POST',
        body,
        headers,
        redirect: 'manual',
        signal: abort.signal,
      })
      const contentType = response.headers.get('content-type') ?? ''
      return { status: response.status, contentType, body: await boundedBody(response) }
    } catch (cause) {
      if (vaultErrors.is(cause)) throw cause
      throw refused(abort.signal.aborted ? 'it did not answer in time' : 'it cannot be reached', {}, cause)
    } finally {
      timer.cancel()
    }
  }

  async function boundedBody(response: globalThis.Response): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    let bytes = 0
    for await (const piece of response.body ?? []) {
      bytes += piece.length
      if (bytes > responseBytesMax)
        throw refused(`its answer is longer than ${responseBytesMax} bytes`, { status: response.status })
      pieces.push(piece)
    }
    return Buffer.concat(pieces)
  }

  /** The size in the body of a 409. */
  function witnessedSize({ contentType, body }: Response): number {
    const text = Buffer.from(body).toString('latin1')
    if (contentType.split(';')[0] !== sizeContentType || !text.endsWith('\n'))
      throw refused('its answer names no size', { status: 409 })
    return understood(409, () => parseDecimal(text.slice(0, -1), 'size of the witness', 1))
  }

  function cosignaturesIn(body: Uint8Array, { text }: SignedNote): string[] {
    const lines = understood(200, () => {
      const block = strictText(body, 'answer of the witness', responseBytesMax)
      const signatures = parseSignatures(block, 1).filter(signature => signature.name === name)
      return signatures.filter(
        signature => verifySignatures({ text, signatures: [signature] }, [options.vkey]).length > 0,
      )
    })
    if (lines.length === 0) throw refused('its answer holds no cosignature by its key', { status: 200 })
    return [...new Set(lines.map(formatSignature))]
  }

  function understood<T>(status: number, read: () => T): T {
    try {
      return read()
    } catch (cause) {
      if (!vaultErrors.is(cause)) throw cause
      throw refused(`its answer is not understood: ${cause.message}`, { status }, cause)
    }
  }

  return { name, anchor }
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
