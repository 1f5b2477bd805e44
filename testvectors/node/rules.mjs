// The rules of the area policy, and of test suites, in another CEL engine.
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

// Why the two disagree: whether it passes here, and which cases.
const explained = [
  [false, 'the profile refuses on purpose what CEL lets pass: infinities, and values of different types', ['policy/overflow', 'policy/untyped-equality-of-kinds',
    'policy/untyped-object-as-list', 'policy/untyped-text-as-object', 'policy/untyped-in-mixed-list', 'policy/untyped-in-object', 'policy/untyped-booleans-ordered']],
  [false, 'its timestamps are those of Date, where a day ends at 24:00:00; those of RFC 3339 end a second before', ['policy/timestamp-hour-24']],
  [true, 'its timestamps have at most 30 characters; RFC 3339 sets no limit', ['policy/timestamp-fraction']],
  [true, 'it gives the sum of a duration and a timestamp the type of the first operand; in CEL the sum is a timestamp', ['policy/time-distance']],
]

// rules returns the rules decided otherwise, and how many there are of each kind.
export function rules(corpus, suites) {
  const rows = []
  let cases = 0, agree = 0, notComparable = 0
  const left = new Map(explained.flatMap(([ours, why, ids]) => ids.map(id => [id, { ours, why }])))
  function compare(where, rule, want, ...rest) {
    cases++
    const got = passes(rule, ...rest)
    if (got.passes === want) { agree++; return }
    const known = left.get(where)
    left.delete(where)
    const why = known?.ours === want ? known.why : undefined
    rows.push({ id: where, ours: want ? 'pass' : 'no pass', theirs: got.passes ? 'pass' : `no pass: ${got.why}`, comment: rule.expression, why })
  }
  for (const name of readdirSync(join(corpus, 'policy')).sort()) {
    const { id, input, expect } = JSON.parse(readFileSync(join(corpus, 'policy', name), 'utf8'))
    const exec = input.executionParams ?? (input.executionParamsBytes?.text && JSON.parse(input.executionParamsBytes.text))
    for (const e of expect.evaluations ?? []) {
      const rule = input.content.rules.find((r) => r.name === e.rule)
      // The cost limit is ours, and the last two are decided without CEL.
      if (e.code === 'cost_exceeded' || e.result === 'skip' || e.code === 'unknown_member') { cases++; notComparable++; continue }
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
  for (const id of left.keys()) rows.push({ id, ours: 'listed', theirs: 'alike', comment: 'take it off the list' })
  return { cases, agree, notComparable, rows }
}
