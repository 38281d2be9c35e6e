/**
 * The bytes of `text` in base64 (RFC 4648, section 4), or undefined for anything else: another alphabet, white space, missing padding, bits that
 * encode nothing. Node's decoder skips what it does not know, and takes some letters for others: what it gives counts only when it leads back to the text.
 */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}
