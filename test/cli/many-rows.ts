/** Short rows as JSON lines; those that are not readable have no answer. */
export function manyRows(count: number, isReadable: (place: number) => boolean = () => true): string {
  const words = ['oak', 'river', 'stone', 'cloud', 'lamp', 'bread', 'night', 'wheel', 'salt', 'glass']
  const word = (i: number) => words[i % words.length]!
  return Array.from({ length: count }, (_, i) => {
    const instruction = `Say ${word(i)} ${word(i * i + 3)} ${i % 23}.`
    const answer = Array.from({ length: 1 + ((i * 7) % 9) }, (_, k) => word(i * (k + 1) + (k % 3))).join(' ')
    return `${JSON.stringify(isReadable(i) ? { instruction, output: answer } : { instruction })}\n`
  }).join('')
}
