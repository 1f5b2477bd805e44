// The areas canonical, digests and ed25519: JCS by the package canonicalize,
// SHA-256 and Ed25519 by node:crypto, which is OpenSSL.
import canonicalize from 'canonicalize'
import { createHash, createPublicKey, verify } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const once = (v) => v.text !== undefined ? Buffer.from(v.text) : v.hex !== undefined ? Buffer.from(v.hex, 'hex') : Buffer.from(v.base64, 'base64')
const bytes = (v) => v.parts ? Buffer.concat(v.parts.flatMap((p) => Array(p.times).fill(once(p)))) : once(v)
const sha256 = (data, form) => createHash('sha256').update(data).digest(form)
const sri = (value) => 'sha256-' + sha256(canonicalize(value), 'base64')

function canonical({ input }) {
  let value
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes(input)))
  } catch { return 'refuses' }
  const form = canonicalize(value)
  return form === undefined ? 'refuses' : JSON.stringify({ canonical: form, sha256: sha256(form, 'hex') })
}

function digests({ input: i }) {
  const params = i.params ?? (i.paramsBytes && JSON.parse(bytes(i.paramsBytes)))
  if (i.op === 'actionHash') return sri({ mandateId: i.mandateId, action: i.action, params })
  return sri(i.op === 'paramsCommitment' ? { params, salt: i.salt } : i.document)
}

function ed25519({ input: i }) {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(i.publicKeyHex, 'hex').toString('base64url') }, format: 'jwk' })
    return String(verify(null, Buffer.from(i.messageHex, 'hex'), key, Buffer.from(i.signatureHex, 'hex')))
  } catch { return 'false' }
}

const explained = [
  [/canonical\/(duplicate-name|case)/, 'JSON.parse takes the last of two members of one name'],
  [/canonical\/(surrogate|noncharacter)/, 'JSON.parse accepts lone surrogates and noncharacters, which I-JSON forbids'],
  [/canonical\/.*(limit|too-)/, 'it has no limits'],
  [/canonical\/number-overflow/, 'JSON.parse turns a number out of range into infinity; canonicalize then writes null, or fails'],
  [/ed25519\/(taming-|key-zero)/, 'OpenSSL accepts points of small order and encodings that are not canonical'],
]

// byteArea returns what is decided otherwise in one of these areas.
export function byteArea(corpus, area) {
  const [run, want] = {
    canonical: [canonical, (e) => e.kind ? 'refuses' : JSON.stringify({ canonical: e.canonical, sha256: e.sha256 })],
    digests: [digests, (e) => e.digest],
    ed25519: [ed25519, (e) => String(e.valid)],
  }[area]
  const rows = []
  let cases = 0, agree = 0
  for (const name of readdirSync(join(corpus, area)).sort()) {
    const c = JSON.parse(readFileSync(join(corpus, area, name), 'utf8'))
    cases++
    let theirs
    try { theirs = run(c) } catch (e) { theirs = 'refuses' }
    const ours = want(c.expect)
    if (theirs === ours) { agree++; continue }
    const short = (s) => s === 'refuses' || s.length < 60 ? s : 'accepts'
    // An explanation is for what it accepts and is refused here.
    const lax = ours === 'refuses' || ours === 'false'
    rows.push({ id: c.id, ours: short(ours), theirs: short(theirs), comment: c.comment, why: lax ? explained.find(([id]) => id.test(c.id))?.[1] : undefined })
  }
  return { cases, agree, notComparable: 0, rows }
}
