/**
 * `node bench/profile.ts FILE.cpuprofile [ROWS]`: where the processor time of a profile went, as a table of functions by
 * self time. Make one with `npm run bench -- NAME --profile DIR`, or by starting any process
 * with `node --cpu-prof`.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

type Profile = {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
    readonly children?: readonly number[]
  }[]
  readonly samples: readonly number[]
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[]
}

type Total = { readonly name: string; selfUs: number; totalUs: number }

/** Self and total time by function, largest self time first. Recursion counts once in the total. */
function totals(profile: Profile): Total[] {
  const selfUs = new Map<number, number>()
  for (const [at, id] of profile.samples.entries()) selfUs.set(id, (selfUs.get(id) ?? 0) + profile.timeDeltas[at]!)
  const byId = new Map(profile.nodes.map(node => [node.id, node]))
  const byName = new Map<string, Total>()
  const visit = (id: number, above: ReadonlySet<string>): number => {
    const node = byId.get(id)!
    const name = nameOf(node.callFrame)
    const within = new Set(above).add(name)
    const self = selfUs.get(id) ?? 0
    const total = (node.children ?? []).reduce((sum, child) => sum + visit(child, within), self)
    let entry = byName.get(name)
    if (entry === undefined) byName.set(name, (entry = { name, selfUs: 0, totalUs: 0 }))
    entry.selfUs += self
    if (!above.has(name)) entry.totalUs += total
    return total
  }
  visit(profile.nodes[0]!.id, new Set())
  return [...byName.values()].sort((a, b) => b.selfUs - a.selfUs)
}

function nameOf(frame: Profile['nodes'][number]['callFrame']): string {
  const place = frame.url.replace(/^.*\/(packages|node_modules|bench)\//, '$1/').replace(/^node:/, 'node:')
  const name = frame.functionName || '(anonymous)'
  return place === '' ? name : `${name}  ${place}:${frame.lineNumber + 1}`
}

/** The `rows` functions with the most self time; shares are of the time that was not idle. */
export function profileTable(file: string, rows: number): string {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile
  const all = totals(profile)
  const idleUs = all.filter(({ name }) => name === '(idle)').reduce((sum, each) => sum + each.selfUs, 0)
  const wholeUs = profile.timeDeltas.reduce((sum, each) => sum + each, 0)
  const busyUs = wholeUs - idleUs
  const lines = [
    `${file}: ${(wholeUs / 1e6).toFixed(2)} s, busy ${((busyUs * 100) / wholeUs).toFixed(0)} %`,
    '   self   total  function',
  ]
  for (const { name, selfUs, totalUs } of all.filter(each => !waiting.has(each.name)).slice(0, rows)) {
    lines.push(`${share(selfUs, busyUs)} ${share(totalUs, busyUs)}  ${name}`)
  }
  return lines.join('\n')
}

const waiting = new Set(['(idle)', '(root)'])

function share(us: number, ofUs: number): string {
  return `${((us * 100) / ofUs).toFixed(1)} %`.padStart(7)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [file, rows = '25'] = process.argv.slice(2)
  if (file === undefined) {
    console.error('node bench/profile.ts FILE.cpuprofile [ROWS]')
    process.exitCode = 2
  } else {
    console.log(profileTable(file, Number(rows)))
  }
}
