import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ArchiveDatabase } from '../src/archive-sql/database.ts'
import { hasStatement, isStatementEnd } from '../src/archive-sql/statement-end.ts'
import { ValueWriter } from '../src/archive-sql/values.ts'
import { ZoneOffset } from '../src/archive-sql/zone-offset.ts'
import { cutTo, widthOf } from '../src/cli/text-width.ts'

/** Text and JSON of the only row of a SELECT, by the zone in which DuckDB works as well. */
async function shown(select: string, timezone = 'UTC'): Promise<{ text: (string | undefined)[]; json: string[] }> {
  const options = { events: [], quarantine: [], files: [], range: {}, threads: 1, memoryBytes: 2 ** 26 }
  const database = await ArchiveDatabase.open({ ...options, timezone })
  const values = new ValueWriter(new ZoneOffset(timezone))
  try {
    for await (const { columns, rows } of database.run(`SELECT ${select}`)) {
      for await (const [row] of rows()) {
        return {
          text: row!.map((value, at) => values.text(value, columns[at]!.type)),
          json: row!.map((value, at) => values.json(value, columns[at]!.type)),
        }
      }
    }
    return assert.fail('no row')
  } finally {
    database.close()
  }
}

/** What is asked for, its text, and its JSON. */
const cases: readonly (readonly [sql: string, text: string | undefined, json: string])[] = [
  ['NULL', undefined, 'null'],
  ['true', 'true', 'true'],
  ['9223372036854775807', '9223372036854775807', '9223372036854775807'],
  [
    '-170141183460469231731687303715884105728',
    '-170141183460469231731687303715884105728',
    '-170141183460469231731687303715884105728',
  ],
  [
    '12345678901234567890.0123456789::DECIMAL(38,10)',
    '12345678901234567890.0123456789',
    '12345678901234567890.0123456789',
  ],
  ['0.1::FLOAT', '0.1', '0.1'],
  ['16777217::FLOAT', '16777216', '16777216'],
  ['0.1::DOUBLE + 0.2::DOUBLE', '0.30000000000000004', '0.30000000000000004'],
  ["'nan'::DOUBLE", 'NaN', '"NaN"'],
  [`'a"b' || chr(10)`, 'a"b\n', '"a\\"b\\n"'],
  ["''", '', '""'],
  [
    `('{"n": 12345678901234567890,' || chr(10) || ' "d": 1.0}')::JSON`,
    '{"n": 12345678901234567890,\n "d": 1.0}',
    '{"n": 12345678901234567890,  "d": 1.0}',
  ],
  ['make_timestamp_ns(1790000000123456789)', '2026-09-21 14:13:20.123456789', '"2026-09-21 14:13:20.123456789"'],
  ['make_timestamptz(1790000000123456)', '2026-09-21 14:13:20.123456+00', '"2026-09-21 14:13:20.123456+00"'],
  ["'infinity'::TIMESTAMPTZ", 'infinity', '"infinity"'],
  ["DATE '2026-02-28'", '2026-02-28', '"2026-02-28"'],
  ["INTERVAL '1 day 2 hours'", '1 day 02:00:00', '"1 day 02:00:00"'],
  ["'\\xFFa'::BLOB", '\\xFFa', '"\\\\xFFa"'],
  [
    "'0b0d5d4c-7a0e-4c0e-9d2b-111111111111'::UUID",
    '0b0d5d4c-7a0e-4c0e-9d2b-111111111111',
    '"0b0d5d4c-7a0e-4c0e-9d2b-111111111111"',
  ],
  ['[1, NULL, 9007199254740993]', '[1,null,9007199254740993]', '[1,null,9007199254740993]'],
  [
    `{'a': 'x"', 'j': '{"k":[1]}'::JSON, 'l': [make_timestamptz(0)]}`,
    '{"a":"x\\"","j":{"k":[1]},"l":["1970-01-01 00:00:00+00"]}',
    '{"a":"x\\"","j":{"k":[1]},"l":["1970-01-01 00:00:00+00"]}',
  ],
  ["MAP {1: 'one'}", '{"1":"one"}', '{"1":"one"}'],
  ['union_value(num := 2)', '2', '2'],
]

test('every value is shown exactly, as text and as JSON', async () => {
  const { text, json } = await shown(cases.map(([sql]) => sql).join(', '))
  for (const [at, [sql, expectedText, expectedJson]] of cases.entries()) {
    assert.equal(text[at], expectedText, sql)
    assert.equal(json[at], expectedJson, sql)
    JSON.parse(json[at]!)
  }
})

test('times with zone are shown as DuckDB shows them in that zone, around changes of its clocks too', async () => {
  for (const zone of ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe']) {
    const seconds = [0, 1_774_745_999, 1_774_746_000, 1_792_976_399, 1_792_976_400, 1_790_000_000, 4_102_444_800]
    const times = seconds.map(each => `make_timestamptz(${each}123456)`)
    const { text } = await shown([...times, ...times.map(time => `${time}::VARCHAR`)].join(', '), zone)
    assert.deepEqual(text.slice(0, times.length), text.slice(times.length), zone)
  }
})

test('a statement ends with a semicolon that is in no text, name or comment', () => {
  const ends = [
    'SELECT 1;',
    "SELECT ';';",
    'SELECT 1; -- done',
    'SELECT 1 /* ; */ ;',
    "SELECT 'it''s';",
    'SELECT $$;$$;',
    'SELECT $a$ $$ ; $a$;\n',
  ]
  const goesOn = [
    'SELECT 1',
    "SELECT ';",
    "SELECT 'it''s;",
    'SELECT ";',
    'SELECT 1 -- ;',
    'SELECT 1 /* ;',
    'SELECT $$;',
    'SELECT $a$;$$;',
    '',
  ]
  for (const sql of ends) assert.equal(isStatementEnd(sql), true, sql)
  for (const sql of goesOn) assert.equal(isStatementEnd(sql), false, sql)
  assert.deepEqual([' ; -- x', '/* ; */', "''", 'x'].map(hasStatement), [false, false, true, true])
})

test('a text that is cut takes no more cells than it may', () => {
  assert.deepEqual(['abc', 'Übersicht', '表計算', 'e\u0301', '🙂'].map(widthOf), [3, 9, 6, 1, 2])
  assert.equal(cutTo('表計算です', 6), '表計…')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (text, width) => {
      assert.ok(widthOf(cutTo(text, width)) <= width)
    }),
  )
})
