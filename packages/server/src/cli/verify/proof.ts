import { createReadStream } from 'node:fs'
import {
  checksumOf,
  type ProofFile,
  parseProof,
  type VerifiedCheckpoint,
  verifyInclusion,
  verifyProof,
} from '@chronicle/vault'
import { count, printable } from '../format.ts'
import { unreadable } from '../seal/input.ts'
import { type Check, checked, type Finding, refused, valid } from './finding.ts'
import { type Leaf, leafOf, payloadSha256, type RecordedPlace, recordedMetadata, recordedPlace } from './leaf.ts'
import { drawPath } from './path-picture.ts'
import { checkSignatures, whatSignaturesProve } from './signatures.ts'
import type { Trust } from './trust.ts'

export type ProofOptions = {
  /** A file with the bytes that the proof is about. */
  readonly payload?: string
  /** The leaf hash in hex, as a receipt has it. */
  readonly leaf?: string
}

const nothing = { proves: [], doesNotProve: [] }
const doNotBelieve = 'Do not believe it. Ask for a fresh proof; if that fails as well, something was changed.'

/** Verifies a `.tlog-proof` (C2SP tlog-proof) with nothing else than the keys that are trusted. */
export async function verifyProofFile(
  target: string,
  bytes: Uint8Array,
  trust: Trust,
  options: ProofOptions,
): Promise<Finding> {
  const { check: form, result: proof } = await checked('it is a proof', () => parseProof(bytes))
  if (!proof) return { target, kind: 'proof', checks: [form], ...nothing }
  const says = await checked('it says what its leaf is made of', () => leafOf(proof, options.leaf))
  const { checks: signatures, checkpoint } = await checkSignatures(proof.checkpoint, trust)
  const leaf = says.result
  if (!leaf || !checkpoint) {
    return { target, kind: 'proof', checks: [...(leaf ? [] : [says.check]), ...signatures], ...nothing }
  }
  const leafChecks = await checkLeaf(leaf, proof, checkpoint, options)
  const checks = [...leafChecks, ...signatures, inclusionCheck(proof, leaf, checkpoint)]
  const isComplete = checks.every(({ outcome }) => outcome === 'valid')
  // The report is put together from parts; the vault's own verifier has the last word.
  if (isComplete && leaf.data) verifyProof(bytes, { leafData: leaf.data, ...trustedKeys(trust) })
  const picture = drawPath({ ...proof, size: checkpoint.size, leafHash: leaf.hash, root: checkpoint.root })
  const sentences = isComplete ? conclusions(proof, leaf, checkpoint, trust, options) : nothing
  return { target, kind: 'proof', checks, picture, ...sentences }
}

function trustedKeys({ logKeys, witnessKeys, quorum }: Trust) {
  return { logKeys, witnessKeys, witnessesMin: quorum }
}

async function checkLeaf(
  leaf: Leaf,
  { index }: ProofFile,
  { origin }: VerifiedCheckpoint,
  { payload, leaf: expected }: ProofOptions,
): Promise<Check[]> {
  const place = recordedPlace(leaf)
  return [
    ...(place ? [placeCheck(place, index, origin)] : []),
    ...(leaf.extra && expected !== undefined ? [hashCheck(leaf, expected)] : []),
    ...(payload === undefined ? [] : [await payloadCheck(payload, leaf)]),
  ]
}

/** The leaf itself names session and index: the owner of the log cannot have put it elsewhere. */
function placeCheck({ sessionId, index: recorded }: RecordedPlace, index: number, origin: string): Check {
  const what = `it is chunk ${count(recorded)} of session ${printable(sessionId)}`
  if (recorded === index && origin.endsWith(`/sessions/${sessionId}`)) return valid(what)
  return refused(what, `its place is ${count(index)} of ${printable(origin)}`, doNotBelieve)
}

function hashCheck({ hash }: Leaf, expected: string): Check {
  const found = hash.toString('hex')
  const what = 'the leaf is the one of --leaf'
  return found === expected ? valid(what) : refused(what, `the proof is about ${found}`, doNotBelieve)
}

async function payloadCheck(path: string, leaf: Leaf): Promise<Check> {
  const what = 'the payload is the one that was recorded'
  const expected = payloadSha256(leaf)
  if (expected === undefined) {
    const reason = leaf.extra ? 'salt and hash were destroyed with the session' : 'the proof does not name its hash'
    return refused(what, reason, 'Nobody can connect these bytes with the leaf.')
  }
  const sha256 = await checksumOf('sha256', createReadStream(path)).catch(error => {
    throw unreadable(path, error)
  })
  const found = sha256.toString('hex')
  if (found === expected) return valid(what, `SHA-256 ${found}`)
  const detail = `the file has the SHA-256 ${found}, recorded was ${expected}`
  return refused(what, detail, 'The file is not what was recorded, or belongs to another chunk.')
}

function inclusionCheck({ index, proof }: ProofFile, { hash }: Leaf, { size, root }: VerifiedCheckpoint): Check {
  const what = `leaf ${count(index)} is in the tree of ${count(size)}`
  if (verifyInclusion({ index, size, leafHash: hash, proof, root })) return valid(what)
  const detail = index < size ? 'leaf, index and hashes do not lead to the root' : 'the index lies outside of the tree'
  return refused(what, detail, doNotBelieve)
}

function conclusions(
  { index }: ProofFile,
  leaf: Leaf,
  checkpoint: VerifiedCheckpoint,
  trust: Trust,
  { payload }: ProofOptions,
): { proves: string[]; doesNotProve: string[] } {
  const { proves, doesNotProve } = whatSignaturesProve(checkpoint, trust)
  const { origin, size } = checkpoint
  const what = payload === undefined ? 'The leaf' : `What is in ${payload}, to the last bit,`
  const metadata = recordedMetadata(leaf)
  return {
    proves: [
      `${what} is number ${count(index)} of ${printable(origin)}, in the tree of ${count(size)} that its owner signed. Nothing can have been put in its place since.`,
      ...(metadata === '' ? [] : [`Recorded with it: ${metadata}`]),
      ...proves,
    ],
    doesNotProve: [...(payload === undefined ? [aboutPayload(leaf)] : []), ...doesNotProve],
  }
}

function aboutPayload(leaf: Leaf): string {
  if (!leaf.extra) return 'What the leaf is made of: only its hash was compared.'
  const sha256 = payloadSha256(leaf)
  if (sha256 === undefined) return 'What was recorded: salt and payload were destroyed with the session.'
  return `That a file of yours is what was recorded: --payload FILE compares it with the SHA-256 ${sha256}.`
}
