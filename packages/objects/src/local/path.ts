/**
 * How a key becomes a path, part by part (O8):
 *
 *   a–z 0–9 _ -            stand for themselves
 *   .                      stands for itself, but as the first of a part it is written %2E: names with a leading dot are not objects
 *   every other byte       of the part's UTF-8 is written % and two upper-case hexadecimal digits: "Ä b" is "%C3%84%20b"
 *
 * Upper-case letters are written as bytes too, so that "A" and "a" stay two objects where the file system takes them for one, and
 * normal forms of Unicode stay apart where it folds them. A name that is not exactly what its key is written as is no object.
 */
import { join } from 'node:path'
import { objectErrors } from '../errors.ts'

/** NAME_MAX of every file system in use. */
export const nameBytesMax = 255

/** The path of a key that `checkKey` has let through. Throws 'objects.invalid-key' where a part is too long for a file name. */
export function pathOf(root: string, key: string): string {
  const names = key.split('/').map(encodePart)
  if (names.some(name => name.length > nameBytesMax)) {
    const reason = `a part of it is longer than ${nameBytesMax} bytes as the name of a file, where all but a-z 0-9 . _ - take three for one`
    throw objectErrors.create('objects.invalid-key', { key, reason })
  }
  return join(root, ...names)
}

export function encodePart(part: string): string {
  let name = ''
  for (const byte of Buffer.from(part)) {
    const character = String.fromCharCode(byte)
    const plain = /[a-z0-9_-]/.test(character) || (character === '.' && name !== '')
    name += plain ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return name
}

/** The part of a key that is written as `name`; undefined where no part is. */
export function decodePart(name: string): string | undefined {
  if (!/^(?:[a-z0-9._-]|%[0-9A-F]{2})+$/.test(name)) return undefined
  const bytes = Buffer.from(
    name.replaceAll(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
  const part = bytes.toString()
  return encodePart(part) === name ? part : undefined
}
