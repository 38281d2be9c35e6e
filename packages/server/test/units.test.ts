import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

const units = join(import.meta.dirname, '../../../examples/units')
const scratch = mkdtempSync(join(tmpdir(), 'chronicle-units-'))
after(() => rmSync(scratch, { recursive: true, force: true }))
const has = (program: string) => spawnSync(program, ['--version']).status === 0

test('systemd accepts the unit', { skip: !has('systemd-analyze') }, () => {
  const program = join(scratch, 'chronicle-packer')
  writeFileSync(program, '#!/bin/sh\n')
  chmodSync(program, 0o755)
  const unit = readFileSync(join(units, 'chronicle-packer.service'), 'utf8')
  assert.match(unit, /^Environment=MALLOC_ARENA_MAX=1$/m)
  const copy = join(scratch, 'chronicle-packer.service')
  writeFileSync(copy, unit.replace('/usr/bin/env chronicle-packer', program))
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', copy], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  assert.doesNotMatch(stderr, /chronicle-packer/)
})

test('the property list of launchd parses and starts the packer', { skip: !has('python3') }, () => {
  const script = 'import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], "rb"))))'
  const file = join(units, 'com.chronicle.packer.plist')
  const { stdout, stderr } = spawnSync('python3', ['-c', script, file], { encoding: 'utf8' })
  const list = JSON.parse(stdout || `"${stderr}"`)
  assert.equal(list.Label, 'com.chronicle.packer')
  assert.deepEqual(list.ProgramArguments.slice(1), ['--json-logs', 'start'])
})
