/** L2 L3 L4 L5 L6 L7 L8 L10 L11 L12: a slice of `npm run sim -- 1 100000 log`. */
import { test } from 'node:test'
import { simulations } from '@chronicle/testing'

const lives = 60

test(`L2: in ${lives} simulated lives every acknowledged record and change survives crashes, in order and once`, async () => {
  for (let seed = 1; seed <= lives; seed++) await simulations.log!(seed)
})
