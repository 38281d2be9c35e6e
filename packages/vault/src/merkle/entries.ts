/** Entry bundles (C2SP tlog-tiles), drawn in tiles.ts: entries behind a 16-bit big-endian length. Ours are leaf data of 32 bytes. */
import type { Hash } from './contract.ts'
import { hashBytes } from './hash.ts'
import { entryBytes, tileWidthMax } from './tiles.ts'

/** @param leaves leaf data of 32 bytes each, one behind the other */
export function encodeEntries(leaves: Uint8Array): Uint8Array {
  const bytes = new Uint8Array((leaves.length / hashBytes) * entryBytes)
  for (let from = 0, to = 0; from < leaves.length; from += hashBytes, to += entryBytes) {
    bytes[to + 1] = hashBytes
    bytes.set(leaves.subarray(from, from + hashBytes), to + 2)
  }
  return bytes
}

/** The leaf data in a bundle, undefined unless it is a whole number, from 1 to 256, of entries of 32 bytes (VM4). */
export function parseEntries(bytes: Uint8Array): Hash[] | undefined {
  const entries = bytes.length / entryBytes
  if (!Number.isInteger(entries) || entries < 1 || entries > tileWidthMax) return undefined
  const leaves: Hash[] = []
  for (let at = 0; at < bytes.length; at += entryBytes) {
    if (bytes[at] !== 0 || bytes[at + 1] !== hashBytes) return undefined
    leaves.push(bytes.subarray(at + 2, at + entryBytes))
  }
  return leaves
}
