import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { relative } from 'node:path'
import { before, mock, type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { messageOf, systemClock } from '@chronicle/base'
import { readObject } from '../src/index.ts'
import { keysOf, temporaryFiles, testDirectory } from './support.ts'

const directory = testDirectory()

/** Every handle's methods: the disk's faults are put in here. */
let handles: FileHandle
before(async () => {
  const handle = await open('/dev/null')
  handles = Object.getPrototypeOf(handle)
  await handle.close()
})

/** Has `fault` see each sync before it is done, with what is synced: a path in the directory of the test, temporary files as `temporary`. */
function onSync(t: TestContext, fault: (what: string) => unknown): void {
  for (const operation of ['sync', 'datasync'] as const) {
    const original = handles[operation]
    mock.method(handles, operation, async function (this: FileHandle) {
      const path = relative(directory.path(), readlinkSync(`/proc/self/fd/${this.fd}`))
      await fault(`${operation} ${/^\.store\/temporary\/[^/]+\/\d/.test(path) ? 'temporary' : path}`)
      return original.call(this)
    })
  }
  t.after(() => mock.restoreAll())
}

function diskError(code: string): Error {
  return Object.assign(new Error(`${code}: the disk`), { code })
}

test('O1: the bytes are durable before they have a key, and file and directories before put resolves', async t => {
  const store = await directory.open()
  await store.put('a', Buffer.from('before'))
  const syncs: string[] = []
  onSync(t, what => syncs.push(what))
  for (const [key, directories] of [
    ['a', ['']],
    ['b/c/d', ['', 'b', 'b/c']],
  ] as const) {
    syncs.length = 0
    await store.put(key, Buffer.from(key))
    assert.equal(syncs[0], 'sync temporary')
    assert.deepEqual(syncs.slice(1).sort(), directories.map(each => `sync ${each}`).sort(), key)
  }
})

test('O1: a stamp that had to change, since another object has had it, is synced again', async t => {
  const standing = { ...systemClock, now: () => 2_000_000_000_000 }
  const store = await directory.open(directory.path(), standing)
  const syncs: string[] = []
  onSync(t, what => syncs.push(what))
  const versions = [await store.put('a', Buffer.alloc(1)), await store.put('a', Buffer.alloc(1))].map(
    info => info.version,
  )
  assert.deepEqual(versions, ['2000000000000000-1', '2000000000000001-1'])
  assert.deepEqual(syncs.slice(0, 3), ['sync temporary', 'sync ', 'sync temporary'])
  assert.deepEqual(syncs.slice(3).sort(), ['sync ', 'sync a'])
})

test('O1: a put waits for a sync of its directory that began after it got its name, with all others that wait for one', async t => {
  const store = await directory.open()
  await store.put('a/0', Buffer.alloc(0))
  const begun = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  let syncs = 0
  onSync(t, async what => {
    if (what !== 'sync a' || ++syncs > 1) return
    begun.resolve()
    await goOn.promise
  })
  const first = store.put('a/1', Buffer.alloc(0))
  await begun.promise
  const settled: string[] = []
  const others = ['a/2', 'a/3', 'a/4'].map(key => store.put(key, Buffer.alloc(0)).then(() => settled.push(key)))
  while ((await keysOf(store)).length < 5) await setImmediate()
  assert.deepEqual([syncs, settled], [1, []], 'the sync that was under way may not have seen their names')
  goOn.resolve()
  await Promise.all([first, ...others])
  assert.equal(syncs, 2)
})

test('O1: a deletion is durable before it resolves', async t => {
  const store = await directory.open()
  await store.put('a/b', Buffer.alloc(0))
  await store.put('a/c', Buffer.alloc(0))
  const syncs: string[] = []
  onSync(t, what => syncs.push(what))
  await store.delete('a/b')
  assert.deepEqual(syncs.sort(), ['sync ', 'sync a'])
})

test('O5: bytes that cannot be made durable are not stored', async t => {
  const store = await directory.open()
  await store.put('there', Buffer.from('before'))
  onSync(t, what => {
    if (what === 'sync temporary') throw diskError('EIO')
  })
  for (const key of ['there', 'new']) {
    await assert.rejects(store.put(key, Buffer.from('after')), {
      code: 'objects.unavailable',
      details: { key, reason: 'EIO: the disk' },
    })
  }
  mock.restoreAll()
  assert.deepEqual(await keysOf(store), ['there'])
  assert.equal((await readObject(store, 'there', { bytesMax: 10 })).toString(), 'before')
  assert.deepEqual(temporaryFiles(directory.path()), [])
})

test('O1: a name that cannot be made durable is an outcome that nobody knows', async t => {
  const store = await directory.open()
  onSync(t, what => {
    if (what === 'sync a') throw diskError('EIO')
  })
  await assert.rejects(store.put('a/b', Buffer.from('x')), (error: Error & { code: string }) => {
    assert.equal(error.code, 'objects.outcome-unknown')
    assert.equal(messageOf(error.cause), 'EIO: the disk')
    return true
  })
  await assert.rejects(
    store.delete('a/b').then(() => store.put('a/b', Buffer.alloc(0))),
    {
      code: 'objects.outcome-unknown',
    },
  )
  assert.deepEqual(temporaryFiles(directory.path()), [])
})

test('O5: a full disk keeps nothing of the object, and takes the next one that fits', async t => {
  const small = directory.path('small')
  mkdirSync(small)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', small], { stdio: 'pipe' })
  } catch (error) {
    return t.skip(`no small file system can be mounted here: ${messageOf(error).split('\n')[0]}`)
  }
  const store = await directory.open(small)
  try {
    await store.put('fits', Buffer.alloc(300_000, 1))
    await assert.rejects(store.put('large', Buffer.alloc(2_000_000)), { code: 'objects.no-space' })
    await assert.rejects(store.put('fits', Buffer.alloc(2_000_000)), { code: 'objects.no-space' })
    assert.deepEqual(await keysOf(store), ['fits'])
    assert.deepEqual(temporaryFiles(small), [])
    await store.put('another', Buffer.alloc(500_000))
    assert.equal((await readObject(store, 'fits', { bytesMax: 300_000 })).length, 300_000)
  } finally {
    await store.close()
    execFileSync('umount', [small])
  }
})

