import ts from 'typescript-api'
import { type Problem, placeOf, type Rule } from '../project.ts'
import { lineOf, type Source, walk } from '../source.ts'

/** `base` gives clock and randomness their real forms, `server` hands them out, `testing` is used from tests only. */
const free = new Set(['base', 'server', 'testing'])

/** What else may reach for an effect itself, and why. An entry that nothing uses any more is a problem too. */
export const excused: readonly { path: string; effect: string; reason: string }[] = [
  {
    path: 'packages/observe/src/log/read-batch.ts',
    effect: 'setImmediate',
    reason: 'a turn for others between two pieces of work, not a time',
  },
  {
    path: 'packages/wal/src/open.ts',
    effect: 'setImmediate',
    reason: 'the default of an argument: a turn, not a time',
  },
  {
    path: 'packages/capture/src/screenshots/screenshots.ts',
    effect: 'setImmediate',
    reason: 'the default of an argument: a turn, not a time',
  },
  {
    path: 'packages/wal/src/disk-wal.ts',
    effect: 'setImmediate',
    reason: 'the default of an argument: a turn, not a time',
  },
]

const timers = new Set(['setTimeout', 'setInterval', 'setImmediate'])
const effectfulImports = new Set(['node:timers', 'node:timers/promises'])
const effectfulCrypto = new Set(['randomBytes', 'randomInt', 'randomUUID', 'randomFillSync', 'getRandomValues'])

/** Time and chance come in as arguments (`Clock`, `Random`): that is what lets one seed replay one failure. */
export const effectsRule: Rule = {
  name: 'effects',
  check(project) {
    const problems: Problem[] = []
    const unused = new Set(excused.filter(({ path }) => project.sources.has(path)))
    for (const source of project.sources.values()) {
      const place = placeOf(source.path)
      if (place?.part !== 'src' || free.has(place.package)) continue
      for (const { effect, line } of effectsOf(source)) {
        const excuse = excused.find(entry => entry.path === source.path && entry.effect === effect)
        if (excuse) unused.delete(excuse)
        else problems.push({ path: source.path, line, message: `${effect} is reached for: take a Clock or a Random` })
      }
    }
    for (const { path, effect } of unused) problems.push({ path, line: 1, message: `needs no excuse for ${effect}` })
    return problems
  },
}

function effectsOf(source: Source): { effect: string; line: number }[] {
  const found: { effect: string; line: number }[] = []
  walk(source.tree, node => {
    const effect = effectOf(node)
    if (effect) found.push({ effect, line: lineOf(source.tree, node) })
  })
  return found
}

function effectOf(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return effectfulMember(node)
  if (ts.isNewExpression(node) && isNamed(node.expression, 'Date') && !node.arguments?.length) return 'new Date()'
  if (ts.isCallExpression(node) && isNamed(node.expression, 'Date')) return 'Date()'
  if (ts.isIdentifier(node) && timers.has(node.text) && isValue(node)) return node.text
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) return effectfulImport(node)
  return undefined
}

function effectfulMember(node: ts.PropertyAccessExpression): string | undefined {
  const name = `${node.expression.getText()}.${node.name.text}`
  if (['Date.now', 'Math.random', 'performance.now', 'process.hrtime'].includes(name)) return name
  if (node.expression.getText() === 'globalThis' && timers.has(node.name.text)) return node.name.text
  return undefined
}

function effectfulImport(node: ts.ImportDeclaration): string | undefined {
  const from = (node.moduleSpecifier as ts.StringLiteral).text
  if (effectfulImports.has(from)) return from
  const bindings = node.importClause?.namedBindings
  if (from !== 'node:crypto' || !bindings || !ts.isNamedImports(bindings)) return undefined
  return bindings.elements
    .map(({ name, propertyName }) => (propertyName ?? name).text)
    .find(n => effectfulCrypto.has(n))
}

/** Not the name of a member, a parameter or an import, nor part of a type. */
function isValue(node: ts.Identifier): boolean {
  const parent: ts.Node & { name?: ts.Node; propertyName?: ts.Node } = node.parent
  return parent.name !== node && parent.propertyName !== node && !ts.isTypeQueryNode(parent)
}

function isNamed(node: ts.Node, name: string): boolean {
  return ts.isIdentifier(node) && node.text === name
}
