import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { elementsOf } from '../src/http/observe/json-elements.ts'

test('the elements of any array in JSON, however it is spaced, are the values that it has', () => {
  const space = fc.constantFrom('', ' ', '\n', '\t\r ')
  const element = fc.tuple(fc.json(), fc.constantFrom(undefined, 1, '\t'), space, space)
  const array = fc.array(element).map(elements => {
    const texts = elements.map(([json, indent]) => JSON.stringify(JSON.parse(json), null, indent))
    return { texts, body: `[${texts.map((text, at) => elements[at]![2] + text + elements[at]![3]).join(',')}]` }
  })
  fc.assert(
    fc.property(array, space, ({ texts, body }, around) => {
      const found = [...elementsOf(Buffer.from(around + body + around))].map(String)
      assert.deepEqual(found, texts)
    }),
  )
})

test('brackets, commas, quotes and backslashes in texts cut nothing', () => {
  const texts = ['"],["', '"\\\\"', '"\\"],{"', '{"a]":"}","b":[[],{}]}', '[]', '"ü,→"']
  assert.deepEqual([...elementsOf(Buffer.from(`[${texts.join(',')}]`))].map(String), texts)
})
