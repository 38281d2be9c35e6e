import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configErrors, parseConfigFile, resolveSettings } from '@chronicle/config'
import { checkTogether, packerSettings } from '../src/index.ts'

/** What a file with these lines sets, or the one error that it is refused with. */
function resolved(...lines: readonly string[]) {
  const file = parseConfigFile('packer.toml', lines.join('\n'))
  const all = resolveSettings(packerSettings, { flags: {}, environment: {}, file, directory: '/' })
  checkTogether(all)
  return all.values
}

type Refused = { readonly details: Readonly<Record<string, unknown>> }

function refusalOf(...lines: readonly string[]): Refused['details'] {
  try {
    resolved(...lines)
  } catch (error) {
    assert.ok(configErrors.is(error), `${lines}: ${error}`)
    return error.details
  }
  assert.fail(`accepted: ${lines}`)
}

/** For each key: values at the ends of what is accepted, and values that are out of its range or of another type. As they stand in TOML. */
const table: Readonly<Record<string, readonly [accepted: readonly string[], refused: readonly string[]]>> = {
  'storage.base_path': [
    ['"/a"', '"b/c"'],
    ['""', '5', 'true', '[1]'],
  ],
  'storage.retention_days': [
    ['0', '36600'],
    ['-1', '36601', '1.5', '"sixty"', 'true'],
  ],
  'storage.compression_level': [
    ['1', '9'],
    ['0', '23', '"six"', 'true', '6.5'],
  ],
  'storage.max_file_size': [
    ['1048576', '"1TB"'],
    ['1048575', '"2TB"', '"big"', 'true', '1.5'],
  ],
  'storage.directory_format': [
    ['"%Y/%m/%d"', '"x_%j"'],
    ['"%H"', '"../x"', '"/a"', '""', '5', 'true'],
  ],
  'storage.checksum': [
    ['"blake3"', '"SHA256"'],
    ['"md5"', '5', 'true'],
  ],
  'storage.parquet.row_group_size': [
    ['1', '16777216'],
    ['0', '16777217', '"many"', 'true'],
  ],
  'storage.parquet.page_size': [
    ['64', '67108864'],
    ['63', '67108865', '"small"', 'true'],
  ],
  'storage.parquet.compression': [
    ['"snappy"', '"NONE"'],
    ['"BROTLI"', '5', 'true'],
  ],
  'storage.parquet.dictionary_encoding': [
    ['true', 'false'],
    ['"perhaps"', '2'],
  ],
  'storage.parquet.statistics': [
    ['true', 'false'],
    ['"perhaps"', '2'],
  ],
  'storage.parquet.bloom_filter.enabled': [
    ['true', 'false'],
    ['"perhaps"', '2'],
  ],
  'storage.parquet.bloom_filter.fpp': [
    ['0.0001', '0.5'],
    ['0', '0.51', '"half"', 'true'],
  ],
  'storage.parquet.bloom_filter.columns': [
    ['["event_id"]', '[]', '"data, session_id"'],
    ['["nope"]', '5', 'true'],
  ],
  'encryption.enabled': [
    ['true', 'false'],
    ['"perhaps"', '2'],
  ],
  'encryption.algorithm': [['"AES-256-GCM"'], ['"AES-128-GCM"', '256', 'true']],
  'encryption.kdf': [
    ['"Argon2id"', '"PBKDF2-SHA256"'],
    ['"scrypt"', '2', 'true'],
  ],
  'encryption.kdf_iterations': [
    ['100000', '10000000'],
    ['99999', '10000001', '"many"', 'true'],
  ],
  'encryption.parquet': [
    ['"sealed"', '"modular"'],
    ['"none"', '1', 'true'],
  ],
  'encryption.key_rotation_days': [
    ['1', '3650'],
    ['0', '3651', '"monthly"', 'true'],
  ],
  'encryption.keychain_service': [['"a"'], ['""', '"  "', '5', 'true']],
  'encryption.key_source': [
    ['"auto"', '"file"'],
    ['"usb"', '1', 'true'],
  ],
  'encryption.key_file': [['"/k"'], ['""', '5', 'true']],
  'encryption.passphrase': [['"a b c"'], ['5', 'true', '[1]']],
  'scheduling.daily_time': [
    ['"00:00"', '"23:59"'],
    ['"24:00"', '"3:00"', '"03:60"', '3', '03:00:00', 'true'],
  ],
  'scheduling.timezone': [
    ['"UTC"', '"Europe/Berlin"'],
    ['"Mars/Base"', '"+01:00"', '""', '1', 'true'],
  ],
  'scheduling.backup_threshold': [
    ['1', '"64GB"'],
    ['0', '"65GB"', '"half"', 'true'],
  ],
  'scheduling.max_processing_time': [
    ['1', '"24h"'],
    ['0', '"25h"', '"long"', 'true'],
  ],
  'ring_buffer.path': [['"/r"'], ['""', '5', 'true']],
  'ring_buffer.size': [
    ['1024', '"64GB"'],
    ['1016', '1025', '"65GB"', '"large"', 'true'],
  ],
  'ring_buffer.backpressure_threshold': [
    ['0.01', '1'],
    ['0', '1.1', '"most"', 'true'],
  ],
  'ring_buffer.read_timeout': [
    ['1', '"1h"'],
    ['0', '"61m"', '"soon"', 'true'],
  ],
  'ring_buffer.write_timeout': [
    ['1', '"1h"'],
    ['0', '"61m"', '"soon"', 'true'],
  ],
  'metrics.enabled': [
    ['true', 'false'],
    ['"perhaps"', '2'],
  ],
  'metrics.bind_address': [
    ['"::1"', '"localhost"'],
    ['"a b"', '"1.2.3"', '5', 'true'],
  ],
  'metrics.port': [
    ['0', '65535'],
    ['-1', '65536', '"http"', 'true'],
  ],
  'metrics.collection_interval': [
    ['1', '"1h"'],
    ['0', '"2h"', '"often"', 'true'],
  ],
  'metrics.export_format': [
    ['"prometheus"', '"JSON"'],
    ['"xml"', '1', 'true'],
  ],
  'logging.level': [
    ['"DEBUG"', '"error"'],
    ['"TRACE"', '1', 'true'],
  ],
  'logging.format': [
    ['"json"', '"readable"'],
    ['"xml"', '1', 'true'],
  ],
  'logging.file_path': [['"/l"'], ['""', '5', 'true']],
  'logging.structured': [
    ['true', 'false'],
    ['"perhaps"', '2'],
  ],
  'logging.console': [
    ['true', 'false'],
    ['"perhaps"', '2'],
  ],
  'topics.names': [
    ['["a.b"]', '[]'],
    ['["a b"]', '5', 'true'],
  ],
  'topics.bootstrap_servers': [
    ['"localhost:9092"', '["a:1", "b:2"]'],
    ['"localhost"', '""', '9092', 'true'],
  ],
}

