import ts from 'typescript-api'
import { type Problem, type Project, placeOf, type Rule } from '../project.ts'
import { lineOf, type Source, walk } from '../source.ts'

type Declared = { readonly code: string; readonly path: string; readonly line: number }

const documentPath = 'docs/errors.md'

/** Error codes are declared in `src/errors.ts` under their package's name, documented both ways, and used. */
export const errorCodesRule: Rule = {
  name: 'error codes',
  check(project) {
    const { declared, problems } = declaredCodes(project)
    const documented = documentedCodes(project)
    const used = usedStrings(project)
    for (const { code, path, line } of declared) {
      if (!documented.has(code)) {
        problems.push({ path, line, message: `${code} is not in ${documentPath}: run npm run docs` })
      }
      if (!used.has(code)) problems.push({ path, line, message: `${code} is declared but never used` })
    }
    const codes = new Set(declared.map(({ code }) => code))
    for (const [code, line] of documented) {
      if (!codes.has(code)) problems.push({ path: documentPath, line, message: `${code} is declared nowhere` })
    }
    return problems
  },
}

function declaredCodes(project: Project): { declared: Declared[]; problems: Problem[] } {
  const declared: Declared[] = []
  const problems: Problem[] = []
  for (const source of project.sources.values()) {
    const place = placeOf(source.path)
    if (place?.part !== 'src') continue
    for (const call of familiesIn(source)) {
      const line = lineOf(source.tree, call)
      const home = `packages/${place.package}/src/errors.ts`
      if (source.path !== home) problems.push({ path: source.path, line, message: `errors are declared in ${home}` })
      for (const found of codesOf(source, call)) {
        declared.push(found)
        if (found.code.startsWith(`${place.package}.`)) continue
        problems.push({ ...found, message: `${found.code} does not begin with ${place.package}.` })
      }
    }
  }
  return { declared, problems }
}

function familiesIn(source: Source): ts.CallExpression[] {
  const calls: ts.CallExpression[] = []
  walk(source.tree, node => {
    if (ts.isCallExpression(node) && node.expression.getText() === 'errorFamily') calls.push(node)
  })
  return calls
}

function codesOf(source: Source, call: ts.CallExpression): Declared[] {
  const specs = call.arguments[1]
  if (!specs || !ts.isObjectLiteralExpression(specs)) return []
  return specs.properties.flatMap(property => {
    if (!property.name || !ts.isStringLiteral(property.name)) return []
    return [{ code: property.name.text, path: source.path, line: lineOf(source.tree, property) }]
  })
}

function documentedCodes(project: Project): Map<string, number> {
  const codes = new Map<string, number>()
  for (const [at, line] of (project.files.get(documentPath) ?? '').split('\n').entries()) {
    const code = /^\| `([a-z0-9-]+\.[a-z0-9-]+)` \|/.exec(line)?.[1]
    if (code) codes.set(code, at + 1)
  }
  return codes
}

/** String literals in product code, except where the codes are declared. */
function usedStrings(project: Project): Set<string> {
  const used = new Set<string>()
  for (const source of project.sources.values()) {
    if (placeOf(source.path)?.part !== 'src' || source.path.endsWith('/src/errors.ts')) continue
    walk(source.tree, node => {
      if (ts.isStringLiteralLike(node)) used.add(node.text)
    })
  }
  return used
}