test('what this user may not touch is refused with key and cause', async () => {
  const own = directory.path('own')
  mkdirSync(own)
  await asNobody(own, async () => {
    const store = await directory.open(own)
    await store.put('a/b', Buffer.from('x'))
    chmodSync(directory.path('own', 'a'), 0o500)
    await assert.rejects(store.put('a/c', Buffer.alloc(0)), /The store cannot be used \(key: a\/c, reason: EACCES/)
    await assert.rejects(store.delete('a/b'), { code: 'objects.unavailable' })
    chmodSync(directory.path('own', 'a'), 0)
    await assert.rejects(store.get('a/b'), { code: 'objects.unavailable' })
    await assert.rejects(keysOf(store), { code: 'objects.unavailable' })
    chmodSync(directory.path('own', 'a'), 0o700)
    assert.deepEqual(await keysOf(store), ['a/b'])
    chmodSync(own, 0o500)
    await assert.rejects(store.put('c', Buffer.alloc(0)), { code: 'objects.unavailable' })
  })
})

/** Runs `work` as a user who may not do everything: no mode stops root. */
async function asNobody(own: string, work: () => Promise<void>): Promise<void> {
  if (process.geteuid!() !== 0) return work()
  const nobody = 65534
  chmodSync(directory.path(), 0o755)
  chownSync(own, nobody, nobody)
  process.seteuid!(nobody)
  try {
    await work()
  } finally {
    process.seteuid!(0)
  }
}

test('a directory that is none is refused', async () => {
  writeFileSync(directory.path('file'), '')
  await assert.rejects(directory.open(directory.path('file')), { code: 'objects.unavailable' })
  await assert.rejects(directory.open(directory.path('file', 'below')), { code: 'objects.unavailable' })
})
