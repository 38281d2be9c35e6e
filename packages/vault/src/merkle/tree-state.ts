/**
 * The state of a tree, as bytes to keep. Numbers are big-endian.
 *
 * ```text
 * OFFSET   SIZE  FIELD
 *      0      4  magic "CHMT"
 *      4      2  version, 1
 *      6      2  reserved, 0
 *      8      8  size of the tree in leaves
 *     16    32×p peaks, the roots of its perfect subtrees, largest first; p is the number of bits set in the size
 * 16+32×p      4  CRC-32C of all before it
 * ```
 */
import { assert, crc32c } from '@chronicle/base'
import { vaultErrors } from '../errors.ts'
import type { Hash, TreeState } from './contract.ts'
import { hashBytes } from './hash.ts'
import { isSize, levelsMax, peaksOf } from './shape.ts'
import { checkTreeState } from './tree.ts'

const magic = 'CHMT'
const version = 1
const headerBytes = 16
const crcBytes = 4
export const treeStateBytesMax = headerBytes + levelsMax * hashBytes + crcBytes
assert(treeStateBytesMax === 1716, 'the layout above')

/** Throws 'vault.invalid-argument' unless the state is one that a tree could have. */
export function encodeTreeState(state: TreeState): Uint8Array {
  checkTreeState(state)
  const end = headerBytes + state.peaks.length * hashBytes
  const bytes = Buffer.alloc(end + crcBytes)
  bytes.write(magic, 0, 'latin1')
  bytes.writeUInt16BE(version, 4)
  bytes.writeBigUInt64BE(BigInt(state.size), 8)
  state.peaks.forEach((peak, index) => {
    bytes.set(peak, headerBytes + index * hashBytes)
  })
  bytes.writeUInt32BE(crc32c(bytes.subarray(0, end)), end)
  return new Uint8Array(bytes)
}

/** VM12. Throws 'vault.tree-damaged' for bytes that are not a state as it was written, 'vault.newer-version' for a later format. */
export function decodeTreeState(encoded: Uint8Array): TreeState {
  const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.length)
  const end = bytes.length - crcBytes
  if (end < headerBytes || bytes.length > treeStateBytesMax || bytes.toString('latin1', 0, 4) !== magic) throw damaged()
  if (bytes.readUInt32BE(end) !== crc32c(bytes.subarray(0, end))) throw damaged()
  const written = bytes.readUInt16BE(4)
  if (written > version)
    throw vaultErrors.create('vault.newer-version', { part: 'state of a Merkle tree', version: written })
  const size = Number(bytes.readBigUInt64BE(8))
  if (written !== version || bytes.readUInt16BE(6) !== 0 || !isSize(size)) throw damaged()
  if (end !== headerBytes + peaksOf(size) * hashBytes) throw damaged()
  const peaks: Hash[] = []
  for (let at = headerBytes; at < end; at += hashBytes) peaks.push(new Uint8Array(bytes.subarray(at, at + hashBytes)))
  return { size, peaks }
}

function damaged(): Error {
  return vaultErrors.create('vault.tree-damaged', { part: 'state' })
}
