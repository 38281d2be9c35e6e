/** Each rule against a small house that breaks it, and the real house against all of them. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Project, projectOf, type Rule } from '../tidy/project.ts'
import { readProject } from '../tidy/read-project.ts'
import { cyclesRule } from '../tidy/rules/cycles.ts'
import { deadFilesRule } from '../tidy/rules/dead-files.ts'
import { dependenciesRule } from '../tidy/rules/dependencies.ts'
import { doorsRule } from '../tidy/rules/doors.ts'
import { effectsRule } from '../tidy/rules/effects.ts'
import { errorCodesRule } from '../tidy/rules/error-codes.ts'
import { floorsRule } from '../tidy/rules/floors.ts'
import { focusedTestsRule } from '../tidy/rules/focused-tests.ts'
import { invariantsRule } from '../tidy/rules/invariants.ts'
import { packagesRule } from '../tidy/rules/packages.ts'
import { wordsRule } from '../tidy/rules/words.ts'
import { tidy } from '../tidy/rules.ts'

const root = join(import.meta.dirname, '../..')

test('the house is tidy', () => {
  assert.deepEqual(tidy(readProject(root)), [])
})

test('floors: imports go strictly downward, and testing is for tests', () => {
  const project = house({
    'packages/log/src/index.ts': `import '@chronicle/base'`,
    'packages/log/src/up.ts': `import type { Server } from '@chronicle/server'`,
    'packages/kafka/src/sideways.ts': `export * from '@chronicle/search'`,
    'packages/config/src/sideways.ts': `const t = await import('@chronicle/telemetry')`,
    'packages/wal/src/typed.ts': `type L = import('@chronicle/log').Log`,
    'packages/wal/src/test-only.ts': `import '@chronicle/testing'`,
    'packages/wal/test/fine.test.ts': `import '@chronicle/testing'`,
    'packages/wal/test/up.test.ts': `import '@chronicle/log'`,
    'packages/wal/src/stranger.ts': `import '@chronicle/stranger'`,
    'packages/attic/package.json': `{ "name": "@chronicle/attic" }`,
    'packages/testing/src/index.ts': `import '@chronicle/server'`,
  })
  assert.deepEqual(found(floorsRule, project), [
    'packages/attic/package.json:1 package attic has no floor: add it to tools/tidy/floors.ts',
    'packages/config/src/sideways.ts:1 config (floor 1) imports sideways from telemetry (floor 1)',
    'packages/kafka/src/sideways.ts:1 kafka (floor 4) imports sideways from search (floor 4)',
    'packages/log/src/up.ts:1 log (floor 3) imports upward from server (floor 5)',
    'packages/wal/src/stranger.ts:1 there is no package stranger',
    'packages/wal/src/test-only.ts:1 testing is for tests only',
    'packages/wal/src/typed.ts:1 wal (floor 2) imports upward from log (floor 3)',
    'packages/wal/test/up.test.ts:1 wal (floor 2) imports upward from log (floor 3)',
  ])
})

test('doors: packages are entered by their names alone', () => {
  const project = house({
    'packages/log/src/index.ts': `import '@chronicle/wal'`,
    'packages/log/src/deep.ts': `import '@chronicle/wal/src/disk.ts'`,
    'packages/log/src/around.ts': `import '../../wal/src/disk.ts'`,
    'packages/log/src/outside.ts': `import '../../../tools/tidy.ts'`,
    'packages/log/src/version.ts': `new URL('../package.json', import.meta.url)`,
    'packages/log/src/hook.ts': `import '../test/helper.ts'`,
    'packages/log/test/own.test.ts': `import '../src/inner.ts'`,
    'packages/testing/test/far.test.ts': `import '../../wal/src/disk.ts'`,
    'packages/testing/src/launch.ts': `new URL('../../server/bin/chronicle.js', import.meta.url)`,
    'e2e/deep.ts': `import '../packages/log/src/inner.ts'`,
    'e2e/comment.ts': `// import '@chronicle/wal/src/disk.ts'`,
  })
  assert.deepEqual(found(doorsRule, project), [
    'e2e/deep.ts:1 import from the door: @chronicle/log',
    'packages/log/src/around.ts:1 import from the door: @chronicle/wal',
    'packages/log/src/deep.ts:1 import from the door: @chronicle/wal',
    'packages/log/src/hook.ts:1 product code imports from a test directory',
    'packages/log/src/outside.ts:1 a package imports nothing from outside the packages',
  ])
})

test('dependencies: what is imported is declared, what is declared is imported', () => {
  const project = house({
    'package.json': `{ "name": "root", "devDependencies": { "fast-check": "4" } }`,
    'packages/wal/package.json': `{ "name": "@chronicle/wal", "exports": "./src/index.ts",
      "dependencies": { "@chronicle/base": "1", "lodash": "1" }, "devDependencies": { "tap": "1" } }`,
    'packages/wal/src/index.ts': `import '@chronicle/base'\nimport 'node:fs'\nimport '@node-rs/crc32/deep'`,
    'packages/wal/test/a.test.ts': `import 'fast-check'\nimport 'chai'`,
  })
  assert.deepEqual(found(dependenciesRule, project), [
    'packages/wal/package.json:1 dependency lodash is not used',
    'packages/wal/package.json:1 devDependency tap is not used',
    'packages/wal/src/index.ts:3 @node-rs/crc32 is not in the dependencies of packages/wal/package.json',
    'packages/wal/test/a.test.ts:2 chai is not in the devDependencies of packages/wal/package.json',
  ])
})

test('cycles: no file leads back to itself, not even for types', () => {
  const project = house({
    'packages/wal/src/a.ts': `import './b.ts'`,
    'packages/wal/src/b.ts': `import './c.ts'`,
    'packages/wal/src/c.ts': `import type { A } from './a.ts'`,
    'packages/wal/src/d.ts': `import './a.ts'\nimport './b.ts'`,
  })
  assert.deepEqual(found(cyclesRule, project), [
    'packages/wal/src/c.ts:1 import cycle: packages/wal/src/a.ts → packages/wal/src/b.ts → packages/wal/src/c.ts → packages/wal/src/a.ts',
  ])
})

test('dead files: product code is reached without the help of tests', () => {
  const project = house({
    'package.json': `{ "name": "root", "scripts": { "bench": "node bench/run.ts --all" } }`,
    'bench/run.ts': `import './used.ts'`,
    'bench/used.ts': '',
    'bench/forgotten.ts': '',
    'packages/wal/package.json': `{ "name": "@chronicle/wal", "exports": "./src/index.ts", "bin": { "w": "bin/w.js" } }`,
    'packages/wal/bin/w.js': `import('../src/command.ts')`,
    'packages/wal/src/index.ts': `export * from './used.ts'\nnew URL('./worker.ts', import.meta.url)\nimport './gone.ts'`,
    'packages/wal/src/used.ts': '',
    'packages/wal/src/worker.ts': '',
    'packages/wal/src/command.ts': '',
    'packages/wal/src/docs.ts': '',
    'packages/wal/src/only-tested.ts': '',
    'packages/wal/test/a.test.ts': `import '../src/only-tested.ts'\nimport './helper.ts'`,
    'packages/wal/test/helper.ts': '',
  })
  assert.deepEqual(found(deadFilesRule, project), [
    'bench/forgotten.ts:1 dead file: not reachable from a script or a test',
    'packages/wal/src/index.ts:3 there is no file ./gone.ts',
    'packages/wal/src/only-tested.ts:1 dead file: not reachable from a door, a bin or a script',
  ])
})

test('packages: each has its README, and nothing but its parts', () => {
  const sections = ['# wal', '## Door', '## The life of one append', '## Invariants', '## Failure modes']
  const project = house({
    'packages/wal/README.md': sections.join('\n\n'),
    'packages/wal/src/index.ts': '',
    'packages/wal/scripts/build.js': '',
    'packages/log/README.md': ['## Door', '## Invariants', '## The life of one record', '## Failure modes'].join('\n'),
    'packages/base/src/index.ts': '',
  })
  assert.deepEqual(found(packagesRule, project), [
    'packages/base/README.md:1 a package says in its README what it is for',
    'packages/log/README.md:3 no section "## Invariants" from here on',
    'packages/wal/scripts/build.js:1 belongs into bin, src, test or nowhere',
  ])
})

test('invariants: the table names files, the files name the invariant, and nothing else is named', () => {
  const project = house({
    'packages/wal/README.md': [
      '| id | statement | enforced in | tested in |',
      '|---|---|---|---|',
      '| W1 | held | `src/a.ts` | `test/a.test.ts` |',
      '| W2 | not named | `src/a.ts` | `test/a.test.ts` |',
      '| W3 | not tested | `src/a.ts` | by eye |',
      '| W4 | gone | `src/gone.ts` | `e2e/crash.test.ts` |',
      '| W1 | again | `src/a.ts` | `test/a.test.ts` |',
    ].join('\n'),
    'packages/wal/src/a.ts': `// W1 W3\nconst s = 'W7'\n/** As W9 says. */`,
    'packages/wal/test/a.test.ts': `test('W1: holds', () => {})\ntest('W8: unheard of', () => {})`,
    'e2e/crash.test.ts': '// W4',
  })
  assert.deepEqual(found(invariantsRule, project), [
    'packages/wal/README.md:3 W1 stands in packages/wal/README.md as well',
    'packages/wal/README.md:4 W2 is enforced in src/a.ts, which does not name it',
    'packages/wal/README.md:4 W2 is tested in test/a.test.ts, which does not name it',
    'packages/wal/README.md:5 W3 names no file in which it is tested',
    'packages/wal/README.md:6 W4 is enforced in src/gone.ts, which does not exist',
    'packages/wal/src/a.ts:3 W9 is an invariant of no README',
    'packages/wal/test/a.test.ts:2 W8 is an invariant of no README',
  ])
})

test('error codes: declared at home, documented both ways, used', () => {
  const family = `errorFamily('wal', { 'wal.sealed': {}, 'wal.unused': {}, 'log.foreign': {}, 'wal.secret': {} })`
  const project = house({
    'docs/errors.md': ['wal.sealed', 'wal.unused', 'log.foreign', 'wal.old']
      .map(code => `| \`${code}\` | x |`)
      .join('\n'),
    'packages/wal/src/errors.ts': `export const walErrors = ${family}`,
    'packages/wal/src/a.ts': `walErrors.create('wal.sealed'); f('log.foreign', 'wal.secret')`,
    'packages/wal/src/b.ts': `const more = errorFamily('wal', {})`,
    'packages/wal/test/a.test.ts': `errorFamily('cup', {}); f('wal.unused')`,
  })
  assert.deepEqual(found(errorCodesRule, project), [
    'docs/errors.md:4 wal.old is declared nowhere',
    'packages/wal/src/b.ts:1 errors are declared in packages/wal/src/errors.ts',
    'packages/wal/src/errors.ts:1 log.foreign does not begin with wal.',
    'packages/wal/src/errors.ts:1 wal.secret is not in docs/errors.md: run npm run docs',
    'packages/wal/src/errors.ts:1 wal.unused is declared but never used',
  ])
})

