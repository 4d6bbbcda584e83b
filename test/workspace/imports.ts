const patterns = [
  // import … from 'x', export … from 'x', import 'x': at the start of a line, which an example in a comment never is.
  /^[ \t]*(?:import|export)\b[^'"`;=]*?\bfrom\s+['"]([^'"]+)['"]/gm,
  /^[ \t]*import\s+['"]([^'"]+)['"]/gm,
  // import('x'), also in a type.
  /^(?![ \t]*(?:\/\/|\/?\*)).*?\bimport\(\s*['"]([^'"]+)['"]/gm,
  /^(?![ \t]*(?:\/\/|\/?\*)).*?\brequire\(\s*['"]([^'"]+)['"]/gm
]

/** The specifiers that a source text imports, in no order. */
export function importsOf(text: string): readonly string[] {
  return patterns.flatMap(pattern => [...text.matchAll(pattern)].map(match => match[1] ?? ''))
}

/** The package of a specifier: `@rxtuna/core` of `@rxtuna/core/node`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}
