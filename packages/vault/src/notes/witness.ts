import type { KeyObject } from 'node:crypto'
import { vaultErrors } from '../errors.ts'
import { emptyRoot, type Hash, verifyConsistency } from '../merkle/index.ts'
import { vouchesFor } from './checkpoint.ts'
import { cosign } from './cosignature.ts'
import { verifyNote } from './note.ts'
import { formatVkey, parseVkey } from './vkey.ts'
import { parseWitnessRequest, type WitnessRequest } from './witness-request.ts'

/** The largest tree of an origin that a witness has cosigned. */
export type WitnessedTree = { readonly size: number; readonly root: Hash }

/** What goes back over HTTP. */
export type WitnessAnswer = {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422
  readonly contentType: 'text/plain; charset=utf-8' | typeof sizeContentType
  readonly body: string
}

/** `next`, where there is one, has to be durable before `answer` is given. */
export type WitnessVerdict = { readonly answer: WitnessAnswer; readonly next?: WitnessedTree }

export const sizeContentType = 'text/x.tlog.size'

const textContentType = 'text/plain; charset=utf-8'
const nothingWitnessed: WitnessedTree = { size: 0, root: emptyRoot }

/**
 * The server's half of C2SP tlog-witness, add-checkpoint, without network and disk. For each request the caller asks `admit`, and what is
 * admitted it has judged under a lock on the origin: load the latest tree, `judge`, store `next` durably, let go, answer. Then no two trees that
 * contradict each other are ever cosigned (VN5).
 */
export class Witness {
  readonly name: string
  /** The verifier key of its cosignatures. */
  readonly vkey: string
  readonly #privateKey: KeyObject
  readonly #logKeys: readonly string[]

  /** Cosigns for the logs of `logKeys` (0x01), each for the origin of its name and those below. */
  constructor(options: { name: string; privateKey: KeyObject; logKeys: readonly string[] }) {
    this.name = options.name
    this.vkey = formatVkey(options.name, options.privateKey, 'cosignature')
    this.#privateKey = options.privateKey
    this.#logKeys = options.logKeys
  }

  /** Whether a request is well-formed and signed by a log that this witness knows: its origin is `request.checkpoint.origin`. */
  admit(body: Uint8Array): { readonly request: WitnessRequest } | { readonly answer: WitnessAnswer } {
    try {
      const request = parseWitnessRequest(body)
      const keys = this.#logKeys.filter(vkey => vouchesFor(parseVkey(vkey).name, request.checkpoint.origin))
      if (keys.length === 0) return { answer: refuse(404, 'this origin is not known here') }
      verifyNote(request.note, keys)
      return { request }
    } catch (error) {
      if (!vaultErrors.is(error)) throw error
      if (error.code === 'vault.invalid-note') return { answer: refuse(400, error.message) }
      if (error.code === 'vault.invalid-signature') return { answer: refuse(403, error.message) }
      throw error
    }
  }

  /** Whether the tree of a request that was admitted follows from the latest one of its origin, undefined where there is none. */
  judge(request: WitnessRequest, latest: WitnessedTree = nothingWitnessed, timeSeconds: number): WitnessVerdict {
    const { oldSize, checkpoint } = request
    if (oldSize > checkpoint.size) return { answer: refuse(400, 'the old size is larger than the checkpoint') }
    if (oldSize !== latest.size)
      return { answer: { status: 409, contentType: sizeContentType, body: `${latest.size}\n` } }
    if (!follows(request, latest)) return { answer: refuse(422, 'the consistency proof does not prove it') }
    const line = cosign(this.name, this.#privateKey, request.note.text, timeSeconds)
    return {
      answer: { status: 200, contentType: textContentType, body: `${line}\n` },
      next: { size: checkpoint.size, root: checkpoint.root },
    }
  }
}

/** Whether the tree of the request has the latest one as its beginning; of the same size, whether it is the same. */
function follows({ checkpoint, proof }: WitnessRequest, latest: WitnessedTree): boolean {
  const { size, root } = checkpoint
  return verifyConsistency({ from: latest.size, to: size, fromRoot: latest.root, toRoot: root, proof })
}

function refuse(status: 400 | 403 | 404 | 422, problem: string): WitnessAnswer {
  return { status, contentType: textContentType, body: `${problem}\n` }
}