test('effects: clock and chance are arguments', () => {
  const effects = [
    'Date.now()',
    'new Date()',
    'new Date(0)',
    'Math.random()',
    'setTimeout(f, 1)',
    'clock.setTimeout(f, 1)',
    'globalThis.setInterval(f, 1)',
    `import { setTimeout as sleep } from 'node:timers/promises'`,
    `import { createHash, randomUUID as id } from 'node:crypto'`,
    'performance.now()',
    'const defer = setImmediate',
    `'Date.now()' // Date.now()`,
  ].join('\n')
  const project = house({
    'packages/wal/src/a.ts': effects,
    'packages/wal/test/a.test.ts': effects,
    'packages/base/src/clock.ts': effects,
    'packages/server/src/a.ts': effects,
  })
  const lines = found(effectsRule, project).map(problem => problem.split(' is reached')[0])
  assert.deepEqual(lines, [
    'packages/wal/src/a.ts:1 Date.now',
    'packages/wal/src/a.ts:10 performance.now',
    'packages/wal/src/a.ts:11 setImmediate',
    'packages/wal/src/a.ts:2 new Date()',
    'packages/wal/src/a.ts:4 Math.random',
    'packages/wal/src/a.ts:5 setTimeout',
    'packages/wal/src/a.ts:7 setInterval',
    'packages/wal/src/a.ts:8 node:timers/promises',
    'packages/wal/src/a.ts:9 randomUUID',
  ])
})

