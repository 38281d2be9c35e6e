/** Bytes that are turned into text at a time: a multiple of three, so that the pieces join without padding. */
const pieceBytes = 3 * 1024 * 1024

/** Base64 as bytes: that of a large record does not fit into a string. */
export function base64Of(bytes: Uint8Array): Buffer {
  const text = Buffer.allocUnsafe(Math.ceil(bytes.length / 3) * 4)
  let at = 0
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    const piece = bytes.subarray(from, from + pieceBytes)
    at += text.write(Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('base64'), at, 'latin1')
  }
  return text
}
