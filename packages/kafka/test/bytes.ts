/** Bytes written in hex, with what each group is after `//`; blanks do not count. */
export function hex(text: string): Buffer {
  const digits = text.replaceAll(/\/\/.*$/gm, '').replaceAll(/\s/g, '')
  return Buffer.from(digits, 'hex')
}

/** The hex of ASCII text, to be put into a template. */
export function ascii(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex')
}
