import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { answerTo } from '@chronicle/testing'
import fc from 'fast-check'
import { consistencyProof, emptyRoot, type Hash, treeRoot } from '../src/merkle/index.ts'
import { formatCheckpoint } from '../src/notes/checkpoint.ts'
import { verifyCosignature } from '../src/notes/cosignature.ts'
import { addSignatures, ed25519Signer, signNote } from '../src/notes/note.ts'
import { Witness, type WitnessedTree } from '../src/notes/witness.ts'
import { formatWitnessRequest, parseWitnessRequest } from '../src/notes/witness-request.ts'
import { endlessTree, keyNamed, outcomeOf, refusal, someHash } from './notes-support.ts'

const origin = 'log.example/sessions/one'
const log = ed25519Signer('log.example', keyNamed('log'))
const mallory = ed25519Signer('log.example', keyNamed('mallory'))
const witness = new Witness({ name: 'w1.example', privateKey: keyNamed('w1'), logKeys: [log.vkey] })
const sizeMax = 20
const roots: Hash[] = []

before(async () => {
  for (let size = 0; size <= sizeMax; size++) roots.push(await treeRoot(size, endlessTree))
})

function headOf(size: number, root: Uint8Array = roots[size]!): string {
  return formatCheckpoint({ origin, size, root })
}

async function requestOf(from: number, to: number, note = signNote(headOf(to), [log])): Promise<string> {
  return formatWitnessRequest(from, await consistencyProof(from, to, endlessTree), note)
}

/** What a witness that knows the tree of `size` leaves answers, and what it knows then. */
function ask(body: string | Uint8Array, size = 0) {
  const trees = new Map<string, WitnessedTree>()
  if (size > 0) trees.set(origin, { size, root: roots[size]! })
  const answer = answerTo(witness, trees, Buffer.from(body as string), 1_700_000_000)
  return { ...answer, size: trees.get(origin)?.size ?? 0 }
}

test('a tree that grows is cosigned, step by step, and so is the same one again', async () => {
  const trees = new Map<string, WitnessedTree>()
  const steps: [number, number][] = [
    [0, 0],
    [0, 1],
    [1, 1],
    [1, 4],
    [4, 7],
    [7, 8],
    [8, 8],
    [8, 20],
  ]
  for (const [from, to] of steps) {
    const answer = answerTo(witness, trees, Buffer.from(await requestOf(from, to)), 1_700_000_000 + to)
    assert.equal(answer.status, 200, `${from} to ${to}: ${answer.body}`)
    const line = answer.body.slice(0, -1)
    assert.deepEqual(verifyCosignature(line, headOf(to), witness.vkey), { timeSeconds: 1_700_000_000 + to })
    assert.deepEqual(trees.get(origin), { size: to, root: roots[to] })
  }
})

test('the statuses of the specification', async () => {
  const good = await requestOf(4, 7)
  assert.equal(ask(good, 4).status, 200)
  const elsewhere = signNote(formatCheckpoint({ origin: 'other.example', size: 7, root: roots[7]! }), [log])
  assert.equal(ask(await requestOf(4, 7, elsewhere), 4).status, 404)
  assert.equal(ask(await requestOf(4, 7, signNote(headOf(7), [mallory])), 4).status, 403)
  const broken = good.replace('\n7\n', '\n8\n')
  assert.equal(ask(broken, 4).status, 403)
  assert.equal(ask(formatWitnessRequest(8, [], signNote(headOf(7), [log])), 4).status, 400)
  assert.equal(ask('old 4\n', 4).status, 400)
  const conflict = ask(good, 5)
  assert.deepEqual([conflict.status, conflict.contentType, conflict.body], [409, 'text/x.tlog.size', '5\n'])
  assert.equal(ask(await requestOf(0, 7), 4).status, 409)
  assert.equal(ask(good.replace('old 4', 'old 0')).status, 422)
  assert.equal(ask(good.replace(/old 4\n[^\n]+\n/, 'old 4\n'), 4).status, 422)
})