test('every setting stands in the table of this test', () => {
  assert.deepEqual(
    Object.values(packerSettings)
      .map(({ key }) => key)
      .sort(),
    Object.keys(table).sort(),
  )
})

for (const each of Object.values(packerSettings)) {
  const [accepted, refused] = table[each.key] ?? [[], []]
  test(`${each.key}: what is accepted is taken, all else refused with key, line, value and what is accepted`, () => {
    for (const value of accepted) resolved(`${each.key} = ${value}`)
    for (const value of refused) {
      const { setting, from, value: shown, accepted: told } = refusalOf('', `${each.key} = ${value}`)
      assert.deepEqual([setting, from, told], [each.key, 'packer.toml:2', each.type.accepts], value)
      const text = each.type.secret
        ? '***'
        : value.startsWith('[1]') || value === '03:00:00'
          ? 'a list or a date'
          : value
      // A list of words is shown as the words.
      assert.equal(String(shown).replaceAll('"', ''), text.replaceAll(/[[\]"]/g, ''), value)
    }
    const misspelt = `${each.key}x`
    const { key, at, didYouMean } = refusalOf(`${misspelt} = 1`)
    assert.deepEqual([key, at], [misspelt, 'packer.toml:1'])
    assert.ok(typeof didYouMean === 'string', misspelt)
  })
}

test('storage.compression_level has to be one of the codec that is set', () => {
  const lines = (codec: string, level: number) => [
    `storage.parquet.compression = "${codec}"`,
    `storage.compression_level = ${level}`,
  ]
  for (const [codec, level] of [
    ['GZIP', 9],
    ['ZSTD', 22],
    ['SNAPPY', 22],
    ['NONE', 22],
    ['LZ4', 22],
  ] as const) {
    assert.equal(resolved(...lines(codec, level)).compressionLevel, level)
  }
  assert.deepEqual(refusalOf(...lines('GZIP', 10)), {
    setting: 'storage.compression_level',
    from: 'packer.toml:2',
    value: 10,
    accepted: 'a whole number, 1 to 9, as storage.parquet.compression is GZIP',
  })
})
