import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type LogConsole, packerLogger } from '../src/packer/logger.ts'
import { loadPackerSettings } from '../src/packer/settings.ts'

const scratch = mkdtempSync(join(tmpdir(), 'chronicle-packer-logger-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

/** What the file and the console got of one line of each level. */
function logged(name: string, console: Partial<LogConsole>, json = false) {
  const config = join(scratch, 'packer.toml')
  writeFileSync(config, '')
  const { values } = loadPackerSettings(config)
  const lines: string[] = []
  const shown: LogConsole = { isTerminal: true, ...console, write: line => void lines.push(line) }
  const log = packerLogger({ ...values, logPath: join(scratch, name) }, { console: shown, json })
  log.logger.child({ part: 'a' }).info({ size: 7 }, 'written')
  log.logger.warn('careful')
  log.fileLogger.info('for the file')
  log.stop()
  return { file: readFileSync(log.path, 'utf8').trimEnd().split('\n'), lines }
}

test('a terminal shows lines for people, from its level on, and the file has JSON', () => {
  const { file, lines } = logged('people', { level: 'warn' })
  assert.deepEqual(
    file.map(line => JSON.parse(line).message),
    ['written', 'careful', 'for the file'],
  )
  assert.equal(lines.length, 1)
  assert.match(lines[0]!, /^[\d:.]+ warn {2}careful\n$/)
})

test('where JSON is asked for, a terminal shows it too; what is no terminal gets the lines of the file', () => {
  const { lines } = logged('json', {}, true)
  assert.deepEqual(
    lines.map(line => JSON.parse(line).message),
    ['written', 'careful'],
  )
  const pipe = logged('pipe', { isTerminal: false })
  assert.deepEqual(
    pipe.lines.map(line => line.trimEnd()),
    pipe.file.slice(0, 2),
  )
})