test('VN5 a tree that does not follow is not cosigned, and changes nothing', async () => {
  const other = (size: number) => signNote(headOf(size, someHash(999)), [log])
  const proof = await consistencyProof(5, 7, endlessTree)
  const refused: [string, string][] = [
    ['another root', formatWitnessRequest(5, proof, other(7))],
    ['another root of the same size', formatWitnessRequest(5, [], other(5))],
    ['no proof', formatWitnessRequest(5, [], signNote(headOf(7), [log]))],
    ['a proof of nothing', formatWitnessRequest(5, [someHash(1)], signNote(headOf(5), [log]))],
    [
      'a proof from another size',
      formatWitnessRequest(5, await consistencyProof(3, 7, endlessTree), signNote(headOf(7), [log])),
    ],
    ['a proof in another order', formatWitnessRequest(5, proof.toReversed(), signNote(headOf(7), [log]))],
    ['more proof than needed', formatWitnessRequest(5, [...proof, someHash(1)], signNote(headOf(7), [log]))],
  ]
  assert.ok(proof.length > 1, 'the order matters')
  for (const [name, body] of refused) {
    const answer = ask(body, 5)
    assert.deepEqual([answer.status, answer.size], [422, 5], name)
  }
  for (const [name, body] of [
    ['an empty tree with another root', formatWitnessRequest(0, [], other(0))],
    ['a proof from no leaves', formatWitnessRequest(0, [someHash(1)], signNote(headOf(7), [log]))],
  ] as const)
    assert.deepEqual([ask(body).status, ask(body).size], [422, 0], name)
  assert.deepEqual(roots[0], emptyRoot)
})

test('VN5 of any requests in any order, those that were cosigned are one history', async () => {
  const forged = (size: number) => someHash(-1 - size)
  const request = fc.record({
    from: fc.nat(sizeMax),
    to: fc.nat(sizeMax),
    forge: fc.boolean(),
    honestFrom: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 25 }), async requests => {
      const trees = new Map<string, WitnessedTree>()
      let latest = 0
      for (const { from, to, forge, honestFrom } of requests) {
        const oldSize = honestFrom ? latest : from
        const root = forge ? forged(to) : roots[to]!
        const proof = oldSize <= to ? await consistencyProof(oldSize, to, endlessTree) : []
        const body = formatWitnessRequest(oldSize, proof, signNote(headOf(to, root), [log]))
        const { status } = answerTo(witness, trees, Buffer.from(body), 1)
        // From nothing anything follows: a first forged tree is the history from then on, which this log does not continue.
        if (status === 200 && latest === 0 && forge && to > 0) return
        if (status === 200)
          assert.ok(!forge && to >= latest && oldSize === latest, `${oldSize} to ${to}, after ${latest}`)
        if (status === 200) latest = to
        assert.equal(trees.get(origin)?.size ?? 0, latest)
      }
    }),
    { numRuns: 100 },
  )
})

test('VN2 a request has one form', async () => {
  const body = await requestOf(4, 7)
  const hash = body.split('\n')[1]!
  const parsed = parseWitnessRequest(body)
  assert.deepEqual([parsed.oldSize, parsed.checkpoint.size], [4, 7])
  const malformed: [string, RegExp][] = [
    ['', /no empty line/],
    [body.replace('old 4', 'old 04'), /leading zeros/],
    [body.replace('old 4', 'old -4'), /decimal/],
    [body.replace('old 4', 'old  4'), /decimal/],
    [body.replace('old 4', 'Old 4'), /old size is missing/],
    [body.replace('old 4', 'size 4'), /old size is missing/],
    [`\n${body}`, /first|old size|hash/],
    [body.replace(hash, hash.slice(4)), /32-byte hash/],
    [body.replace(hash, `${hash}=`), /32-byte hash/],
    [body.replace(`${hash}\n`, `${hash}\n`.repeat(64)), /more than 63/],
    [body.replaceAll('\n', '\r\n'), /control/],
    [body.slice(0, -1), /signature line/],
  ]
  for (const [bytes, problem] of malformed)
    assert.throws(() => parseWitnessRequest(bytes), refusal('vault.invalid-note', problem), bytes.slice(0, 40))
  assert.throws(() => parseWitnessRequest(new Uint8Array(2_000_000)), refusal('vault.invalid-note', /longer/))
})

test('signatures of others in a request are passed over', async () => {
  const note = addSignatures(signNote(headOf(7), [log]), [mallory.sign(headOf(7))])
  assert.equal(ask(await requestOf(4, 7, note), 4).status, 200)
})

test('VN2 whatever bytes come, a witness answers with a status and cosigns only what the log signed', async () => {
  const body = await requestOf(4, 7)
  const pieces = fc.constantFrom('\n', '\n\n', 'old 4', 'old 0\n', '7', '8', '=', log.sign(headOf(7)))
  const mutated = fc
    .tuple(fc.nat(body.length), fc.nat(60), fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 12 })))
    .map(([at, removed, added]) => body.slice(0, at) + added + body.slice(at + removed))
  const check = (bytes: string | Uint8Array) => {
    const { status, size } = ask(bytes, 4)
    assert.ok([200, 400, 403, 404, 409, 422].includes(status))
    assert.equal(size, status === 200 ? 7 : 4)
    const parsed = outcomeOf(() => parseWitnessRequest(bytes))
    if ('code' in parsed) assert.deepEqual([parsed.code, status], ['vault.invalid-note', 400])
  }
  fc.assert(fc.property(mutated, check), { numRuns: 1000 })
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), check), { numRuns: 300 })
})
