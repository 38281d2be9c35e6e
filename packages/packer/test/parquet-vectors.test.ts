/** PP10: files that Apache's own libraries encrypted, opened here. What is in them says `golden/apache-parquet-testing/README.md`. */
import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isEncryptedParquet, parquetKeyMetadata } from '../src/parquet/index.ts'
import { decrypt, sourceOf } from './parquet-decrypt-support.ts'
import { readRows } from './parquet-support.ts'

const key128 = createSecretKey(Buffer.from('0123456789012345'))
const key256 = createSecretKey(Buffer.from('01234567890123456789012345678901'))

function vector(name: string): Buffer {
  return readFileSync(join(import.meta.dirname, 'golden/apache-parquet-testing', `${name}.parquet.encrypted`))
}

const dayNs = 86_400_000_000_000n
const julianDayOfEpoch = 2_440_588n

/** The rows that all of these files have. */
const expected = Array.from({ length: 50 }, (_, n) => ({
  boolean_field: n % 2 === 0,
  int32_field: n,
  int64_field: [n * 2, n * 2 + 1].map(value => BigInt(value) * 10n ** 12n),
  int96_field: (BigInt(n + 2) - julianDayOfEpoch) * dayNs + (BigInt(n + 1) << 32n) + BigInt(n),
  float_field: Math.fround(n * Math.fround(1.1)),
  double_field: n * 1.1111111,
  ba_field: n % 2 === 0 ? `parquet${String(n).padStart(3, '0')}` : null,
  flba_field: new Uint8Array(10).fill(n),
}))

for (const [name, key] of [
  ['uniform_encryption', key128],
  ['uniform_encryption_aes256', key256],
] as const) {
  test(`PP10: ${name} has the rows that its makers say`, async () => {
    const file = vector(name)
    assert.ok(isEncryptedParquet(file))
    assert.equal(parquetKeyMetadata(sourceOf(file)).toString(), 'kf')
    assert.deepEqual(await readRows(decrypt(file, key)), expected)
  })
}

for (const [name, found] of [
  ['encrypt_columns_and_footer', /row group 0, column 0, found: a column that is not encrypted/],
  ['encrypt_columns_and_footer_ctr', /AES_GCM_CTR_V1/],
  ['encrypt_columns_plaintext_footer', /no encrypted footer/],
] as const) {
  test(`${name} is refused with what it is`, () => {
    assert.throws(() => decrypt(vector(name), key128), { code: 'packer.parquet-unsupported', message: found })
  })
}

test('a prefix that the file does not hold has to be given, and to be the right one', () => {
  const file = vector('encrypt_columns_and_footer_disable_aad_storage')
  const withPrefix = (prefix: string) => () => decrypt(file, key128, { aadPrefix: Buffer.from(prefix) })
  assert.throws(() => decrypt(file, key128), { code: 'packer.parquet-option', message: /aadPrefix, value: none/ })
  assert.throws(withPrefix('tested'), { code: 'packer.parquet-damaged', message: /footer/ })
  // The footer opens: it is the columns that are refused then.
  assert.throws(withPrefix('tester'), { code: 'packer.parquet-unsupported', message: /column/ })
})

test('the key of another file opens nothing, and one of another size is refused', () => {
  const file = vector('uniform_encryption')
  const other = createSecretKey(Buffer.from('1234567890123450'))
  assert.throws(() => decrypt(file, other), { code: 'packer.parquet-damaged', message: /the key is another one/ })
  const short = createSecretKey(Buffer.alloc(15))
  assert.throws(() => decrypt(file, short), { code: 'packer.parquet-option', message: /16, 24, 32/ })
})
