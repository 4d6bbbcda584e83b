// The size of core's main entry, as a browser loads it without rxjs: npm run size [-- --files]
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { root } from './packages.ts'

/** gzip, in bytes: raised by whoever adds what is worth its size, and lowered again. TPE takes a quarter, the sentences of errors a tenth. */
const ceiling = 31_500

const { outputFiles, metafile } = await build({
  entryPoints: [join(root, 'core/src/index.ts')],
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2024',
  platform: 'browser',
  external: ['rxjs'],
  absWorkingDir: root,
  write: false,
  // Only names the output; nothing is written.
  outfile: 'core.js',
  metafile: true
})
const bytes = gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length
console.log(`core without rxjs: ${(bytes / 1000).toFixed(2)} kB gzip, at most ${ceiling / 1000} kB`)
if (bytes > ceiling) process.exitCode = 1
if (bytes > ceiling || process.argv.includes('--files')) {
  const files = Object.entries(metafile.outputs['core.js']?.inputs ?? {}).sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput)
  for (const [file, { bytesInOutput }] of files) console.log(`${bytesInOutput.toString().padStart(7)} B minified  ${file}`)
}
