import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { DiskScan } from './disk-scan.ts'
import { makeDirectory } from './event-support.ts'

test('the scan of the disk finds texts, keys and pieces of images wherever and however they stand', t => {
  const directory = makeDirectory(t)
  const [text, body, key] = ['a text that nobody else reads', randomBytes(5000), randomBytes(32)]
  const scan = new DiskScan(directory, { texts: [text], bodies: [body] })
  scan.addKey(key)
  const wide = Buffer.from(text, 'utf16le')
  const json = (bytes: Buffer): string => JSON.stringify({ before: 'x', bytes: bytes.toString('base64') })
  const readable: Record<string, string | Buffer> = {
    'the text': text,
    'the text in UTF-16LE': wide,
    'the text in UTF-16BE': Buffer.from(wide).swap16(),
    'the text in hex': Buffer.from(text).toString('hex'),
    'the text in base64': json(Buffer.from(text)),
    'the text in base64, behind one byte': json(Buffer.from(`1${text}and more`)),
    'the text in base64, behind two bytes': json(Buffer.from(`12${text}and more`)),
    'the key': key,
    'the key in hex': key.toString('hex').toUpperCase(),
    'the key in base64url': key.toString('base64url'),
    'sixteen bytes of the body': body.subarray(1001, 1017),
    'a PNG': Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
  }
  const path = join(directory, 'file')
  for (const [what, bytes] of Object.entries(readable))
    for (let shift = 0; shift < 9; shift++) {
      writeFileSync(path, Buffer.concat([randomBytes(100 + shift), Buffer.from(bytes as Buffer), randomBytes(50)]))
      assert.throws(() => scan.assertClean('now'), assert.AssertionError, `${what}, ${shift} bytes further`)
    }
  writeFileSync(path, Buffer.concat([randomBytes(100_000), Buffer.alloc(1000), body.subarray(1001, 1008)]))
  scan.assertClean('now')
})
