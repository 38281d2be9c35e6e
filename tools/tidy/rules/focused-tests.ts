import ts from 'typescript-api'
import type { Problem, Rule } from '../project.ts'
import { lineOf, walk } from '../source.ts'

/** No test runs alone and none is silently left out: `.only`, `.todo`, a bare `.skip`. Skipping says why (`{ skip: 'kcat is not installed' }`). */
export const focusedTestsRule: Rule = {
  name: 'focused tests',
  check(project) {
    const problems: Problem[] = []
    for (const { path, tree } of project.sources.values()) {
      if (!path.endsWith('.test.ts')) continue
      walk(tree, node => {
        const match =
          ts.isCallExpression(node) && /^(?:test|it|describe|suite)\.(only|skip|todo)$/.exec(node.expression.getText())
        if (match) problems.push({ path, line: lineOf(tree, node), message: `.${match[1]} leaves tests out` })
      })
    }
    return problems
  },
}
