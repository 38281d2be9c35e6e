/** One parsed source file: what it imports and what its comments say, read from the compiler's syntax tree. */
import ts from 'typescript-api'

/** How one file names another: an import, a re-export, `import()`, `import('x').T`, or `new URL('./x.ts', import.meta.url)`. */
export type Reference = { readonly specifier: string; readonly line: number; readonly typeOnly: boolean }

export type Comment = { readonly text: string; readonly line: number }

export type Source = {
  /** From the root of the project, with forward slashes. */
  readonly path: string
  readonly text: string
  readonly tree: ts.SourceFile
  readonly references: readonly Reference[]
  readonly comments: readonly Comment[]
}

export function parseSource(path: string, text: string): Source {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  return { path, text, tree, references: referencesOf(tree), comments: commentsOf(tree) }
}

/** The line of `node`, counted from 1. */
export function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1
}

/** Calls `visit` for every node below `node`, itself included. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  ts.forEachChild(node, child => walk(child, visit))
}

function referencesOf(tree: ts.SourceFile): Reference[] {
  const references: Reference[] = []
  walk(tree, node => {
    const found = referenceOf(node)
    if (found && ts.isStringLiteralLike(found.specifier)) {
      references.push({ specifier: found.specifier.text, line: lineOf(tree, node), typeOnly: found.typeOnly })
    }
  })
  return references
}

function referenceOf(node: ts.Node): { specifier: ts.Node; typeOnly: boolean } | undefined {
  if (ts.isImportDeclaration(node)) return { specifier: node.moduleSpecifier, typeOnly: importsTypesOnly(node) }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
    return { specifier: node.moduleSpecifier, typeOnly: exportsTypesOnly(node) }
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return { specifier: node.argument.literal, typeOnly: true }
  }
  if (ts.isCallExpression(node) && node.arguments[0] && isImportCall(node)) {
    return { specifier: node.arguments[0], typeOnly: false }
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'URL' && node.arguments?.length === 2) {
    const [specifier, base] = node.arguments
    if (base!.getText() === 'import.meta.url') return { specifier: specifier!, typeOnly: false }
  }
  return undefined
}

function isImportCall(node: ts.CallExpression): boolean {
  return node.expression.kind === ts.SyntaxKind.ImportKeyword || node.expression.getText() === 'import.meta.resolve'
}

function importsTypesOnly(node: ts.ImportDeclaration): boolean {
  const clause = node.importClause
  if (!clause) return false
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true
  const bindings = clause.namedBindings
  return (
    !clause.name && bindings !== undefined && ts.isNamedImports(bindings) && bindings.elements.every(e => e.isTypeOnly)
  )
}

function exportsTypesOnly(node: ts.ExportDeclaration): boolean {
  if (node.isTypeOnly) return true
  const clause = node.exportClause
  return clause !== undefined && ts.isNamedExports(clause) && clause.elements.every(e => e.isTypeOnly)
}

function commentsOf(tree: ts.SourceFile): Comment[] {
  const found = new Map<number, Comment>()
  const collect = (ranges: readonly ts.CommentRange[] | undefined): void => {
    for (const { pos, end } of ranges ?? []) {
      const line = tree.getLineAndCharacterOfPosition(pos).line + 1
      found.set(pos, { text: tree.text.slice(pos, end), line })
    }
  }
  const visit = (node: ts.Node): void => {
    if (ts.isJSDoc(node)) return
    collect(ts.getLeadingCommentRanges(tree.text, node.getFullStart()))
    collect(ts.getTrailingCommentRanges(tree.text, node.getFullStart()))
    for (const child of node.getChildren(tree)) visit(child)
  }
  visit(tree)
  return [...found.values()].sort((a, b) => a.line - b.line)
}
