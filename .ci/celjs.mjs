// Decides the rules of conformance vectors and test suites with another CEL
// engine, and compares: node celjs.mjs VECTORS_DIR SUITE...
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Environment } from '@marcbachmann/cel-js'
import { parse as parseYAML } from 'yaml'

// In the profile every number is a double, so that 500 and 500.0 are the same
// rule; in CEL 500 is an int. The index of a list stays one.
function doubles(source) {
  const token = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[A-Za-z_][A-Za-z_0-9]*|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|\[\s*\d+\s*\](?=.)|./gs
  let before = ''
  return source.replace(token, (t) => {
    const index = /^\[/.test(t) && t.length > 1 && /[\w\])]$/.test(before)
    const out = index ? t : t.replace(/^(\[\s*)?(\d+)(\s*\])?$/, '$1$2.0$3')
    if (t.trim()) before = t
    return out
  })
}

const unwrap = (v) => v && typeof v === 'object' && !Array.isArray(v) && 'value' in v &&
  Object.keys(v).every((k) => ['value', 'description', 'label', 'hidden'].includes(k)) ? v.value : v

// Null counts as absent in a declared shape.
const present = (params, shape) => Object.fromEntries(Object.entries(params ?? {}).filter(([, v]) => !(shape && v === null)))

function passes(rule, content, user, exec, now) {
  const env = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false })
    .registerOperator('double == int', (a, b) => a === Number(b)) // size is a double in the profile
  let value
  try {
    value = env.evaluate(doubles(rule.expression), {
      executionParams: present(exec, content.executionParams ?? content.tools),
      userParams: present(Object.fromEntries(Object.entries(user ?? {}).map(([k, v]) => [k, unwrap(v)])), content.userParams),
      now: new Date(now),
    })
  } catch (e) {
    return { passes: false, why: e.message.split('\n')[0] }
  }
  return { passes: typeof value === 'boolean' && value !== (rule.effect === 'forbid'), why: String(value) }
}

// Where the profile refuses what CEL lets pass, on purpose; the vectors say why.
const stricter = new Set(['policy/overflow', 'policy/untyped-equality-of-kinds', 'policy/untyped-object-as-list', 'policy/untyped-text-as-object'])

let compared = 0, different = 0, cost = 0
function compare(where, rule, want, ...rest) {
  compared++
  const got = passes(rule, ...rest)
  if (stricter.has(where) && !want && got.passes) {
    stricter.delete(where)
  } else if (got.passes !== want) {
    different++
    console.log(`${where}: ${rule.expression}: here ${want ? 'pass' : 'no pass'}, there ${got.why}`)
  }
}

const [vectors, ...suites] = process.argv.slice(2)
for (const name of readdirSync(vectors)) {
  const { id, input, expect } = JSON.parse(readFileSync(join(vectors, name), 'utf8'))
  const exec = input.executionParams ?? (input.executionParamsBytes?.text && JSON.parse(input.executionParamsBytes.text))
  for (const e of expect.evaluations ?? []) {
    const rule = input.content.rules.find((r) => r.name === e.rule)
    if (e.code === 'cost_exceeded') { cost++; continue }
    if (e.result === 'skip' || e.code === 'unknown_member') continue // decided without CEL
    compare(id, rule, e.result === 'pass', input.content, input.userParams, exec, input.now ?? '2026-05-02T10:16:00Z')
  }
}
for (const file of suites) {
  const s = parseYAML(readFileSync(file, 'utf8'), { schema: 'core' })
  const content = typeof s.action === 'string' ? JSON.parse(readFileSync(join(dirname(file), s.action), 'utf8')) : s.action
  for (const c of s.cases) {
    if (c.expect.faults || /params_invalid$/.test(c.expect.reason ?? '')) continue // no rule runs
    const user = typeof c.mandate === 'string' ? s.mandates[c.mandate] : c.mandate
    for (const rule of content.rules) {
      const without = (list) => !(list ?? []).includes(rule.name)
      if (!without(c.expect.skipped)) continue
      compare(`${s.suite}: ${c.name}`, rule, without(c.expect.failed) && without(c.expect.errors), content, user, c.params, c.now ?? s.now)
    }
  }
}
for (const id of stricter) console.log(`${id}: the engines agree, so it does not belong in the list`)
console.log(`${compared} rules compared, ${different} different decisions where the profile is CEL; ${cost} beyond the cost limit left out`)
process.exit(different > 0 || stricter.size > 0 || compared < 100 ? 1 : 0)
