/**
 * A checksum that any single changed word changes for certain, and any other change but with a chance of 2^-128: four lanes of FNV-1a over 32-bit
 * words. Against mistakes, not against intent. The buffer's length must be a multiple of 16.
 */
export function checksum(buffer: ArrayBufferLike): string {
  const words = new Uint32Array(buffer)
  let a = 0x811c9dc5
  let b = 0x811c9dc6
  let c = 0x811c9dc7
  let d = 0x811c9dc8
  for (let i = 0; i < words.length; i += 4) {
    a = Math.imul(a ^ (words[i] as number), 0x01000193)
    b = Math.imul(b ^ (words[i + 1] as number), 0x01000193)
    c = Math.imul(c ^ (words[i + 2] as number), 0x01000193)
    d = Math.imul(d ^ (words[i + 3] as number), 0x01000193)
  }
  return `${a >>> 0} ${b >>> 0} ${c >>> 0} ${d >>> 0}`
}
