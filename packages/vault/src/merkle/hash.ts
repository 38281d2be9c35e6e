/**
 * SHA-256 as RFC 6962 (section 2.1) uses it: a leaf is hashed behind a 0x00, a pair of nodes behind a 0x01, so that no leaf passes for a node.
 *
 * Digests are taken as strings of one character a byte: for messages of this size Node makes those four times as fast as Buffers
 * (0.23 against 0.93 µs for 33 bytes), which is what a million leaves a second rest on.
 */
import { hash } from 'node:crypto'
import type { Hash } from './contract.ts'

export const hashBytes = 32
/** A node as it is hashed: 0x01 ‖ left ‖ right. */
export const nodeMessageBytes = 1 + 2 * hashBytes
export const leftAt = 1
export const rightAt = 1 + hashBytes

const leafPrefix = 0x00
const nodePrefix = 0x01

/** The root of the tree without leaves: SHA-256 of nothing. */
export const emptyRoot: Hash = sha256(new Uint8Array(0))

export function sha256(message: Uint8Array): Hash {
  const digest = new Uint8Array(hashBytes)
  hashInto(message, digest, 0)
  return digest
}

/** Writes the SHA-256 of `message` into `target` from `at` on. */
export function hashInto(message: Uint8Array, target: Uint8Array, at: number): void {
  const digest = hash('sha256', message, 'binary')
  for (let byte = 0; byte < hashBytes; byte++) target[at + byte] = digest.charCodeAt(byte)
}

/** Used anew for each hash: a message is no more than an argument. */
const leafMessage = new Uint8Array(1 + hashBytes)
const pairMessage = nodeMessage()

/** SHA-256(0x00 ‖ data), for data of any length. */
export function leafHash(data: Uint8Array): Hash {
  const message = data.length === hashBytes ? leafMessage : new Uint8Array(1 + data.length)
  message[0] = leafPrefix
  message.set(data, 1)
  return sha256(message)
}

/** The leaf hashes of leaf data of 32 bytes each, one behind the other as the data are. */
export function leafHashes(leaves: Uint8Array): Uint8Array {
  const hashes = new Uint8Array(leaves.length)
  for (let at = 0; at < leaves.length; at += hashBytes) {
    for (let byte = 0; byte < hashBytes; byte++) leafMessage[1 + byte] = leaves[at + byte]!
    hashInto(leafMessage, hashes, at)
  }
  return hashes
}

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Hash, right: Hash): Hash {
  pairMessage.set(left, leftAt)
  pairMessage.set(right, rightAt)
  return sha256(pairMessage)
}

export function nodeMessage(): Uint8Array {
  const message = new Uint8Array(nodeMessageBytes)
  message[0] = nodePrefix
  return message
}

/** The nodes over pairs of hashes that stand one behind the other; a last one without a pair is left out. */
export function pairHashes(hashes: Uint8Array): Uint8Array {
  const pairs = Math.floor(hashes.length / (2 * hashBytes))
  const nodes = new Uint8Array(pairs * hashBytes)
  for (let pair = 0; pair < pairs; pair++) {
    const at = pair * 2 * hashBytes
    pairMessage.set(hashes.subarray(at, at + 2 * hashBytes), leftAt)
    hashInto(pairMessage, nodes, pair * hashBytes)
  }
  return nodes
}

/** Total: whatever it is given. */
export function isHash(value: unknown): value is Hash {
  return value instanceof Uint8Array && value.length === hashBytes
}

export function sameHash(a: Hash, b: Hash): boolean {
  for (let byte = 0; byte < hashBytes; byte++) if (a[byte] !== b[byte]) return false
  return true
}
