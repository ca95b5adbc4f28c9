// Checks the links of all Markdown files of the repository: their files exist, and their anchors are headings. It prints each broken
// link. External links are not requested.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { slug } from './slug.mjs'

const git = (...args) => execFileSync('git', args, { encoding: 'utf8' }).split('\n').filter(Boolean)
const withoutCode = (text) => text.replace(/^```[^]*?^```/gm, '').replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ' '))

const anchors = new Map()
function anchorsOf(file) {
  if (!anchors.has(file)) {
    const found = new Set()
    for (const [, heading] of readFileSync(file, 'utf8').replace(/^```[^]*?^```/gm, '').matchAll(/^#{1,6} (.*)$/gm)) {
      const text = slug(heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, ''))
      let unique = text
      for (let n = 1; found.has(unique); n++) unique = `${text}-${n}`
      found.add(unique)
    }
    anchors.set(file, found)
  }
  return anchors.get(file)
}

let checked = 0
const broken = []
process.chdir(git('rev-parse', '--show-toplevel')[0])
for (const file of git('ls-files', '--cached', '--others', '--exclude-standard', '*.md')) {
  for (const [, target] of withoutCode(readFileSync(file, 'utf8')).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue
    checked++
    const [to, anchor] = target.split('#')
    const linked = to ? path.join(path.dirname(file), to) : file
    if (!existsSync(linked)) broken.push(`${file}: ${target}: there is no such file`)
    else if (anchor && !anchorsOf(linked).has(anchor)) broken.push(`${file}: ${target}: there is no such heading`)
  }
}
broken.forEach((line) => console.error(line))
console.log(`${checked} links checked, ${broken.length} broken`)
process.exitCode = checked === 0 || broken.length > 0 ? 1 : 0
