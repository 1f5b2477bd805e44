// Puts the corpus to independent implementations from npm, and writes what they
// decide otherwise, with the explanation of each:
//
//   node interop.mjs CORPUS OUT.md SUITE...
//
// Exit 1 when a disagreement has no explanation.
import { writeFileSync } from 'node:fs'
import { byteArea } from './bytes.mjs'
import { proofs } from './proofs.mjs'
import { rules } from './rules.mjs'

const [corpus, out, ...suites] = process.argv.slice(2)
const results = [
  ['canonical', '`JSON.parse` and canonicalize', byteArea(corpus, 'canonical')],
  ['digests', 'canonicalize and OpenSSL', byteArea(corpus, 'digests')],
  ['ed25519', 'OpenSSL, through `node:crypto`', byteArea(corpus, 'ed25519')],
  ['dataintegrity, verify', '@digitalbazaar/vc and data-integrity', await proofs(corpus)],
  ['policy, and rules of suites', '@marcbachmann/cel-js', rules(corpus, suites)],
]
const escape = (s) => s.replaceAll('|', '\\|')
let md = `# Second opinions

\`.ci/differential\` runs the corpus against packages from npm, which share no code with this engine, and writes this
file. The versions are in \`node/package.json\`. A case is compared in one point: does the package accept, or pass, what
this engine accepts? A case is not comparable when the package does not judge its subject.

| area | package | compared | same | different | not comparable |
|---|---|---|---|---|---|
`
let unexplained = 0
for (const [area, what, r] of results) {
  md += `| ${area} | ${what} | ${r.cases - r.notComparable} | ${r.agree} | ${r.rows.length} | ${r.notComparable} |\n`
}
md += '\nEvery disagreement, and why:\n'
for (const [area, , r] of results) {
  const groups = new Map()
  for (const row of r.rows) {
    if (!row.why) {
      unexplained++
      console.log(`UNEXPLAINED ${row.id}: here ${row.ours}, there ${row.theirs || 'refuses'} (${row.comment})`)
    }
    const why = row.why ?? 'unexplained'
    groups.set(why, [...(groups.get(why) ?? []), row])
  }
  if (groups.size) md += `\n## ${area}\n\n`
  for (const [why, rows] of groups) {
    md += `- ${why[0].toUpperCase()}${escape(why.slice(1))}: ${rows.map((row) => '`' + row.id + '`').join(', ')}.\n`
  }
  console.log(`${area}: ${r.agree} decided alike, ${r.rows.length} otherwise, ${r.notComparable} not comparable`)
}
if (out) writeFileSync(out, md)
console.log(`${unexplained} disagreements without an explanation`)
process.exit(unexplained || results.some(([, , r]) => r.agree === 0) ? 1 : 0)