test('words: no notes to self, no checks switched off', () => {
  const project = house({
    'packages/wal/src/a.ts': [
      `// TODO: later`,
      `const text = 'TODO'`,
      `/* biome-ignore lint: because */`,
      `// @ts-ignore`,
      `// @ts-expect-error`,
      `// @ts-expect-error the type is wrong upstream`,
      'f() /* fine */',
    ].join('\n'),
  })
  assert.deepEqual(
    found(wordsRule, project).map(problem => problem.split(' ')[0]),
    ['packages/wal/src/a.ts:1', 'packages/wal/src/a.ts:3', 'packages/wal/src/a.ts:4', 'packages/wal/src/a.ts:5'],
  )
})

test('focused tests: none runs alone, none is left out in silence', () => {
  const project = house({
    'packages/wal/test/a.test.ts': `test.only('x', f)\ntest.skip('x', f)\ntest('x', { skip: 'why' }, f)\nlist.only(1)`,
  })
  assert.deepEqual(found(focusedTestsRule, project), [
    'packages/wal/test/a.test.ts:1 .only leaves tests out',
    'packages/wal/test/a.test.ts:2 .skip leaves tests out',
  ])
})

/** A project of these files, and of a manifest for every package that they belong to. */
function house(files: Record<string, string>): Project {
  const all = new Map(Object.entries(files))
  for (const path of Object.keys(files)) {
    const name = /^packages\/([^/]+)\//.exec(path)?.[1]
    const manifest = `packages/${name}/package.json`
    if (name && !all.has(manifest)) all.set(manifest, `{ "name": "@chronicle/${name}", "exports": "./src/index.ts" }`)
  }
  return projectOf(all)
}

function found(rule: Rule, project: Project): string[] {
  return rule
    .check(project)
    .map(({ path, line, message }) => `${path}:${line} ${message}`)
    .sort()
}
